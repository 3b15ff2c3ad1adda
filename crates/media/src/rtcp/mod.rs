//! RTCP (RFC 3550 §6): what each side tells the other about what it hears.
//!
//! Nothing that comes by RTCP changes a call. Anybody can forge it, so a BYE is counted and believed
//! by nobody: calls end by signalling or by silence.

mod parse;
mod quality;
mod reporter;

pub use parse::{Blocks, Compound, Malformed, Packet, SenderInfo};
pub use quality::Quality;
pub use reporter::{Reporter, Sent};

/// Packet types (RFC 3550 §12.1).
mod kind {
    pub(super) const SENDER_REPORT: u8 = 200;
    pub(super) const RECEIVER_REPORT: u8 = 201;
    pub(super) const SOURCE_DESCRIPTION: u8 = 202;
    pub(super) const GOODBYE: u8 = 203;
}

/// What one side heard of one source (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative where duplicates outnumber losses.
    pub cumulative_lost: i32,
    /// The highest sequence number received, extended by its wraps.
    pub highest_sequence: u32,
    /// Interarrival jitter in ticks of the RTP clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 before the first.
    pub last_sr: u32,
    /// Time since that report, in 65,536ths of a second.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// Bytes on the wire.
    pub const BYTES: usize = 24;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        // 24 bits, signed: saturated and not wrapped (RFC 3550 §6.4.1).
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        let words = [
            self.ssrc,
            u32::from(self.fraction_lost) << 24 | lost,
            self.highest_sequence,
            self.jitter,
            self.last_sr,
            self.delay_since_last_sr,
        ];
        let mut out = [0; Self::BYTES];
        for (to, word) in out.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_be_bytes());
        }
        out
    }

    fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut words = bytes.chunks_exact(4).map(|word| {
            word.iter()
                .fold(0, |value, byte| value << 8 | u32::from(*byte))
        });
        let mut word = || words.next().unwrap_or_default();
        let ssrc = word();
        let loss = word();
        Self {
            ssrc,
            fraction_lost: (loss >> 24) as u8,
            cumulative_lost: ((loss << 8) as i32) >> 8,
            highest_sequence: word(),
            jitter: word(),
            last_sr: word(),
            delay_since_last_sr: word(),
        }
    }
}
