//! The application of a call that has none: it hears nothing and says nothing.

use std::time::Instant;
use trunkline_streams::{AppInput, AppOutput, AppStats, AppWire};

/// Stands where an application was, or will be.
#[derive(Debug, Default)]
pub struct Silence;

impl AppWire for Silence {
    fn handle_input(&mut self, _now: Instant, _input: AppInput<'_>) {}

    fn poll_output(&mut self) -> AppOutput<'_> {
        AppOutput::Timeout(None)
    }

    fn stats(&self) -> AppStats {
        AppStats::default()
    }
}
