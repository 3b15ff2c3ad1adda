//! What one synchronisation source has sent us, counted as RFC 3550 appendix A counts it.

use super::sequence::SequenceUnwrapper;
use crate::rtcp::ReportBlock;

/// Ticks of the RTP clock in a second for every format this gateway negotiates (RFC 3551 §4.5: G.722
/// too says 8,000).
pub const CLOCK_HZ: u32 = 8000;

/// How far behind the highest sequence number a duplicate is still recognised, in packets.
const DUPLICATE_WINDOW: i64 = 64;

/// What became of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The newest so far.
    Newest,
    /// Older than the newest, not seen before: reordered by the network.
    Reordered,
    /// Seen before.
    Duplicate,
}

/// Counts one source: extended sequence, expected, lost, duplicates and interarrival jitter.
#[derive(Clone, Debug)]
pub struct Reception {
    ssrc: u32,
    unwrapper: SequenceUnwrapper,
    first: i64,
    highest: i64,
    /// Bit i: the packet `highest - i` was seen.
    seen: u64,
    received: u64,
    duplicates: u64,
    last_transit: Option<i64>,
    /// Sixteen times the jitter in ticks, as RFC 3550 appendix A.8 keeps it.
    jitter_q4: i64,
    expected_at_report: i64,
    received_at_report: u64,
}

impl Reception {
    /// Starts counting a source with its first packet still to come.
    pub fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            unwrapper: SequenceUnwrapper::default(),
            first: 0,
            highest: 0,
            seen: 0,
            received: 0,
            duplicates: 0,
            last_transit: None,
            jitter_q4: 0,
            expected_at_report: 0,
            received_at_report: 0,
        }
    }

    /// Which source this counts.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Counts a packet by its sequence number.
    pub fn count(&mut self, sequence: u16) -> Arrival {
        let extended = self.unwrapper.unwrap(sequence);
        if self.received == 0 {
            self.first = extended;
            self.highest = extended;
            self.seen = 1;
            self.received = 1;
            return Arrival::Newest;
        }
        let ahead = extended - self.highest;
        if ahead > 0 {
            self.seen = u32::try_from(ahead)
                .ok()
                .and_then(|n| self.seen.checked_shl(n))
                .unwrap_or(0);
            self.seen |= 1;
            self.highest = extended;
            self.received += 1;
            return Arrival::Newest;
        }
        let behind = -ahead;
        if behind < DUPLICATE_WINDOW {
            if self.seen >> behind & 1 == 1 {
                self.duplicates += 1;
                return Arrival::Duplicate;
            }
            self.seen |= 1 << behind;
        }
        self.first = self.first.min(extended);
        self.received += 1;
        Arrival::Reordered
    }

    /// RFC 3550 appendix A.8. `arrival` and `timestamp` in ticks of the same clock; both may wrap.
    pub fn count_jitter(&mut self, arrival: i64, timestamp: u32) {
        let transit = arrival - i64::from(timestamp);
        if let Some(last) = self.last_transit.replace(transit) {
            // The difference is taken modulo 2^32, so that a wrapping timestamp is no spike.
            let difference = i64::from((transit.wrapping_sub(last) as i32).unsigned_abs());
            // A timestamp that jumped by more than a second is a new stream and not jitter.
            if difference < i64::from(CLOCK_HZ) {
                self.jitter_q4 += difference - (self.jitter_q4 + 8) / 16;
            }
        }
    }

    /// Packets that came, duplicates not counted.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets that came again.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that the sequence numbers say were sent (RFC 3550 appendix A.3).
    pub fn expected(&self) -> u64 {
        if self.received == 0 {
            0
        } else {
            (self.highest - self.first + 1).unsigned_abs()
        }
    }

    /// Packets sent and not received so far.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// Interarrival jitter in ticks of the RTP clock.
    pub fn jitter(&self) -> u32 {
        u32::try_from(self.jitter_q4 / 16).unwrap_or(u32::MAX)
    }

    /// The report block for the next RTCP packet (RFC 3550 §6.4.1); starts a new interval.
    pub fn report(&mut self) -> ReportBlock {
        let expected = self.expected() as i64;
        let expected_now = expected - self.expected_at_report;
        let received_now = (self.received - self.received_at_report) as i64;
        self.expected_at_report = expected;
        self.received_at_report = self.received;
        let lost_now = (expected_now - received_now).max(0);
        let fraction_lost = match expected_now {
            0 => 0,
            _ => ((lost_now << 8) / expected_now).min(255) as u8,
        };
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost,
            cumulative_lost: self.lost().min(0x7f_ffff) as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter(),
            last_sr: 0,
            delay_since_last_sr: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_reordering_and_duplicates_are_told_apart() {
        let mut reception = Reception::new(1);
        let arrivals: Vec<_> = [10, 11, 13, 12, 12, 16].map(|s| reception.count(s)).into();
        use Arrival::*;
        assert_eq!(
            arrivals,
            [Newest, Newest, Newest, Reordered, Duplicate, Newest]
        );
        assert_eq!((reception.expected(), reception.received()), (7, 5));
        assert_eq!((reception.lost(), reception.duplicates()), (2, 1));
    }

    #[test]
    fn the_fraction_lost_counts_since_the_last_report() {
        let mut reception = Reception::new(1);
        for sequence in (0..100).filter(|s| s % 4 != 3) {
            reception.count(sequence);
        }
        // 0..=98 were expected, 24 of these 99 missing.
        assert_eq!(reception.report().fraction_lost, (24 * 256 / 99) as u8);
        for sequence in 99..150 {
            reception.count(sequence);
        }
        let second = reception.report();
        assert_eq!(second.fraction_lost, 0);
        assert_eq!(second.cumulative_lost, 24);
        assert_eq!(second.highest_sequence, 149);
    }

    #[test]
    fn jitter_converges_to_the_mean_difference_of_transit_times() {
        let mut reception = Reception::new(1);
        for packet in 0..2000_i64 {
            let delay = if packet % 2 == 0 { 0 } else { 80 }; // 10 ms back and forth
            let timestamp = (u32::MAX - 1000).wrapping_add((packet * 160) as u32);
            reception.count_jitter(packet * 160 + delay, timestamp);
        }
        assert!(
            (78..=81).contains(&reception.jitter()),
            "{}",
            reception.jitter()
        );
    }

    #[test]
    fn a_packet_from_before_the_first_is_expected_too() {
        let mut reception = Reception::new(1);
        reception.count(5);
        assert_eq!(reception.count(4), Arrival::Reordered);
        assert_eq!((reception.expected(), reception.lost()), (2, 0));
    }
}
