//! What is asked of a call.

use std::borrow::Cow;

use crate::{Digit, Mark};

/// What an application asks of its leg.
///
/// The lifetime is that of borrowed samples: a driver hands over audio without copying it, and a
/// command that waits in a queue owns it ([`CallCommand::into_owned`]).
#[derive(Clone, Debug, PartialEq)]
pub enum CallCommand<'a> {
    /// Alert the caller (180).
    Ring,
    /// Take the call (200).
    Answer,
    /// Samples to speak: 16 kHz mono, any number of them.
    Play(Cow<'a, [i16]>),
    /// Tell me when everything queued so far was played.
    Mark(Mark),
    /// Forget what is queued, within one frame.
    Clear,
    /// Stop playing within one frame; keep what is queued.
    Pause,
    /// Go on playing.
    Continue,
    /// Press a key.
    SendDtmf {
        /// Which.
        digit: Digit,
        /// For how long, in ms.
        duration_ms: u32,
    },
    /// Put the caller on hold.
    Hold,
    /// Take the caller back.
    Resume,
    /// Move the call elsewhere.
    Transfer {
        /// Where to.
        target: Target,
        /// Headers to send along.
        headers: Headers,
        /// How.
        mode: TransferMode,
    },
    /// End the call.
    Hangup(HangupCause),
}

impl CallCommand<'_> {
    /// Which command this is, without its contents.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Ring => CommandKind::Ring,
            Self::Answer => CommandKind::Answer,
            Self::Play(_) => CommandKind::Play,
            Self::Mark(_) => CommandKind::Mark,
            Self::Clear => CommandKind::Clear,
            Self::Pause => CommandKind::Pause,
            Self::Continue => CommandKind::Continue,
            Self::SendDtmf { .. } => CommandKind::SendDtmf,
            Self::Hold => CommandKind::Hold,
            Self::Resume => CommandKind::Resume,
            Self::Transfer { .. } => CommandKind::Transfer,
            Self::Hangup(_) => CommandKind::Hangup,
        }
    }

    /// The same command, owning its samples.
    pub fn into_owned(self) -> CallCommand<'static> {
        match self {
            Self::Play(samples) => CallCommand::Play(Cow::Owned(samples.into_owned())),
            Self::Ring => CallCommand::Ring,
            Self::Answer => CallCommand::Answer,
            Self::Mark(mark) => CallCommand::Mark(mark),
            Self::Clear => CallCommand::Clear,
            Self::Pause => CallCommand::Pause,
            Self::Continue => CallCommand::Continue,
            Self::SendDtmf { digit, duration_ms } => CallCommand::SendDtmf { digit, duration_ms },
            Self::Hold => CallCommand::Hold,
            Self::Resume => CallCommand::Resume,
            Self::Transfer {
                target,
                headers,
                mode,
            } => CallCommand::Transfer {
                target,
                headers,
                mode,
            },
            Self::Hangup(cause) => CallCommand::Hangup(cause),
        }
    }
}

/// A command's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// [`CallCommand::Ring`]
    Ring,
    /// [`CallCommand::Answer`]
    Answer,
    /// [`CallCommand::Play`]
    Play,
    /// [`CallCommand::Mark`]
    Mark,
    /// [`CallCommand::Clear`]
    Clear,
    /// [`CallCommand::Pause`]
    Pause,
    /// [`CallCommand::Continue`]
    Continue,
    /// [`CallCommand::SendDtmf`]
    SendDtmf,
    /// [`CallCommand::Hold`]
    Hold,
    /// [`CallCommand::Resume`]
    Resume,
    /// [`CallCommand::Transfer`]
    Transfer,
    /// [`CallCommand::Hangup`]
    Hangup,
}

impl CommandKind {
    /// Every command.
    pub const ALL: [Self; 12] = [
        Self::Ring,
        Self::Answer,
        Self::Play,
        Self::Mark,
        Self::Clear,
        Self::Pause,
        Self::Continue,
        Self::SendDtmf,
        Self::Hold,
        Self::Resume,
        Self::Transfer,
        Self::Hangup,
    ];

