//! The providers known here.

/// Who has the telephone's end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Twilio, and those that copy its interface, as SignalWire does.
    Twilio,
    /// Telnyx.
    Telnyx,
    /// Plivo.
    Plivo,
    /// Vobiz, which copies Plivo's interface under names of its own.
    Vobiz,
    /// Vonage.
    Vonage,
    /// Exotel.
    Exotel,
}

impl Provider {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Twilio,
        Self::Telnyx,
        Self::Plivo,
        Self::Vobiz,
        Self::Vonage,
        Self::Exotel,
    ];

    /// The word for it in paths and configurations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Telnyx => "telnyx",
            Self::Plivo => "plivo",
            Self::Vobiz => "vobiz",
            Self::Vonage => "vonage",
            Self::Exotel => "exotel",
        }
    }

    /// The one of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}
