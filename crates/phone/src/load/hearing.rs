//! What came back of one call, and what came back of all of them.

use std::time::Duration;

use trunkline_media::rtp::Packet;

use super::ear::Ear;
use super::histogram::Histogram;
use super::pulse::FRAME;

/// The time between two packets.
const PACKET_NS: i64 = 20_000_000;

/// What is measured over all calls while it is measured.
#[derive(Default)]
pub struct Figures {
    /// From one packet of a call to its next: how far from 20 ms.
    pub spacing: Histogram,
    /// From a pulse's packet out to its first sample back.
    pub delay: Histogram,
    /// Packets that came.
    pub received: u64,
}

/// What is heard of one call.
#[derive(Default)]
pub struct Hearing {
    last_at: Option<i64>,
    /// The extended sequence numbers since counting began: first and highest.
    span: Option<(i64, i64)>,
    received: u64,
    pulse_sent: Option<i64>,
    ear: Ear,
}

impl Hearing {
    /// A pulse went out.
    pub fn pulse_sent(&mut self, at: i64) {
        self.pulse_sent = Some(at);
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        self.span = None;
        self.received = 0;
        self.last_at = None;
    }

    /// A datagram came, at this time of the kernel's clock.
    pub fn datagram(&mut self, at: i64, bytes: &[u8], figures: &mut Figures) {
        let Ok(packet) = Packet::parse(bytes) else {
            return;
        };
        let Ok(payload) = <&[u8; FRAME]>::try_from(packet.payload) else {
            return;
        };
        self.count(packet.header.sequence);
        figures.received += 1;
        if let Some(last) = self.last_at.replace(at) {
            let deviation = (at - last - PACKET_NS).unsigned_abs();
            figures.spacing.add(Duration::from_nanos(deviation));
        }
        self.listen(at, payload, figures);
    }

    fn count(&mut self, sequence: u16) {
        self.received += 1;
        let (first, highest) = self.span.unwrap_or((sequence.into(), sequence.into()));
        let ahead = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        self.span = Some((first, highest.max(highest + ahead)));
    }

    fn listen(&mut self, at: i64, payload: &[u8; FRAME], figures: &mut Figures) {
        let heard = self.ear.hear(at, payload);
        if let Some((heard, sent)) = heard.and_then(|heard| Some((heard, self.pulse_sent.take()?)))
        {
            let delay = u64::try_from(heard.at - sent).unwrap_or(0);
            figures.delay.add(Duration::from_nanos(delay));
        }
    }

    /// Packets that the sequence numbers say were sent since counting began, and those that came.
    pub fn by_sequence(&self) -> (u64, u64) {
        let (first, highest) = self.span.unwrap_or((0, -1));
        ((highest - first + 1).unsigned_abs(), self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::pulse::{self, SILENCE};
    use trunkline_media::rtp::Header;

    fn packet(sequence: u16, payload: &[u8; FRAME]) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 1,
        };
        [&header.to_bytes()[..], payload].concat()
    }

    #[test]
    fn the_delay_is_from_a_pulse_out_to_its_first_sample_back() {
        let (mut hearing, mut figures) = (Hearing::default(), Figures::default());
        hearing.pulse_sent(1_000_000);
        // Back 7 ms later, and 40 samples (5 ms) into the packet.
        let mut stream = [pulse::SILENCE; 4].concat();
        stream[200..360].copy_from_slice(&*pulse::PULSE);
        for (n, payload) in (0_u16..).zip(stream.as_chunks::<FRAME>().0) {
            let at = 8_000_000 + (i64::from(n) - 1) * PACKET_NS;
            hearing.datagram(at, &packet(n, payload), &mut figures);
        }
        let delay = figures.delay.summary();
        assert_eq!(delay.count, 1);
        assert!((delay.max - 12.0).abs() < 0.001, "{delay:?}");
        assert!(figures.spacing.summary().max < 0.001);
    }

    #[test]
    fn what_is_missing_is_known_by_its_number_across_the_wrap() {
        let (mut hearing, mut figures) = (Hearing::default(), Figures::default());
        for sequence in [65_534, 65_535, 1, 2] {
            hearing.datagram(0, &packet(sequence, &SILENCE), &mut figures);
        }
        assert_eq!(hearing.by_sequence(), (5, 4));
        hearing.reset();
        assert_eq!(hearing.by_sequence(), (0, 0));
        assert_eq!(figures.received, 4);
    }

    #[test]
    fn what_is_no_audio_packet_is_passed_over() {
        let (mut hearing, mut figures) = (Hearing::default(), Figures::default());
        hearing.datagram(0, b"noise", &mut figures);
        hearing.datagram(0, &packet(0, &SILENCE)[..100], &mut figures);
        assert_eq!((hearing.by_sequence(), figures.received), ((0, 0), 0));
    }
}
