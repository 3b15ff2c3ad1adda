//! Waiting for a condition, on a machine that may be busy or stand still meanwhile.

use std::io::{Error, ErrorKind};
use std::time::{Duration, Instant};

/// How long a condition may take on a loaded machine before its test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The most that the time between two looks counts. A virtual machine may be stopped for minutes
/// and its clock goes on; nothing had a chance to happen meanwhile.
const STEP_MAX: Duration = Duration::from_secs(1);

/// What is left of the time for which somebody waits.
pub struct Patience {
    left: Duration,
    looked: Instant,
}

impl Patience {
    /// So much, from now on.
    pub fn of(time: Duration) -> Self {
        Self {
            left: time,
            looked: Instant::now(),
        }
    }

    /// Whether none is left; asked at every look.
    pub fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.looked).min(STEP_MAX);
        self.looked = now;
        self.left = self.left.saturating_sub(passed);
        self.left.is_zero()
    }
}

/// Whether a read with a time-out brought nothing: the time is over, or the program was stopped and
/// goes on, which interrupts such a read (signal(7)).
pub fn is_pause(error: &Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

/// Looks until `look` finds something, and panics with `what` if it has not within [`PATIENCE`].
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, look).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// Has `it` take a `turn` until `look` finds something, and panics with `what` and what it was `told`
/// if it never does.
pub fn turning<S, T>(
    it: &mut S,
    what: &str,
    mut look: impl FnMut(&mut S) -> Option<T>,
    turn: impl Fn(&mut S),
    told: impl Fn(&S) -> String,
) -> T {
    let mut patience = Patience::of(PATIENCE);
    loop {
        if let Some(found) = look(it) {
            return found;
        }
        assert!(
            !patience.is_over(),
            "waited {PATIENCE:?} in vain: {what}; told so far: {}",
            told(it)
        );
        turn(it);
    }
}

/// Looks until `look` finds something or the time is over.
pub fn within<T>(time: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let mut patience = Patience::of(time);
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if patience.is_over() {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
