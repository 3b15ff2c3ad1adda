//! Whether the far end is still there while it says nothing.

use std::time::{Duration, Instant};

/// Nothing was heard for so long: it is asked.
pub const PING_AFTER: Duration = Duration::from_secs(15);
/// Nothing was heard for so long, not even an answer: it is gone.
pub const QUIET_MAX: Duration = Duration::from_secs(45);

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    /// Nothing.
    Felt,
    /// Send a ping.
    Ask,
    /// Give the connection up.
    Gone,
}

/// Watches one connection.
#[derive(Debug)]
pub(super) struct Liveness {
    felt: Instant,
    ask: Instant,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            felt: now,
            ask: now + PING_AFTER,
        }
    }

    /// Something came.
    pub(super) fn felt(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    pub(super) fn look(&mut self, now: Instant) -> Pulse {
        if now >= self.felt + QUIET_MAX {
            return Pulse::Gone;
        }
        if now < self.ask {
            return Pulse::Felt;
        }
        self.ask = now + PING_AFTER;
        Pulse::Ask
    }

    /// When to look again.
    pub(super) fn due(&self) -> Instant {
        self.ask.min(self.felt + QUIET_MAX)
    }
}
