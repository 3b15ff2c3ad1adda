//! Functions that an engine has called and that have not answered.

use std::time::{Duration, Instant};

use super::Job;
use super::outbox::Outbox;
use crate::history::ToolCall;

/// The most of a function's result that an engine is told, in bytes.
pub const TOOL_RESULT_BYTES_MAX: usize = 8_000;
/// How long a function may take.
const TOOL_MAX: Duration = Duration::from_secs(10);

/// Functions at work.
#[derive(Debug, Default)]
pub(super) struct AtWork(Vec<Use>);

#[derive(Debug)]
struct Use {
    job: Job,
    call: ToolCall,
    until: Instant,
}

impl AtWork {
    /// Has one begin.
    pub fn begin(&mut self, now: Instant, call: ToolCall, outbox: &mut Outbox) {
        let job = outbox.use_tool(call.clone());
        let until = now + TOOL_MAX;
        self.0.push(Use { job, call, until });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, job: Job) -> bool {
        self.0.iter().any(|function| function.job == job)
    }

    /// One has answered: what was called, and as much of its result as an engine is told. Nothing
    /// where it is not waited for.
    pub fn answered(&mut self, job: Job, mut result: String) -> Option<(ToolCall, String)> {
        let index = self.0.iter().position(|function| function.job == job)?;
        result.truncate(result.floor_char_boundary(TOOL_RESULT_BYTES_MAX));
        Some((self.0.remove(index).call, result))
    }

    /// These are not waited for any more; what was called.
    pub fn void(
        &mut self,
        outbox: &mut Outbox,
        is_void: impl Fn(&ToolCall) -> bool,
    ) -> Vec<ToolCall> {
        let void = self.0.extract_if(.., |function| is_void(&function.call));
        let calls = void.map(|function| {
            outbox.cancel(function.job);
            function.call
        });
        calls.collect()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|function| function.until).min()
    }

    /// One that takes too long.
    pub fn late(&self, now: Instant) -> Option<Job> {
        let late = self.0.iter().find(|function| function.until <= now);
        late.map(|function| function.job)
    }
}
