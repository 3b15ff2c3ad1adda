//! Our own reports, and what the peer's tell us.

use std::time::Duration;

use super::{Compound, Packet, ReportBlock, kind};
use crate::rtp::Reception;

/// The least mean time between two reports (RFC 3550 §6.2). Two members never need more.
const INTERVAL_US: f64 = 5_000_000.0;

/// Makes up for the mean being shifted by reconsideration (RFC 3550 §6.3.1: e − 3/2).
const COMPENSATION: f64 = 1.218_28;

/// A round trip that took longer is a wrong report, or a forged one.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(30);

/// Bytes of a CNAME: 96 random bits in hexadecimal (RFC 7022 §4.2).
const CNAME_BYTES: usize = 24;

/// What we have sent, for a sender report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Packets.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// The RTP timestamp that belongs to the moment of the report.
    pub timestamp: u32,
}

/// Writes our reports at random intervals and reads the peer's.
#[derive(Debug)]
pub struct Reporter {
    ssrc: u32,
    cname: [u8; CNAME_BYTES],
    /// SplitMix64: rhythm needs no secrecy.
    random: u64,
    deadline_us: i64,
    packets_at_report: u64,
    /// The peer's last sender report: the middle of its NTP time, and when it came.
    last_sr: Option<(u32, i64)>,
    round_trip: Option<Duration>,
    lost_by_peer: Option<u64>,
    received: u64,
}

impl Reporter {
    /// For the source `ssrc`. `name` makes the CNAME and `random` the rhythm; both come from the
    /// seed of the session.
    pub fn new(now_us: i64, ssrc: u32, name: [u8; 12], random: u64) -> Self {
        let mut cname = [0; CNAME_BYTES];
        for (pair, byte) in cname.chunks_exact_mut(2).zip(name) {
            pair.copy_from_slice(&[hexadecimal(byte >> 4), hexadecimal(byte & 15)]);
        }
        let mut reporter = Self {
            ssrc,
            cname,
            random,
            deadline_us: 0,
            packets_at_report: 0,
            last_sr: None,
            round_trip: None,
            lost_by_peer: None,
            received: 0,
        };
        // The first comes after half the interval (RFC 3550 §6.2).
        reporter.deadline_us = now_us + reporter.interval_us() / 2;
        reporter
    }

    /// When the next report is due.
    pub fn deadline_us(&self) -> i64 {
        self.deadline_us
    }

    /// Round-trip time by the peer's last report on us.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Packets the peer says it lost.
    pub fn lost_by_peer(&self) -> Option<u64> {
        self.lost_by_peer
    }

    /// Compounds read.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Reads the peer's reports. Those on other sources than ours mean nothing to us.
    pub fn handle_compound(&mut self, now_us: i64, compound: Compound<'_>) {
        self.received += 1;
        let ssrc = self.ssrc;
        for packet in compound {
            let blocks = match packet {
                Packet::SenderReport { info, blocks, .. } => {
                    self.last_sr = Some(((info.ntp >> 16) as u32, now_us));
                    blocks
                }
                Packet::ReceiverReport { blocks, .. } => blocks,
                Packet::Goodbye | Packet::Other(_) => continue,
            };
            for block in blocks.filter(|block| block.ssrc == ssrc) {
                self.hear(now_us, &block);
            }
        }
    }

    fn hear(&mut self, now_us: i64, block: &ReportBlock) {
        self.lost_by_peer = Some(u64::try_from(block.cumulative_lost).unwrap_or(0));
        if block.last_sr == 0 {
            return;
        }
        // RFC 3550 §6.4.1, figure 2: all three in 65,536ths of a second, wrapping after 18 hours.
        let now = (ntp(now_us) >> 16) as u32;
        let trip = now
            .wrapping_sub(block.last_sr)
            .wrapping_sub(block.delay_since_last_sr);
        let trip = Duration::from_secs_f64(f64::from(trip) / 65_536.0);
        if trip <= ROUND_TRIP_MAX {
            self.round_trip = Some(trip);
        }
    }

    /// Writes the next report over `out` and draws the time of the one after it. A `goodbye` is the
    /// last (RFC 3550 §6.6).
    pub fn write(
        &mut self,
        now_us: i64,
        sent: Sent,
        reception: Option<&mut Reception>,
        goodbye: bool,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        let block = reception.map(|reception| self.block(now_us, reception));
        let count = u8::from(block.is_some());
        let sends = sent.packets > self.packets_at_report;
        self.packets_at_report = sent.packets;
        let blocks_words = u16::from(count) * 6;
        if sends {
            header(out, count, kind::SENDER_REPORT, 6 + blocks_words);
            out.extend(self.ssrc.to_be_bytes());
            out.extend(ntp(now_us).to_be_bytes());
            out.extend(sent.timestamp.to_be_bytes());
            out.extend((sent.packets as u32).to_be_bytes());
            out.extend((sent.bytes as u32).to_be_bytes());
        } else {
            header(out, count, kind::RECEIVER_REPORT, 1 + blocks_words);
            out.extend(self.ssrc.to_be_bytes());
        }
        if let Some(block) = block {
            out.extend(block.to_bytes());
        }
        self.describe(out);
        if goodbye {
            header(out, 1, kind::GOODBYE, 1);
            out.extend(self.ssrc.to_be_bytes());
        }
        self.deadline_us = now_us + self.interval_us();
    }

    fn block(&self, now_us: i64, reception: &mut Reception) -> ReportBlock {
        let mut block = reception.report();
        if let Some((last_sr, came_us)) = self.last_sr {
            block.last_sr = last_sr;
            block.delay_since_last_sr = (ntp(now_us - came_us) >> 16) as u32;
        }
        block
    }

