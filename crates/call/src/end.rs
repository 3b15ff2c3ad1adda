//! Why a call ended: who, then why.

use crate::HangupCause;

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The application hung up.
    App(HangupCause),
    /// The far end hung up or gave up.
    Remote,
    /// The gateway ended it.
    Gateway(GatewayReason),
    /// The far end refused it.
    Upstream {
        /// Its SIP status.
        code: u16,
        /// Its words.
        text: String,
    },
}

/// Why the gateway ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GatewayReason {
    /// The application could not be reached in time.
    AppUnreachable,
    /// The application was lost during the call.
    AppLost,
    /// The application broke the protocol too often.
    AppNonsense,
    /// No application took the call in time.
    AppTimeout,
    /// No RTP for the configured time, and not on hold.
    RtpTimeout,
    /// A provider's media stream broke off without a goodbye.
    StreamLost,
    /// A provider's media stream broke its dialect too often.
    StreamNonsense,
    /// Our 200 was never acknowledged (RFC 3261 §13.3.1.4).
    NoAck,
    /// No answer to our requests (408, RFC 3261 §8.1.3.1).
    SignallingTimeout,
    /// Nobody answered in time.
    NoAnswer,
    /// The media descriptions have nothing in common (488).
    NoCommonCodec,
    /// No route, or a rule forbids the call.
    Denied,
    /// Ports, calls or descriptors have run out (503).
    Overload,
    /// The longest permitted call.
    DurationLimit,
    /// The gateway is stopping.
    Shutdown,
    /// A defect: the call's own code panicked.
    Internal,
}

impl GatewayReason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::AppUnreachable,
        Self::AppLost,
        Self::AppNonsense,
        Self::AppTimeout,
        Self::RtpTimeout,
        Self::StreamLost,
        Self::StreamNonsense,
        Self::NoAck,
        Self::SignallingTimeout,
        Self::NoAnswer,
        Self::NoCommonCodec,
        Self::Denied,
        Self::Overload,
        Self::DurationLimit,
        Self::Shutdown,
        Self::Internal,
    ];

    /// The word used in JSON and as a metric label.
    pub fn word(self) -> &'static str {
        match self {
            Self::AppUnreachable => "app_unreachable",
            Self::AppLost => "app_lost",
            Self::AppNonsense => "app_nonsense",
            Self::AppTimeout => "app_timeout",
            Self::RtpTimeout => "rtp_timeout",
            Self::StreamLost => "stream_lost",
            Self::StreamNonsense => "stream_nonsense",
            Self::NoAck => "no_ack",
            Self::SignallingTimeout => "signalling_timeout",
            Self::NoAnswer => "no_answer",
            Self::NoCommonCodec => "no_common_codec",
            Self::Denied => "denied",
            Self::Overload => "overload",
            Self::DurationLimit => "duration_limit",
            Self::Shutdown => "shutdown",
            Self::Internal => "internal",
        }
    }
}

impl EndReason {
    /// Who ended it, as spelled in JSON: `app`, `remote`, `gateway` or `upstream`.
    pub fn by(&self) -> &'static str {
        match self {
            Self::App(_) => "app",
            Self::Remote => "remote",
            Self::Gateway(_) => "gateway",
            Self::Upstream { .. } => "upstream",
        }
    }

    /// Why, as one word: the cause, the gateway's reason, or the class of the status (`4xx`).
    pub fn reason(&self) -> &'static str {
        match self {
            Self::App(cause) => cause.word(),
            Self::Remote => "hangup",
            Self::Gateway(reason) => reason.word(),
            Self::Upstream { code, .. } => match code / 100 {
                3 => "3xx",
                4 => "4xx",
                5 => "5xx",
                _ => "6xx",
            },
        }
    }

    /// The SIP status behind it, where there is one.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Upstream { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The far end's words, where there are any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Upstream { text, .. } => Some(text),
            _ => None,
        }
    }
}
