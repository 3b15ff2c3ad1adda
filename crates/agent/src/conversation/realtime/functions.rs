//! What the engine asks for by calling functions.

use std::time::Instant;

use super::super::ending::Ending;
use super::super::functions::AtWork;
use super::super::reply::{TOOL_CALLS_MAX, TOOL_ROUNDS_MAX};
use super::{Ask, Engine, Job, Relay};
use crate::history::ToolCall;
use crate::tools::Asked;

/// Told to an engine that hangs up or hands over without a word.
const SAY_GOODBYE: &str = "Say goodbye now, in one short sentence. The call ends after it.";
const SAY_SO: &str = "Tell the caller now, in one short sentence, that they are being connected.";
const CALL_GOES_ON: &str = "The caller interrupted, and the call goes on.";
const TOO_OFTEN: &str = "error: too many functions were called; answer the caller now";

/// What the engine has asked for, and waits for.
#[derive(Debug, Default)]
pub(super) struct Functions {
    pub at_work: AtWork,
    results: Vec<(ToolCall, String)>,
    /// Answered where the call goes on after all.
    ending: Option<ToolCall>,
    /// How often functions were called since the caller last spoke.
    pub rounds: u32,
}

impl Functions {
    pub fn is_busy(&self) -> bool {
        !self.at_work.is_empty()
    }
}

impl Relay {
    pub(super) fn calls(&mut self, now: Instant, calls: Vec<ToolCall>) {
        self.functions.rounds += 1;
        let is_too_often = self.functions.rounds > TOOL_ROUNDS_MAX;
        for (count, call) in calls.into_iter().enumerate() {
            let asked = match count >= TOOL_CALLS_MAX || is_too_often {
                true => Asked::Wrong(TOO_OFTEN.to_owned()),
                false => self.settings.asked(&call),
            };
            self.do_what_is_asked(now, call, asked);
        }
        self.give_results(now);
    }

    fn do_what_is_asked(&mut self, now: Instant, call: ToolCall, asked: Asked) {
        match asked {
            Asked::HangUp => self.end_after(now, call, Ending::hang_up(), SAY_GOODBYE),
            Asked::Transfer(target) => {
                self.end_after(now, call, Ending::transfer(target), SAY_SO);
            }
            Asked::Press(keys) => {
                self.outbox.press(keys);
                self.functions.results.push((call, "pressed".to_owned()));
            }
            Asked::Other => self.functions.at_work.begin(now, call, &mut self.outbox),
            Asked::Wrong(why) => self.functions.results.push((call, why)),
        }
    }

    /// The call ends, or moves, once what is being said was heard; if nothing is, something is to be.
    fn end_after(&mut self, now: Instant, call: ToolCall, ending: Ending, say: &str) {
        if self.course.is_leaving() {
            return;
        }
        self.course.ending = Some(ending);
        if self.answer.has_sounded {
            // An engine that waits for this result says no more.
            self.answer_ended(now);
            self.functions.ending = Some(call);
        } else {
            self.functions.results.push((call, say.to_owned()));
        }
    }

    /// The caller speaks into our goodbye: it was none.
    pub(super) fn drop_ending(&mut self) {
        self.course.ending = self.course.ending.take().filter(|ending| ending.is_final);
        if self.course.ending.is_none()
            && let Some(call) = self.functions.ending.take()
        {
            let result = (call, CALL_GOES_ON.to_owned());
            self.tell(Ask::Results(vec![result]));
        }
    }

    fn give_results(&mut self, now: Instant) {
        if self.functions.is_busy() || self.functions.results.is_empty() {
            return;
        }
        let results = std::mem::take(&mut self.functions.results);
        self.answer.has_sounded = false;
        if self.waiting.is_none() && !self.mouth.is_busy() {
            self.wait_from(now);
        }
        self.tell(Ask::Results(results));
    }

    pub(super) fn function_result(&mut self, now: Instant, job: Job, result: String) {
        if let Some(answered) = self.functions.at_work.answered(job, result) {
            self.functions.results.push(answered);
            self.give_results(now);
        }
    }

    pub(super) fn function_failed(&mut self, now: Instant, job: Job, why: &str) -> bool {
        let is_known = self.functions.at_work.has(job);
        if is_known {
            self.note_failure(Engine::Tool, why.to_owned());
            // The engine may know another way, or say so.
            self.function_result(now, job, format!("error: {why}"));
        }
        is_known
    }

    pub(super) fn calls_void(&mut self, ids: &[String]) {
        let is_void = |call: &ToolCall| ids.contains(&call.id);
        self.functions.results.retain(|(call, _)| !is_void(call));
        self.functions.at_work.void(&mut self.outbox, is_void);
    }

    /// Nobody waits for results any more.
    pub(super) fn drop_functions(&mut self) {
        self.functions.at_work.void(&mut self.outbox, |_| true);
        self.functions.results.clear();
        self.functions.ending = None;
    }
}