    /// Every compound names its source (RFC 3550 §6.1): item 1, and at least one zero to the end.
    fn describe(&self, out: &mut Vec<u8>) {
        const PADDING: usize = 4 - (2 + CNAME_BYTES) % 4;
        header(
            out,
            1,
            kind::SOURCE_DESCRIPTION,
            (4 + 2 + CNAME_BYTES + PADDING) as u16 / 4,
        );
        out.extend(self.ssrc.to_be_bytes());
        out.extend([1, CNAME_BYTES as u8]);
        out.extend(self.cname);
        out.extend([0; PADDING]);
    }

    /// 0.5 to 1.5 of the mean, compensated (RFC 3550 §6.3.1).
    fn interval_us(&mut self) -> i64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((z ^ z >> 31) >> 11) as f64 / (1_u64 << 53) as f64;
        (INTERVAL_US * (0.5 + unit) / COMPENSATION) as i64
    }
}

fn header(out: &mut Vec<u8>, count: u8, kind: u8, words: u16) {
    let [high, low] = words.to_be_bytes();
    out.extend([0x80 | count, kind, high, low]);
}

/// NTP format, 32.32 bits, counted from answer: a session knows no wall clock, and RFC 3550 §4 lets
/// it tell elapsed time instead.
fn ntp(elapsed_us: i64) -> u64 {
    ((i128::from(elapsed_us) << 32) / 1_000_000) as u64
}

fn hexadecimal(nibble: u8) -> u8 {
    char::from_digit(u32::from(nibble), 16).map_or(b'0', |digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reporter(ssrc: u32) -> Reporter {
        Reporter::new(0, ssrc, *b"twelve bytes", 7)
    }

    fn packets(bytes: &[u8]) -> Vec<Packet<'_>> {
        Compound::parse(bytes).unwrap().collect()
    }

    #[test]
    fn a_report_is_a_valid_compound_with_a_source_description() {
        let mut out = Vec::new();
        let mut reception = Reception::new(9);
        reception.count(65_000);
        let sent = Sent {
            packets: 3,
            bytes: 480,
            timestamp: 77,
        };
        reporter(1).write(1_500_000, sent, Some(&mut reception), true, &mut out);
        let packets = packets(&out);
        let [
            Packet::SenderReport {
                ssrc: 1,
                info,
                blocks,
            },
            Packet::Other(202),
            Packet::Goodbye,
        ] = packets.as_slice()
        else {
            panic!("{packets:?}");
        };
        assert_eq!((info.ntp, info.timestamp), (3 << 31, 77));
        assert_eq!((info.packets, info.bytes), (3, 480));
        let blocks: Vec<_> = blocks.collect();
        assert_eq!(blocks.len(), 1);
        assert_eq!((blocks[0].ssrc, blocks[0].highest_sequence), (9, 65_000));
    }

    #[test]
    fn who_has_sent_nothing_since_the_last_report_sends_a_receiver_report() {
        let (mut reporter, mut out) = (reporter(1), Vec::new());
        let sent = Sent {
            packets: 3,
            bytes: 480,
            timestamp: 77,
        };
        reporter.write(0, sent, None, false, &mut out);
        assert!(matches!(packets(&out)[0], Packet::SenderReport { .. }));
        reporter.write(0, sent, None, false, &mut out);
        assert!(matches!(packets(&out)[0], Packet::ReceiverReport { .. }));
    }

    #[test]
    fn the_round_trip_is_what_is_left_of_the_way_there_and_back() {
        let (mut here, mut there) = (reporter(1), reporter(2));
        let mut out = Vec::new();
        let sent = Sent {
            packets: 1,
            ..Sent::default()
        };
        here.write(1_000_000, sent, None, false, &mut out);
        // The other side's clock has another zero; it answers after 2 s, 40 ms each way.
        there.handle_compound(500_040_000, Compound::parse(&out).unwrap());
        let mut reception = Reception::new(1);
        reception.count(1);
        there.write(
            502_040_000,
            Sent::default(),
            Some(&mut reception),
            false,
            &mut out,
        );
        here.handle_compound(3_080_000, Compound::parse(&out).unwrap());
        let trip = here.round_trip().unwrap();
        assert!(
            trip.abs_diff(Duration::from_millis(80)) < Duration::from_millis(1),
            "{trip:?}"
        );
    }

    #[test]
    fn reports_come_about_every_five_seconds_and_never_in_step() {
        let (mut reporter, mut out) = (reporter(1), Vec::new());
        assert!((1_000_000..3_100_000).contains(&reporter.deadline_us()));
        let mut now = reporter.deadline_us();
        let mut intervals = Vec::new();
        for _ in 0..1000 {
            reporter.write(now, Sent::default(), None, false, &mut out);
            intervals.push(reporter.deadline_us() - now);
            now = reporter.deadline_us();
        }
        assert!(intervals.iter().all(|i| (2_052_000..6_157_000).contains(i)));
        let mean = intervals.iter().sum::<i64>() / 1000;
        assert!(
            (4_000_000..4_300_000).contains(&mean),
            "5 s / 1.218: {mean}"
        );
    }

    #[test]
    fn a_negative_count_of_lost_packets_survives_the_24_bits() {
        let block = ReportBlock {
            cumulative_lost: -5,
            fraction_lost: 200,
            ..ReportBlock::default()
        };
        assert_eq!(ReportBlock::from_bytes(&block.to_bytes()), block);
    }
}
