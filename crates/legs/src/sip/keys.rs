//! Telephone keys that come by two ways: RFC 4733 packets and INFO bodies.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use trunkline_call::Digit;

/// How far apart the two reports of one key press may be, its own length aside. A far end that
/// sends both starts them together; what parts them is a jitter buffer here and an INFO
/// retransmission (500 ms) there.
const TWIN_WINDOW: Duration = Duration::from_millis(1_000);

/// The longest press whose two reports are brought together. Packets tell a key when it is let
/// go, an INFO mostly when it is pressed.
const PRESS_MAX: Duration = Duration::from_secs(10);

/// The most reports that wait for their twin. No finger presses more
/// keys than this in that time.
const WAITING_MAX: usize = 32;

/// Which way a key was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Telephone-event packets (RFC 4733).
    Rtp,
    /// An INFO with a relay body (the practice RFC 6086 §1.1 calls legacy usage).
    Info,
}

/// Makes one key of a key press that was reported both ways.
///
/// A report is a twin when the other way told the same key within [`TWIN_WINDOW`] and that
/// report has no twin yet. Thus `55` pressed fast stays two keys however the four reports
/// interleave.
#[derive(Debug, Default)]
pub struct Keys {
    waiting: VecDeque<(Instant, Way, Digit)>,
}

impl Keys {
    /// Whether this report is a key the application has not heard of yet. The key was held for
    /// `press` up to now, as far as the report says.
    pub fn is_new(&mut self, now: Instant, way: Way, digit: Digit, press: Duration) -> bool {
        let since = |at: Instant| now.saturating_duration_since(at);
        self.waiting
            .retain(|(at, ..)| since(*at) <= TWIN_WINDOW + PRESS_MAX);
        let apart = TWIN_WINDOW + press.min(PRESS_MAX);
        let is_twin =
            |&(at, w, d): &(Instant, Way, Digit)| w != way && d == digit && since(at) <= apart;
        if let Some(twin) = self.waiting.iter().position(is_twin) {
            self.waiting.remove(twin);
            return false;
        }
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back((now, way, digit));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "where virtual time starts does not matter"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    const PRESS: Duration = Duration::from_millis(100);

    fn digit(key: char) -> Digit {
        Digit::from_char(key).unwrap()
    }

    fn heard(reports: &[(u64, Way, char)]) -> String {
        let start = start();
        let mut keys = Keys::default();
        let at = |ms| start + Duration::from_millis(ms);
        let new = reports
            .iter()
            .filter(|&&(ms, way, key)| keys.is_new(at(ms), way, digit(key), PRESS));
        new.map(|&(_, _, key)| key).collect()
    }

    #[test]
    fn a_key_reported_both_ways_is_one_key() {
        assert_eq!(heard(&[(0, Way::Rtp, '5'), (300, Way::Info, '5')]), "5");
        assert_eq!(heard(&[(0, Way::Info, '5'), (900, Way::Rtp, '5')]), "5");
    }

    #[test]
    fn a_key_pressed_twice_is_two_keys_however_the_reports_interleave() {
        use Way::{Info, Rtp};
        for ways in [
            [Rtp, Info, Rtp, Info],
            [Rtp, Rtp, Info, Info],
            [Info, Rtp, Rtp, Info],
        ] {
            let reports: Vec<_> = (0..4).map(|i| (i * 100, ways[i as usize], '5')).collect();
            assert_eq!(heard(&reports), "55", "{ways:?}");
        }
    }

    #[test]
    fn reports_of_one_way_alone_are_all_keys() {
        assert_eq!(
            heard(&[(0, Way::Rtp, '1'), (50, Way::Rtp, '1'), (90, Way::Rtp, '2')]),
            "112"
        );
    }

    #[test]
    fn a_second_press_after_the_window_is_a_key_of_its_own() {
        assert_eq!(heard(&[(0, Way::Rtp, '5'), (1_101, Way::Info, '5')]), "55");
    }

    #[test]
    fn a_long_press_told_when_it_begins_and_when_it_ends_is_one_key() {
        let (start, five) = (start(), digit('5'));
        let long = Duration::from_secs(4);
        let mut keys = Keys::default();
        assert!(keys.is_new(start, Way::Info, five, PRESS));
        assert!(!keys.is_new(start + long, Way::Rtp, five, long));
        assert!(
            keys.is_new(start + 2 * long, Way::Rtp, five, PRESS),
            "and the next is another"
        );
    }

    #[test]
    fn a_flood_of_keys_is_remembered_only_so_far() {
        let start = start();
        let mut keys = Keys::default();
        for i in 0..1_000u32 {
            let digit = Digit::from_event((i % 16) as u8).unwrap();
            keys.is_new(start, Way::Info, digit, PRESS);
        }
        assert_eq!(keys.waiting.len(), WAITING_MAX);
    }
}
