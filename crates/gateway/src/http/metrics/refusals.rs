//! Why what a provider sends is refused, as labels: words of closed lists, never a stranger's text.

/// Why a provider's stream did not become a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamRefusal {
    /// Its handshake proved nothing, or brought no ticket.
    Unproven,
    /// Its ticket was used before.
    Replayed,
    /// Its ticket has lost its validity.
    Stale,
    /// It did not begin in time, or went before.
    NoStart,
    /// Its first messages were of no dialect, or broke it.
    Nonsense,
    /// No route names its numbers.
    NoRoute,
    /// Its audio is none we have.
    Unsupported,
    /// There was no room for another call.
    NoRoom,
}

impl StreamRefusal {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Unproven,
        Self::Replayed,
        Self::Stale,
        Self::NoStart,
        Self::Nonsense,
        Self::NoRoute,
        Self::Unsupported,
        Self::NoRoom,
    ];

    /// The word of the label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Replayed => "replayed",
            Self::Stale => "stale",
            Self::NoStart => "no_start",
            Self::Nonsense => "nonsense",
            Self::NoRoute => "no_route",
            Self::Unsupported => "unsupported",
            Self::NoRoom => "no_room",
        }
    }
}

/// Why a provider's webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookRefusal {
    /// There is nothing to verify it with.
    NotConfigured,
    /// It is taken without proof from this machine alone, and came from elsewhere.
    NotLocal,
    /// It carries no signature or password.
    Unsigned,
    /// Its signature or password is not the provider's.
    BadSignature,
    /// Its signature is too old, or of the future: what a replay is.
    Stale,
    /// It came by a method that its proof does not cover.
    Method,
    /// It does not say what it is about.
    Unreadable,
    /// No route takes the number that it asks about.
    UnknownNumber,
}

impl WebhookRefusal {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::NotConfigured,
        Self::NotLocal,
        Self::Unsigned,
        Self::BadSignature,
        Self::Stale,
        Self::Method,
        Self::Unreadable,
        Self::UnknownNumber,
    ];

    /// The word of the label.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::NotLocal => "not_local",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::Stale => "stale",
            Self::Method => "method",
            Self::Unreadable => "unreadable",
            Self::UnknownNumber => "unknown_number",
        }
    }
}
