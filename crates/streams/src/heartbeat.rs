//! Pings, so that a dead connection is noticed while nothing is said.

use std::time::{Duration, Instant};

/// Time between two pings.
pub const PING_EVERY: Duration = Duration::from_secs(15);
/// Pings in a row without an answer, after which the application is lost.
pub const PINGS_MISSED_MAX: u32 = 2;

/// Counts what was not answered.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat {
    due: Option<Instant>,
    unanswered: u32,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing.
    Wait,
    /// Send a ping.
    Ping,
    /// Give the connection up.
    Lost,
}

impl Heartbeat {
    /// The connection is open.
    pub(crate) fn start(&mut self, now: Instant) {
        self.due = now.checked_add(PING_EVERY);
    }

    /// The connection is gone.
    pub(crate) fn stop(&mut self) {
        self.due = None;
    }

    /// When to call [`Self::beat`].
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The application answered.
    pub(crate) fn pong(&mut self) {
        self.unanswered = 0;
    }

    /// What is due at this time.
    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if self.due.is_none_or(|due| now < due) {
            return Beat::Wait;
        }
        if self.unanswered >= PINGS_MISSED_MAX {
            self.stop();
            return Beat::Lost;
        }
        self.unanswered += 1;
        self.due = now.checked_add(PING_EVERY);
        Beat::Ping
    }
}
