//! What we bring to a negotiation, and what may change while a call is up.

use std::net::SocketAddr;

use crate::codec::Codec;
use crate::sdp::Direction;

/// The shortest packet time we send, in milliseconds.
pub const PTIME_MIN_MS: u8 = 10;
/// The longest packet time we send, in milliseconds.
pub const PTIME_MAX_MS: u8 = 60;

/// What this side of one call can do, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCapabilities {
    /// Our codecs, preferred first; at least one.
    pub codecs: Vec<Codec>,
    /// Milliseconds per packet we ask for, and send to peers that state no wish.
    pub ptime_ms: u8,
    /// Whether we take and send digits as RFC 4733 telephone-events.
    pub telephone_event: bool,
    /// Whether we offer RTP and RTCP on one port. Without it our RTCP is on the next port.
    pub rtcp_mux: bool,
    /// Where we receive RTP, as the peer sees it.
    pub media: SocketAddr,
    /// Where our SIP listens: never a target of media.
    pub own_sip: Vec<SocketAddr>,
    /// The `o=` session id: unique to this call.
    pub session_id: u64,
    /// The `o=` version of the first description.
    pub session_version: u64,
}

/// What a new offer changes. The default changes nothing: a refresh.
///
/// A change holds from the answer on; a refused offer leaves everything as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// The direction we want from now on, also when answering.
    pub direction: Option<Direction>,
    /// Where we receive RTP from now on.
    pub media: Option<SocketAddr>,
    /// The codecs we have from now on, preferred first.
    pub codecs: Option<Vec<Codec>>,
}

impl Change {
    /// Changes nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Puts the peer on hold: we may send (music), it may not (RFC 3264 §8.4).
    pub fn hold() -> Self {
        Self::direction(Direction::SendOnly)
    }

    /// Ends our hold. Where the peer holds us too, its answer says so.
    pub fn resume() -> Self {
        Self::direction(Direction::SendRecv)
    }

    /// Changes the direction alone.
    pub fn direction(direction: Direction) -> Self {
        Self {
            direction: Some(direction),
            ..Self::default()
        }
    }

    /// Receives at another address from now on.
    pub fn media(media: SocketAddr) -> Self {
        Self {
            media: Some(media),
            ..Self::default()
        }
    }

    /// Has other codecs from now on.
    pub fn codecs(codecs: Vec<Codec>) -> Self {
        Self {
            codecs: Some(codecs),
            ..Self::default()
        }
    }
}
