//! What is known of a call before it starts.

use std::fmt;
use std::net::SocketAddr;

use crate::{Headers, Parameters};

/// Our own name for a call: 32 hexadecimal digits, not the caller's Call-ID, which is hostile
/// text and never becomes a path or a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(u128);

impl CallId {
    /// A call's name from 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// Reads the 32 digits that [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| u128::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called us.
    Inbound,
    /// We called somebody.
    Outbound,
}

impl Direction {
    /// The word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What an application is told of its call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallInfo {
    /// Our name for the call.
    pub id: CallId,
    /// Who called whom.
    pub direction: Direction,
    /// The caller's user or number, as sent: what a trunk asserts, else that of From.
    pub from: String,
    /// The called user or number, as sent: that of the request URI, or of To where a trunk calls us
    /// by the name under which we are registered there.
    pub to: String,
    /// Who sends us its signalling, or its media stream. `None` where a provider places the call.
    pub peer: Option<SocketAddr>,
    /// The caller's headers worth knowing (X-*, User-to-User, Diversion, …).
    pub headers: Headers,
    /// Parameters of the route or of whoever placed the call.
    pub parameters: Parameters,
    /// W3C trace context of this call, as an HTTP header value.
    pub traceparent: String,
}
