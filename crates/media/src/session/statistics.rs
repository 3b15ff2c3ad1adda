//! What a session counts, for the record of its call.

use std::time::Duration;

use crate::rtcp::Quality;

/// Everything counted since answer. Cheap to copy; ask at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// RTP packets taken from the peer, duplicates not counted.
    pub packets_received: u64,
    /// Bytes of their payloads.
    pub bytes_received: u64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Bytes of their payloads.
    pub bytes_sent: u64,
    /// Packets that the peer's sequence numbers say were sent and that never came.
    pub packets_lost: u64,
    /// Packets that came after their audio had been due.
    pub packets_late: u64,
    /// Packets that came more than once.
    pub packets_duplicate: u64,
    /// Datagrams that were not RTP or RTCP, or carried a format nobody agreed on.
    pub packets_malformed: u64,
    /// Datagrams from a source that is not the peer.
    pub packets_foreign: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter: Duration,
    /// The greatest depth the jitter buffer had.
    pub depth_max: Duration,
    /// 16 kHz samples given to the application that were made up for what did not come.
    pub samples_concealed: u64,
    /// 16 kHz samples put in because the jitter buffer grew or the peer's clock is slow.
    pub samples_inserted: u64,
    /// 16 kHz samples left out because the jitter buffer shrank or the peer's clock is fast.
    pub samples_dropped: u64,
    /// Packets of silence sent in the middle of speech because the application's came too late.
    pub playout_slips: u64,
    /// Samples of the application's silence left out, to catch up after it was late once.
    pub samples_left_out: u64,
    /// 16 kHz samples of the application put on the wire.
    pub samples_played: u64,
    /// Round-trip time, where the peer's RTCP told it.
    pub round_trip: Option<Duration>,
    /// Packets lost on their way to the peer, by its own RTCP.
    pub packets_lost_by_peer: Option<u64>,
    /// RTCP packets taken from the peer.
    pub rtcp_received: u64,
    /// Keys the caller pressed.
    pub digits_received: u64,
    /// Estimate of what we hear of the peer, once there is anything to estimate from.
    pub quality: Option<Quality>,
}
