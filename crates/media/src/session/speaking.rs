//! From the application's samples to packets for the peer.

use super::encoder::Encoder;
use super::io::{MarkId, Refusal};
use super::statistics::Statistics;
use crate::dtmf::{Digit, DigitSender};
use crate::negotiation::Agreed;
use crate::playout::{PACKET_SAMPLES_MAX, Playout, Step};
use crate::rtcp::Sent;
use crate::rtp::Header;
use crate::timing::TICK_US;
use crate::turns::TurnTimer;

/// The sending half of a session.
#[derive(Debug)]
pub(super) struct Speaking {
    pub(super) playout: Playout<MarkId>,
    digits: DigitSender,
    encoder: Encoder,
    ssrc: u32,
    sequence: u16,
    /// Of the next packet.
    timestamp: u32,
    /// Nothing was sent before the next packet, or not for a while (RFC 3551 §4.1).
    marker: bool,
    packets: u64,
    bytes: u64,
    /// When the last packet was sent.
    sent_us: i64,
}

impl Speaking {
    pub(super) fn new(
        now_us: i64,
        agreed: &Agreed,
        ssrc: u32,
        sequence: u16,
        timestamp: u32,
    ) -> Self {
        Self {
            playout: Playout::new(now_us, agreed.ptime_ms),
            digits: DigitSender::default(),
            encoder: Encoder::new(agreed.codec),
            ssrc,
            sequence,
            timestamp,
            marker: true,
            packets: 0,
            bytes: 0,
            sent_us: now_us,
        }
    }

    pub(super) fn renegotiate(&mut self, agreed: &Agreed) {
        if self.encoder.codec() != agreed.codec {
            self.encoder = Encoder::new(agreed.codec);
        }
        if self.playout.packet_samples() != usize::from(agreed.ptime_ms) * 16 {
            self.playout.set_ptime(agreed.ptime_ms);
        }
        if agreed.dtmf.is_none() {
            self.digits.stop();
        }
    }

    pub(super) fn send_digit(
        &mut self,
        agreed: &Agreed,
        digit: Digit,
        duration_ms: u32,
    ) -> Option<Refusal> {
        if agreed.dtmf.is_none() {
            return Some(Refusal::DtmfUnsupported);
        }
        (!self.digits.push(digit, duration_ms)).then_some(Refusal::DtmfFull)
    }

    /// Writes the next packet over `out` if it is due, and lets `turns` know, where they are timed;
    /// otherwise says when to ask again.
    pub(super) fn poll(
        &mut self,
        now_us: i64,
        agreed: &Agreed,
        turns: Option<&mut TurnTimer>,
        out: &mut Vec<u8>,
    ) -> Result<(), i64> {
        let skipped = self.playout.catch_up_driver(now_us);
        self.pass_over(skipped);
        if let Step::Wait(until_us) = self.playout.step(now_us, self.digits.is_active()) {
            return Err(until_us);
        }
        self.write(now_us, agreed, turns, out);
        Ok(())
    }

    /// While nothing may be sent, time goes on all the same.
    pub(super) fn be_quiet(&mut self, now_us: i64) {
        let skipped = self.playout.catch_up(now_us, 0);
        self.pass_over(skipped);
    }

    /// What a sender report says.
    pub(super) fn sent(&self, now_us: i64) -> Sent {
        let since = (now_us - self.sent_us) / TICK_US - i64::from(self.packet_ticks());
        Sent {
            packets: self.packets,
            bytes: self.bytes,
            timestamp: self.timestamp.wrapping_add(since as u32),
        }
    }

    pub(super) fn count(&self, statistics: &mut Statistics) {
        statistics.packets_sent = self.packets;
        statistics.bytes_sent = self.bytes;
        statistics.playout_slips = self.playout.slips();
        statistics.samples_left_out = self.playout.left_out();
        statistics.samples_played = self.playout.played();
    }

    fn packet_ticks(&self) -> u32 {
        self.playout.packet_samples() as u32 / 2
    }

    fn pass_over(&mut self, packets: u64) {
        if packets > 0 {
            let ticks = packets as u32;
            self.timestamp = self
                .timestamp
                .wrapping_add(ticks.wrapping_mul(self.packet_ticks()));
            self.marker = true;
        }
    }

    fn write(
        &mut self,
        now_us: i64,
        agreed: &Agreed,
        turns: Option<&mut TurnTimer>,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        let ticks = self.packet_ticks();
        let event = self.digits.next_packet(self.timestamp, ticks);
        let (payload_type, marker, timestamp) = match (event, agreed.dtmf) {
            (Some(event), Some(types)) => (types.send, event.marker, event.timestamp),
            _ => (agreed.payload.send, self.marker, self.timestamp),
        };
        let header = Header {
            marker,
            payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        out.extend(header.to_bytes());
        match event {
            Some(packet) => {
                self.playout.skip(now_us);
                out.extend(packet.event.to_bytes());
            }
            None => self.write_audio(now_us, turns, out),
        }
        self.marker = false;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(ticks);
        self.packets += 1;
        self.bytes += (out.len() - crate::rtp::HEADER_BYTES) as u64;
        self.sent_us = now_us;
    }

    fn write_audio(&mut self, now_us: i64, turns: Option<&mut TurnTimer>, out: &mut Vec<u8>) {
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let Some(packet) = samples.get_mut(..self.playout.packet_samples()) else {
            return;
        };
        let played = self.playout.take(now_us, packet);
        if let Some(turns) = turns {
            let position = self.playout.played() - played as u64;
            turns.sent(now_us, now_us, position, packet, self.encoder.delay_us());
        }
        self.encoder.encode(packet, played == 0, out);
    }
}
