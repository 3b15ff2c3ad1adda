//! What a leg can say of itself.

use std::net::SocketAddr;
use std::time::Instant;

use trunkline_media::codec::Codec;
use trunkline_media::session::Statistics;
use trunkline_streams::stream::MediaFormat;

/// Figures of a call so far; final once the leg has finished.
#[derive(Clone, Debug)]
pub struct Stats {
    /// When the leg was made.
    pub started: Instant,
    /// When it was answered.
    pub answered: Option<Instant>,
    /// When the application was told its end.
    pub ended: Option<Instant>,
    /// What its media counted; `None` where it was never answered. On a media stream a packet is
    /// a message with audio.
    pub media: Option<Statistics>,
}

/// By which way keys go to the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWay {
    /// Telephone events in RTP (RFC 4733).
    Rtp,
    /// INFO requests.
    Info,
}

/// What is agreed with the far end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Where we receive RTP, as the far end was told; `None` for a media stream.
    pub local: Option<SocketAddr>,
    /// Where the far end says it receives RTP; none of the rest is known before that.
    pub remote: Option<SocketAddr>,
    /// The codec we send by RTP.
    pub codec: Option<Codec>,
    /// The audio we send on a media stream.
    pub format: Option<MediaFormat>,
    /// Milliseconds of audio per packet we send.
    pub ptime_ms: Option<u8>,
    /// How keys go out; `None` where that is not agreed, or a media stream's own affair.
    pub keys: Option<KeyWay>,
    /// RTCP shares the RTP port, so the second socket is not needed (RFC 5761).
    pub rtcp_mux: bool,
    /// One side holds the other.
    pub held: bool,
}
