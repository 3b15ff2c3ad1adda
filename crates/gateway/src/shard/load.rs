//! How much a shard has to do, as others may ask.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A shard that meets its deadlines later than this has no room: half a frame.
const LATE: Duration = Duration::from_millis(10);
/// Deadlines of this much time are looked at together.
const WINDOW: Duration = Duration::from_secs(1);
/// One deadline in so many must be late before it counts: a hiccup of the machine is no load.
const SHARE: u32 = 4;

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

    pub fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
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
}

impl Lateness {
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            met: 0,
            late: 0,
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
        let is_late = self.late > self.met / SHARE;
        *self = Self::new(now);
        Some(is_late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hiccup_is_no_load_and_a_quarter_late_is() {
        let start = Instant::now();
        let mut lateness = Lateness::new(start);
        (0..100).for_each(|n| lateness.note(Duration::from_millis(if n < 5 { 30 } else { 1 })));
        assert_eq!(lateness.verdict(start), None);
        assert_eq!(lateness.verdict(start + WINDOW), Some(false));
        (0..100).for_each(|n| lateness.note(Duration::from_millis(if n < 40 { 30 } else { 1 })));
        assert_eq!(lateness.verdict(start + 2 * WINDOW), Some(true));
        assert_eq!(
            lateness.verdict(start + 3 * WINDOW),
            Some(false),
            "nothing due, nothing late"
        );
    }
}
