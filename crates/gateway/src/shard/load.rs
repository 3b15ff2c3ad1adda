//! How much a shard has to do, as others may ask.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Met later than this, a deadline is heard by whoever is on the line: the jitter buffer of a
/// telephone holds about 60 ms.
const LATE: Duration = Duration::from_millis(60);
/// Deadlines of this much time are looked at together.
const WINDOW: Duration = Duration::from_secs(1);
/// One deadline in so many must be late before it counts, and that
const SHARE: u32 = 2;
/// in so many windows in a row: a hiccup of the machine is no load.
const WINDOWS: u32 = 2;

/// What a shard says of itself.
#[derive(Debug, Default)]
pub struct Load {
    calls: AtomicUsize,
    late: AtomicBool,
}

impl Load {
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn set_calls(&self, calls: usize) {
        self.calls.store(calls, Ordering::Relaxed);
    }

    /// Whether it is late. One without calls is not, and does not wake to say so.
    pub fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed) && self.calls() > 0
    }

    pub fn set_late(&self, is_late: bool) {
        self.late.store(is_late, Ordering::Relaxed);
    }
}

/// Counts how many deadlines were met late.
#[derive(Debug)]
pub struct Lateness {
    since: Instant,
    met: u32,
    late: u32,
    /// Late windows in a row.
    windows: u32,
}

impl Lateness {
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            met: 0,
            late: 0,
            windows: 0,
        }
    }

    /// A deadline was met this much after its time.
    pub fn note(&mut self, by: Duration) {
        self.met = self.met.saturating_add(1);
        self.late = self.late.saturating_add(u32::from(by > LATE));
    }

    /// Whether the last window was late; `None` while it lasts.
    pub fn verdict(&mut self, now: Instant) -> Option<bool> {
        if now.saturating_duration_since(self.since) < WINDOW {
            return None;
        }
        let windows = if self.late > self.met / SHARE {
            self.windows + 1
        } else {
            0
        };
        *self = Self {
            windows,
            ..Self::new(now)
        };
        Some(windows >= WINDOWS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_that_was_late_and_lost_its_calls_takes_new_ones() {
        let load = Load::default();
        load.set_calls(1);
        load.set_late(true);
        assert!(load.is_late());
        load.set_calls(0);
        assert!(!load.is_late());
    }

    #[test]
    fn a_hiccup_is_no_load_and_most_of_two_seconds_is() {
        let start = Instant::now();
        let mut lateness = Lateness::new(start);
        let mut second = 0_u32;
        let mut after = |late: u64| {
            for n in 0..100 {
                lateness.note(Duration::from_millis(if n < late { 100 } else { 1 }));
            }
            assert_eq!(lateness.verdict(start + second * WINDOW), None);
            second += 1;
            lateness.verdict(start + second * WINDOW)
        };
        assert_eq!(after(40), Some(false), "less than half");
        assert_eq!(after(60), Some(false), "one second");
        assert_eq!(after(60), Some(true), "two seconds");
        assert_eq!(after(10), Some(false), "over");
        assert_eq!(after(60), Some(false), "one second again");
    }
}
