//! What falls due in a leg, apart from its media.

use std::time::Instant;

/// One thing that falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The far end has rung long enough.
    NoAnswer,
    /// The call has lasted long enough.
    LongestCall,
    /// An offer that met another INVITE is tried again.
    OfferAgain,
    /// A transfer has been silent for too long.
    Transfer,
    /// The far end, told that its REFER was carried out, should have left by now.
    Leave,
}

impl Timer {
    const ALL: [Self; 5] = [
        Self::NoAnswer,
        Self::LongestCall,
        Self::OfferAgain,
        Self::Transfer,
        Self::Leave,
    ];
}

/// At most one deadline of each kind.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: [Option<Instant>; Timer::ALL.len()],
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.due[timer as usize] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.iter().flatten().min().copied()
    }

    /// Takes one timer that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let is_due = |timer: &Timer| self.due[*timer as usize].is_some_and(|at| at <= now);
        let timer = Timer::ALL.into_iter().find(is_due)?;
        self.stop(timer);
        Some(timer)
    }
}
