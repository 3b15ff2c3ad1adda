//! What an offer and its answer settled: all that a media session needs to know.

use std::net::SocketAddr;

use crate::codec::Codec;
use crate::sdp::Direction;

/// The payload types of one format. They differ by direction when the two sides number the
/// format differently (RFC 3264 §5.1): each side is sent the number it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PayloadTypes {
    /// The number we put on packets we send.
    pub send: u8,
    /// The number on packets the peer sends us.
    pub receive: u8,
}

impl PayloadTypes {
    /// One number for both directions.
    pub const fn symmetric(payload_type: u8) -> Self {
        Self {
            send: payload_type,
            receive: payload_type,
        }
    }
}

/// The agreed shape of one audio stream, as seen by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where our RTP goes. Its address is unspecified (`0.0.0.0`) only while we may not send.
    pub remote: SocketAddr,
    /// Where our RTCP goes; equal to `remote` when `rtcp_mux` is set.
    pub remote_rtcp: SocketAddr,
    /// Both sides put RTP and RTCP on one port (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec we send.
    pub codec: Codec,
    /// The payload types of `codec`.
    pub payload: PayloadTypes,
    /// Every codec the peer may send without another offer, by our payload type; `codec` first.
    pub receive: Vec<(u8, Codec)>,
    /// Milliseconds of audio per packet we send: 10 to 60, a multiple of 10.
    pub ptime_ms: u8,
    /// RFC 4733 telephone-events at the codec's clock rate, when both sides have them.
    pub dtmf: Option<PayloadTypes>,
    /// The payload type of RFC 3389 comfort noise the peer may send.
    pub comfort_noise: Option<u8>,
    /// Which way media flows, stated by us.
    pub direction: Direction,
    /// The peer does not want to hear us: its own direction lacks receiving.
    pub held_by_peer: bool,
}

impl Agreed {
    /// Whether we send media. RTCP flows regardless.
    pub const fn may_send(&self) -> bool {
        self.direction.may_send()
    }

    /// Whether we expect media.
    pub const fn may_receive(&self) -> bool {
        self.direction.may_receive()
    }

    /// The codec of a received payload type.
    pub fn receive_codec(&self, payload_type: u8) -> Option<Codec> {
        self.receive
            .iter()
            .find(|(number, _)| *number == payload_type)
            .map(|(_, codec)| *codec)
    }
}
