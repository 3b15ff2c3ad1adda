//! Keys pressed by the peer.

use super::{Digit, Event, TICKS_PER_MS};

/// An event whose end never came is over when nothing was heard of it for this long: the end is
/// sent three times and updates come every packet time, so that all of them were lost.
pub const END_LOST_AFTER_US: i64 = 200_000;

/// The longest key press that is followed, in ticks: ten minutes. Beyond it the count stands still.
const TICKS_MAX: u32 = 8_000 * 60 * 10;

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub digit: Digit,
    /// For how long, in ms.
    pub duration_ms: u32,
}

#[derive(Clone, Copy, Debug)]
struct Pressed {
    digit: Digit,
    /// Timestamp of the segment in progress.
    timestamp: u32,
    /// Ticks of the segments before it (RFC 4733 §2.5.1.3).
    ticks_before: u32,
    /// The longest duration reported for this segment.
    duration: u16,
    heard_us: i64,
}

impl Pressed {
    fn press(&self) -> Press {
        let ticks = self.ticks_before + u32::from(self.duration);
        Press {
            digit: self.digit,
            duration_ms: ticks / TICKS_PER_MS,
        }
    }

    /// Whether an event with this timestamp is the next segment of the same long press: it starts
    /// where the duration of the last one could count no further.
    fn goes_on_at(&self, event: Event, timestamp: u32) -> bool {
        event.code == self.digit.event()
            && timestamp == self.timestamp.wrapping_add(u32::from(u16::MAX))
    }
}

/// Puts event packets together to key presses: one for each timestamp, however many packets of it
/// come or are lost.
///
/// A press is told when the key is let go, because only then its length is known: at the first of
/// the end packets, at the first packet of another event, or [`END_LOST_AFTER_US`] after the last.
#[derive(Clone, Debug, Default)]
pub struct DigitReceiver {
    pressed: Option<Pressed>,
    /// Timestamp of the latest event that is over: its repeated ends and stragglers mean nothing.
    over: Option<u32>,
}

impl DigitReceiver {
    /// Takes one event packet. Returns the press it ends: its own, or the one before, whose end was
    /// lost.
    pub fn handle_packet(&mut self, now_us: i64, timestamp: u32, payload: &[u8]) -> Option<Press> {
        let event = Event::parse(payload)?;
        let digit = Digit::from_event(event.code)?;
        if self.over.is_some_and(|over| !is_after(timestamp, over)) {
            return None;
        }
        let mut before = None;
        match &mut self.pressed {
            Some(pressed) if pressed.timestamp == timestamp => {
                pressed.duration = pressed.duration.max(event.duration);
                pressed.heard_us = now_us;
            }
            Some(pressed) if pressed.goes_on_at(event, timestamp) => {
                pressed.ticks_before = (pressed.ticks_before + u32::from(u16::MAX)).min(TICKS_MAX);
                pressed.timestamp = timestamp;
                pressed.duration = event.duration;
                pressed.heard_us = now_us;
            }
            Some(pressed) if !is_after(timestamp, pressed.timestamp) => return None,
            _ => {
                before = self.end();
                self.pressed = Some(Pressed {
                    digit,
                    timestamp,
                    ticks_before: 0,
                    duration: event.duration,
                    heard_us: now_us,
                });
            }
        }
        // One packet may end two presses, its own and one whose end was lost: its own is then told
        // at its next end packet, or when that is missed too.
        if event.end && before.is_none() {
            return self.end();
        }
        before
    }

    /// The press whose end was lost, once it is sure.
    pub fn handle_timeout(&mut self, now_us: i64) -> Option<Press> {
        if self.deadline_us()? > now_us {
            return None;
        }
        self.end()
    }

    /// When [`Self::handle_timeout`] has something to say.
    pub fn deadline_us(&self) -> Option<i64> {
        Some(self.pressed.as_ref()?.heard_us + END_LOST_AFTER_US)
    }

    /// Forgets which events were seen, because a new source counts its time anew. Returns the press
    /// that was under way.
    pub fn restart(&mut self) -> Option<Press> {
        let press = self.end();
        self.over = None;
        press
    }

