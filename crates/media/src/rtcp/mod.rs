//! RTCP (RFC 3550 §6): what each side tells the other about what it hears.

mod quality;

pub use quality::Quality;

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
