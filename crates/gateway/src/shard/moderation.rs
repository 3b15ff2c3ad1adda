//! How long a busy shard lets work gather before it looks.
//!
//! A wake-up costs as much as handling a packet. With a handful of calls each packet is handled
//! the moment it comes; with many, waiting a fraction of a millisecond lets one wake-up serve
//! several calls, as a network card does with its interrupts. The wait grows with the load that
//! was seen and is added to no call twice in one direction.

use std::time::{Duration, Instant};

/// The longest wait: what a call may be delayed by, each way.
const WAIT_MAX: Duration = Duration::from_micros(500);
/// Below this many events a second, each gets its own wake-up.
const BUSY_FROM: u32 = 2_000;
/// From this many on the wait is [`WAIT_MAX`].
const BUSY_FULLY: u32 = 8_000;
/// Over what time events are counted.
const WINDOW: Duration = Duration::from_millis(100);

/// Counts what a shard does and says how long it may rest.
#[derive(Debug)]
pub struct Moderation {
    since: Instant,
    events: u32,
    wait: Duration,
}

impl Moderation {
    /// Nothing was seen so far.
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            events: 0,
            wait: Duration::ZERO,
        }
    }

    /// Notes the events of one wake-up and says how long to let further ones gather.
    pub fn after(&mut self, events: u32, now: Instant) -> Duration {
        self.events = self.events.saturating_add(events);
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            let per_second = f64::from(self.events) / passed.as_secs_f64();
            self.wait = wait_at(per_second);
            self.events = 0;
            self.since = now;
        }
        self.wait
    }
}

fn wait_at(per_second: f64) -> Duration {
    let (from, to) = (f64::from(BUSY_FROM), f64::from(BUSY_FULLY));
    WAIT_MAX.mul_f64(((per_second - from) / (to - from)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_shard_never_waits_and_a_busy_one_waits_its_fill() {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        let mut now = start;
        for _ in 0..200 {
            now += Duration::from_millis(1);
            assert_eq!(moderation.after(1, now), Duration::ZERO, "1,000 a second");
        }
        let mut wait = Duration::ZERO;
        for _ in 0..300 {
            now += Duration::from_millis(1);
            wait = moderation.after(20, now);
        }
        assert_eq!(wait, WAIT_MAX, "20,000 a second");
        for _ in 0..300 {
            now += Duration::from_millis(1);
            wait = moderation.after(0, now);
        }
        assert_eq!(wait, Duration::ZERO, "idle again");
    }
}
