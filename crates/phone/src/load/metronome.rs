//! The beat of the generator: one tick a millisecond, and how late each one was.

use std::time::{Duration, Instant};

use super::histogram::Histogram;

/// The length of a tick.
pub const TICK: Duration = Duration::from_millis(1);

/// Ticks by the clock. A tick that comes too late is not left out: those after it come at once.
pub struct Metronome {
    begun: Instant,
    tick: u64,
    lateness: Histogram,
}

impl Metronome {
    /// The first tick is now.
    pub fn start() -> Self {
        wake_exactly();
        Self {
            begun: Instant::now(),
            tick: 0,
            lateness: Histogram::default(),
        }
    }

    /// Sleeps until the next tick and gives its number.
    pub fn next(&mut self) -> u64 {
        self.tick += 1;
        let due = self.begun + TICK * u32::try_from(self.tick).unwrap_or(u32::MAX);
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            std::thread::sleep(early);
        }
        self.lateness
            .add(Instant::now().saturating_duration_since(due));
        self.tick
    }

    /// How late ticks were since the start or the last [`Self::forget`].
    pub fn lateness(&self) -> &Histogram {
        &self.lateness
    }

    /// Forgets how late ticks were.
    pub fn forget(&mut self) {
        self.lateness.clear();
    }
}

/// Linux lets an ordinary thread sleep 50 µs longer so that it can wake several at once.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn wake_exactly() {
    // SAFETY: takes a number and touches no memory of ours.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
}

#[cfg(not(target_os = "linux"))]
fn wake_exactly() {}
