//! Steps that say what they do, how long it took and how it ended.

use std::time::Instant;

use crate::workspace::Failure;

/// Numbers the steps of one command and remembers which failed.
pub struct Progress {
    total: usize,
    begun: usize,
    failed: Vec<&'static str>,
}

impl Progress {
    /// Progress through `total` steps.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            begun: 0,
            failed: Vec::new(),
        }
    }

    /// Runs one step. A failure is told at once and kept; the next step runs all the same, so that
    /// one run shows everything that is wrong.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<(), Failure>) {
        self.begun += 1;
        let place = format!("[{}/{}]", self.begun, self.total);
        eprintln!("{place} {name}");
        let begun_at = Instant::now();
        let outcome = work();
        let seconds = begun_at.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => eprintln!("{place} {name}: done in {seconds:.1} s"),
            Err(failure) => {
                eprintln!("{place} {name}: FAILED after {seconds:.1} s\n{failure}");
                self.failed.push(name);
            }
        }
    }

    /// An error that names the steps that failed, if any did.
    pub fn finish(self) -> Result<(), Failure> {
        if self.failed.is_empty() {
            return Ok(());
        }
        Err(format!("failed: {}", self.failed.join(", ")).into())
    }
}