    fn end(&mut self) -> Option<Press> {
        let pressed = self.pressed.take()?;
        self.over = Some(pressed.timestamp);
        Some(pressed.press())
    }
}

fn is_after(timestamp: u32, other: u32) -> bool {
    (timestamp.wrapping_sub(other) as i32) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: u8, end: bool, duration: u16) -> [u8; 4] {
        Event {
            code,
            end,
            volume: 10,
            duration,
        }
        .to_bytes()
    }

    fn press(code: u8, duration_ms: u32) -> Option<Press> {
        Digit::from_event(code).map(|digit| Press { digit, duration_ms })
    }

    #[test]
    fn three_ends_are_one_press() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(receiver.handle_packet(0, 1000, &event(5, false, 160)), None);
        assert_eq!(
            receiver.handle_packet(20_000, 1000, &event(5, true, 800)),
            press(5, 100)
        );
        assert_eq!(
            receiver.handle_packet(20_100, 1000, &event(5, true, 800)),
            None
        );
        assert_eq!(
            receiver.handle_packet(20_200, 1000, &event(5, true, 800)),
            None
        );
        assert_eq!(receiver.deadline_us(), None);
    }

    #[test]
    fn an_end_alone_is_a_press() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(
            receiver.handle_packet(0, 7, &event(11, true, 1280)),
            press(11, 160)
        );
    }

    #[test]
    fn a_lost_end_is_made_up_for_by_time() {
        let mut receiver = DigitReceiver::default();
        receiver.handle_packet(0, 1000, &event(1, false, 160));
        receiver.handle_packet(20_000, 1000, &event(1, false, 320));
        assert_eq!(receiver.handle_timeout(100_000), None);
        assert_eq!(receiver.deadline_us(), Some(220_000));
        assert_eq!(receiver.handle_timeout(220_000), press(1, 40));
        assert_eq!(
            receiver.handle_packet(230_000, 1000, &event(1, true, 800)),
            None
        );
    }

    #[test]
    fn a_lost_end_is_made_up_for_by_the_next_event() {
        let mut receiver = DigitReceiver::default();
        receiver.handle_packet(0, 1000, &event(1, false, 160));
        assert_eq!(
            receiver.handle_packet(90_000, 2000, &event(2, false, 160)),
            press(1, 20)
        );
        assert_eq!(
            receiver.handle_packet(95_000, 1000, &event(1, true, 800)),
            None
        );
        assert_eq!(
            receiver.handle_packet(99_000, 2000, &event(2, true, 320)),
            press(2, 40)
        );
    }

    #[test]
    fn the_same_key_twice_is_two_presses() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(
            receiver.handle_packet(0, 1000, &event(4, true, 800)),
            press(4, 100)
        );
        assert_eq!(
            receiver.handle_packet(0, 9000, &event(4, true, 800)),
            press(4, 100)
        );
    }

    #[test]
    fn a_long_press_goes_on_in_the_next_segment() {
        let mut receiver = DigitReceiver::default();
        let first = u32::MAX - 100;
        receiver.handle_packet(0, first, &event(9, false, 0xffff));
        let second = first.wrapping_add(0xffff);
        assert_eq!(
            receiver.handle_packet(50_000, second, &event(9, false, 160)),
            None
        );
        let ms = (0xffff + 8000) / 8;
        assert_eq!(
            receiver.handle_packet(90_000, second, &event(9, true, 8000)),
            press(9, ms)
        );
    }

    #[test]
    fn a_reordered_update_neither_shortens_nor_repeats_a_press() {
        let mut receiver = DigitReceiver::default();
        receiver.handle_packet(0, 1000, &event(3, false, 480));
        receiver.handle_packet(1, 1000, &event(3, false, 320));
        assert_eq!(
            receiver.handle_packet(2, 1000, &event(3, true, 400)),
            press(3, 60)
        );
        assert_eq!(receiver.handle_packet(3, 840, &event(2, true, 400)), None);
    }

    #[test]
    fn what_is_not_a_key_is_not_a_press() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(
            receiver.handle_packet(0, 1, &event(16, true, 800)),
            None,
            "flash"
        );
        assert_eq!(receiver.handle_packet(0, 1, &[1, 2, 3]), None);
    }
}
