//! Keys we press.

use std::collections::VecDeque;

use super::{Digit, Event, TICKS_PER_MS};

/// Digits that may wait to be sent.
pub const DIGITS_MAX: usize = 64;

/// Shorter than this a receiver may not take it for a key (ITU-T Q.24).
const DURATION_MS_MIN: u32 = 40;

/// As long as fits into one segment, so that none has to be continued (RFC 4733 §2.5.1.3).
const DURATION_MS_MAX: u32 = 8_000;

/// The pause after each digit (ITU-T Q.24 asks for 65 ms).
const GAP_MS: u32 = 80;

/// The last packet is sent three times in all (RFC 4733 §2.5.1.4).
const END_PACKETS: u8 = 3;

/// What the tone would have, in dBm0 without its sign.
const VOLUME: u8 = 10;

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    Pressed {
        digit: Digit,
        timestamp: u32,
        elapsed: u32,
        total: u32,
    },
    Ending {
        digit: Digit,
        timestamp: u32,
        total: u32,
        left: u8,
    },
    Gap {
        left: u32,
    },
}

/// One packet of an event, to be sent in the place of a packet of audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// First packet of its event.
    pub marker: bool,
    /// When the event began; the same in all of its packets (RFC 4733 §2.2.1).
    pub timestamp: u32,
    /// The payload.
    pub event: Event,
}

/// Sends queued digits one after the other, a packet in every packet time of the audio, while the
/// timeline of the audio goes on beneath them.
#[derive(Clone, Debug, Default)]
pub struct DigitSender {
    queue: VecDeque<(Digit, u32)>,
    state: State,
}

impl DigitSender {
    /// Queues a digit; `false` where [`DIGITS_MAX`] wait already.
    pub fn push(&mut self, digit: Digit, duration_ms: u32) -> bool {
        if self.queue.len() >= DIGITS_MAX {
            return false;
        }
        let duration_ms = duration_ms.clamp(DURATION_MS_MIN, DURATION_MS_MAX);
        self.queue.push_back((digit, duration_ms * TICKS_PER_MS));
        true
    }

    /// Whether the next packet time belongs to an event or to the gap after one.
    pub fn is_active(&self) -> bool {
        !matches!(self.state, State::Idle) || !self.queue.is_empty()
    }

    /// Forgets what is queued and under way.
    pub fn stop(&mut self) {
        *self = Self::default();
    }

    /// Takes one packet time of `ticks` starting at `timestamp` of the audio timeline. `None` means
    /// that audio or silence goes out in it.
    pub fn next_packet(&mut self, timestamp: u32, ticks: u32) -> Option<EventPacket> {
        if let State::Gap { left } = self.state {
            let left = left.saturating_sub(ticks);
            self.state = if left > 0 {
                State::Gap { left }
            } else {
                State::Idle
            };
            return None;
        }
        if let State::Idle = self.state {
            let (digit, total) = self.queue.pop_front()?;
            self.state = State::Pressed {
                digit,
                timestamp,
                elapsed: 0,
                total,
            };
        }
        self.advance(ticks)
    }

    fn advance(&mut self, ticks: u32) -> Option<EventPacket> {
        match self.state {
            State::Pressed {
                digit,
                timestamp,
                elapsed,
                total,
            } => {
                let marker = elapsed == 0;
                let elapsed = elapsed + ticks;
                if elapsed < total {
                    self.state = State::Pressed {
                        digit,
                        timestamp,
                        elapsed,
                        total,
                    };
                    return Some(packet(digit, timestamp, elapsed, false, marker));
                }
                let left = END_PACKETS - 1;
                self.state = State::Ending {
                    digit,
                    timestamp,
                    total,
                    left,
                };
                Some(packet(digit, timestamp, total, true, marker))
            }
            State::Ending {
                digit,
                timestamp,
                total,
                left,
            } => {
                self.state = match left - 1 {
                    0 => State::Gap {
                        left: GAP_MS * TICKS_PER_MS,
                    },
                    left => State::Ending {
                        digit,
                        timestamp,
                        total,
                        left,
                    },
                };
                Some(packet(digit, timestamp, total, true, false))
            }
            State::Idle | State::Gap { .. } => None,
        }
    }
}

fn packet(digit: Digit, timestamp: u32, ticks: u32, end: bool, marker: bool) -> EventPacket {
    let event = Event {
        code: digit.event(),
        end,
        volume: VOLUME,
        duration: u16::try_from(ticks).unwrap_or(u16::MAX),
    };
    EventPacket {
        marker,
        timestamp,
        event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(code: u8) -> Digit {
        Digit::from_event(code).unwrap()
    }

    /// Runs `slots` packet times of 20 ms.
    fn run(sender: &mut DigitSender, first_timestamp: u32, slots: u32) -> Vec<Option<EventPacket>> {
        (0..slots)
            .map(|slot| sender.next_packet(first_timestamp.wrapping_add(slot * 160), 160))
            .collect()
    }

    #[test]
    fn a_digit_has_one_timestamp_a_growing_duration_and_three_ends() {
        let mut sender = DigitSender::default();
        assert!(sender.push(digit(5), 100));
        let packets: Vec<_> = run(&mut sender, 8000, 7).into_iter().flatten().collect();
        assert!(
            packets
                .iter()
                .all(|p| p.timestamp == 8000 && p.event.code == 5)
        );
        let durations: Vec<_> = packets.iter().map(|p| p.event.duration).collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        let ends: Vec<_> = packets.iter().map(|p| p.event.end).collect();
        assert_eq!(ends, [false, false, false, false, true, true, true]);
        let markers: Vec<_> = packets.iter().map(|p| p.marker).collect();
        assert_eq!(markers, [true, false, false, false, false, false, false]);
    }

    #[test]
    fn the_next_digit_waits_for_the_gap() {
        let mut sender = DigitSender::default();
        sender.push(digit(1), 40);
        sender.push(digit(1), 40);
        let slots = run(&mut sender, 0, 12);
        let gap = slots
            .iter()
            .skip(4)
            .take_while(|slot| slot.is_none())
            .count();
        assert_eq!(gap, 4, "80 ms");
        assert_eq!(slots[8].unwrap().timestamp, 8 * 160);
        assert!(slots[8].unwrap().marker);
    }

    #[test]
    fn durations_are_brought_into_range_and_the_queue_is_bounded() {
        let mut sender = DigitSender::default();
        sender.push(digit(1), u32::MAX);
        let last = run(&mut sender, 0, 402)
            .into_iter()
            .flatten()
            .last()
            .unwrap();
        assert_eq!(last.event.duration, 64_000);
        let mut sender = DigitSender::default();
        assert_eq!(
            (0..100).filter(|_| sender.push(digit(1), 100)).count(),
            DIGITS_MAX
        );
    }
}