    /// The word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Answer => "answer",
            Self::Play => "play",
            Self::Mark => "mark",
            Self::Clear => "clear",
            Self::Pause => "pause",
            Self::Continue => "continue",
            Self::SendDtmf => "sendDtmf",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Transfer => "transfer",
            Self::Hangup => "hangup",
        }
    }
}

/// Where a call goes: a SIP or tel URI, or a number that a trunk understands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target(String);

impl Target {
    /// The longest target, in bytes.
    pub const BYTES_MAX: usize = 1024;

    /// A target as typed; `None` where it is empty, too long, or holds control characters or
    /// spaces, which no URI has.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::BYTES_MAX;
        let clean = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        (fits && clean).then(|| Self(text.to_owned()))
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Headers by which SIP itself works, with their compact forms: where a message goes, whose it is,
/// what it carries, what its peer must understand, and what proves who sent it.
const OF_SIP_ITSELF: [&str; 33] = [
    "Allow",
    "Authorization",
    "Call-ID",
    "i",
    "Contact",
    "m",
    "Content-Disposition",
    "Content-Encoding",
    "e",
    "Content-Length",
    "l",
    "Content-Type",
    "c",
    "CSeq",
    "Event",
    "o",
    "From",
    "f",
    "Max-Forwards",
    "Proxy-Authorization",
    "Proxy-Require",
    "Record-Route",
    "Refer-To",
    "r",
    "Require",
    "Route",
    "Supported",
    "k",
    "To",
    "t",
    "User-Agent",
    "Via",
    "v",
];

/// Extra headers, name and value, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The most headers an application may add.
    pub const COUNT_MAX: usize = 32;
    /// The longest value, in bytes.
    pub const VALUE_BYTES_MAX: usize = 2048;

    /// Adds a header; `false` where the limits or the characters forbid it: a name is a token
    /// (RFC 3261 §25.1) and a value has no control characters, so no header can be smuggled.
    pub fn push(&mut self, name: &str, value: &str) -> bool {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b);
        let ok = self.0.len() < Self::COUNT_MAX
            && !name.is_empty()
            && name.bytes().all(token)
            && value.len() <= Self::VALUE_BYTES_MAX
            && !value.chars().any(char::is_control);
        if ok {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        ok
    }

    /// Adds a header that an application, or whoever places a call, asks to have sent: as
    /// [`Self::push`], but none by which SIP itself works. A `Route`, say, would lead the call away
    /// from where it is allowed to go.
    pub fn push_asked(&mut self, name: &str, value: &str) -> bool {
        let mut ours = OF_SIP_ITSELF.iter();
        !ours.any(|ours| ours.eq_ignore_ascii_case(name)) && self.push(name, value)
    }

    /// Every header in its order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a header, its name in any case.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a call is moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferMode {
    /// Ask the far end to go there itself (RFC 3515); bridge where it refuses.
    #[default]
    Refer,
    /// Place a second leg and join the two here.
    Bridge,
}

/// Why an application ends a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HangupCause {
    /// The conversation is over.
    #[default]
    Normal,
    /// The call is not wanted (603 before answer).
    Rejected,
    /// Nobody is free (486 before answer).
    Busy,
    /// Nobody of this name is here (404 before answer).
    NotFound,
    /// Something went wrong (500 before answer).
    Error,
}

impl HangupCause {
    /// Every cause.
    pub const ALL: [Self; 5] = [
        Self::Normal,
        Self::Rejected,
        Self::Busy,
        Self::NotFound,
        Self::Error,
    ];

    /// The word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Rejected => "rejected",
            Self::Busy => "busy",
            Self::NotFound => "not_found",
            Self::Error => "error",
        }
    }

    /// The cause a JSON word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Normal,
            Self::Rejected,
            Self::Busy,
            Self::NotFound,
            Self::Error,
        ]
        .into_iter()
        .find(|cause| cause.word() == word)
    }
}
