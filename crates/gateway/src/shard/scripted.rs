//! A leg that does what a test has it do, and has nothing to tell of itself.

use std::time::Instant;
use trunkline_legs::{Description, Input, Leg, Output, Stats};

/// What such a leg does.
pub trait Script: Send {
    /// It is told something.
    fn hear(&mut self, input: Input<'_>);

    /// What it wants next.
    fn next(&mut self) -> Output<'_>;

    /// Samples that wait to be played.
    fn queued(&self) -> usize {
        0
    }
}

/// A leg with a script.
pub struct Scripted<S> {
    began: Instant,
    script: S,
}

impl<S: Script> Scripted<S> {
    /// One that does this.
    pub fn new(script: S) -> Self {
        Self {
            began: Instant::now(),
            script,
        }
    }
}

impl<S: Script> Leg for Scripted<S> {
    fn handle_input(&mut self, _: Instant, input: Input<'_>) {
        self.script.hear(input);
    }

    fn poll_output(&mut self) -> Output<'_> {
        self.script.next()
    }

    fn queued(&self) -> usize {
        self.script.queued()
    }

    fn stats(&self) -> Stats {
        Stats {
            started: self.began,
            answered: None,
            ended: None,
            media: None,
        }
    }

    fn describe(&self) -> Description {
        Description::default()
    }
}
