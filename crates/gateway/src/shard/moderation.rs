//! How long a busy shard lets work gather before it looks.
//!
//! A wake-up costs as much as handling a packet. With a handful of calls each packet is handled
//! the moment it comes; with many, waiting a fraction of a millisecond lets one wake-up serve
//! several calls, as a network card does with its interrupts. The wait grows with the load that
//! was seen.
//!
//! Where applications are in between it is not worth while: a call would wait twice, and an
//! application that had time to fall asleep costs more to wake than the wake-ups saved.

use std::time::{Duration, Instant};

/// The longest wait: what a call may be delayed by.
const WAIT_MAX: Duration = Duration::from_micros(1_500);
/// Below this many events a second, each gets its own wake-up.
const BUSY_FROM: u32 = 2_000;
/// From this many on the wait is [`WAIT_MAX`].
const BUSY_FULLY: u32 = 8_000;
/// Over what time events are counted.
const WINDOW: Duration = Duration::from_millis(100);

/// What a wake-up found to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Calls that were due.
    pub due: u32,
    /// Sockets with something of a far end.
    pub far_ends: u32,
    /// Sockets with something of an application.
    pub applications: u32,
}

/// Counts what a shard does and says how long it may rest.
#[derive(Debug)]
pub struct Moderation {
    since: Instant,
    found: Found,
    wait: Duration,
}

impl Moderation {
    /// Nothing was seen so far.
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            found: Found::default(),
            wait: Duration::ZERO,
        }
    }

    /// Notes what a wake-up found and says how long to let further work gather.
    pub fn after(&mut self, found: Found, now: Instant) -> Duration {
        self.found = self.found.and(found);
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            self.wait = self.found.wait(passed);
            self.found = Found::default();
            self.since = now;
        }
        self.wait
    }
}

impl Found {
    fn and(self, other: Self) -> Self {
        Self {
            due: self.due.saturating_add(other.due),
            far_ends: self.far_ends.saturating_add(other.far_ends),
            applications: self.applications.saturating_add(other.applications),
        }
    }

    /// The wait that suits what was found in this time.
    fn wait(self, passed: Duration) -> Duration {
        let sockets = self.far_ends.saturating_add(self.applications);
        let per_second = f64::from(self.due.saturating_add(sockets)) / passed.as_secs_f64();
        let (from, to) = (f64::from(BUSY_FROM), f64::from(BUSY_FULLY));
        let busy = ((per_second - from) / (to - from)).clamp(0.0, 1.0);
        // From 0, nobody has an application, to 1, all do.
        let with_applications = f64::from(self.applications) / f64::from(self.far_ends.max(1));
        WAIT_MAX.mul_f64(busy * (1.0 - with_applications.min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `found` a millisecond, for so many of them, makes the last wait.
    fn wait_after(
        moderation: &mut Moderation,
        start: Instant,
        count: u64,
        found: Found,
    ) -> Duration {
        let mut wait = Duration::ZERO;
        for n in 1..=count {
            wait = moderation.after(found, start + Duration::from_millis(n));
        }
        wait
    }

    #[test]
    fn an_idle_shard_never_waits_and_a_busy_one_waits_its_fill() {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        let packets = |far_ends| Found {
            far_ends,
            ..Found::default()
        };
        let wait = wait_after(&mut moderation, start, 200, packets(1));
        assert_eq!(wait, Duration::ZERO, "1,000 a second");
        let later = start + Duration::from_millis(200);
        let wait = wait_after(&mut moderation, later, 300, packets(20));
        assert_eq!(wait, WAIT_MAX, "20,000 a second");
        let later = later + Duration::from_millis(300);
        let wait = wait_after(&mut moderation, later, 300, packets(0));
        assert_eq!(wait, Duration::ZERO, "idle again");
    }

    #[test]
    fn calls_with_applications_do_not_wait() {
        let start = Instant::now();
        let mut found = Found {
            due: 10,
            far_ends: 10,
            applications: 10,
        };
        let wait = wait_after(&mut Moderation::new(start), start, 300, found);
        assert_eq!(wait, Duration::ZERO, "all have one");
        found.applications = 5;
        let wait = wait_after(&mut Moderation::new(start), start, 300, found);
        assert_eq!(wait, WAIT_MAX / 2, "every other one has");
    }
}
