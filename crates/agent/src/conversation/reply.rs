//! What the language model says and asks for.

use std::time::{Duration, Instant};

use super::ending::Ending;
use super::mouth::Origin;
use super::{Conversation, Engine, Job};
use crate::history::{Place, ToolCall};
use crate::sentences::Sentences;
use crate::tools::Asked;

/// The longest answer, in bytes: some two minutes. What follows is not said.
pub const REPLY_BYTES_MAX: usize = 2_000;
/// The most functions that one answer calls.
pub const TOOL_CALLS_MAX: usize = 8;
/// How often functions are called before the caller is answered.
pub const TOOL_ROUNDS_MAX: u32 = 5;
/// How long a language model may be silent.
const MODEL_MAX: Duration = Duration::from_secs(12);
/// How long the call may take to say how much was heard.
const CLEARED_MAX: Duration = Duration::from_millis(300);

/// An answer that the model is giving.
#[derive(Debug)]
pub(super) struct Reply {
    pub job: Job,
    place: Place,
    sentences: Sentences,
    bytes: usize,
    has_spoken: bool,
    calls: Vec<ToolCall>,
    until: Instant,
}

impl Conversation {
    /// Answers the caller's words, which are in the history.
    pub(super) fn begin_answer(&mut self, now: Instant) {
        self.rounds = 0;
        self.apology = super::Apology::default();
        self.ask_model(now);
    }

    /// Asks as soon as it is known what was heard of us.
    fn ask_model(&mut self, now: Instant) {
        match self.mouth.is_taking_back() {
            true => self.ask_by = Some(now + CLEARED_MAX),
            false => self.ask_model_now(now),
        }
    }

    fn ask_model_now(&mut self, now: Instant) {
        if let Some(reply) = self.reply.take() {
            self.outbox.cancel(reply.job);
        }
        let messages = self.history.messages(&self.settings.prompt);
        let job = self.outbox.think(messages);
        self.rounds += 1;
        self.reply = Some(Reply {
            job,
            place: self.history.open(),
            sentences: Sentences::default(),
            bytes: 0,
            has_spoken: false,
            calls: Vec::new(),
            until: now + MODEL_MAX,
        });
    }

    /// Asks where that was only put off.
    pub(super) fn ask_if_settled(&mut self, now: Instant) {
        let Some(by) = self.ask_by else {
            return;
        };
        if by <= now {
            self.cut(None);
        }
        if !self.mouth.is_taking_back() {
            self.ask_by = None;
            self.ask_model_now(now);
        }
    }

    pub(super) fn words(&mut self, now: Instant, job: Job, text: &str) {
        let Some(reply) = self.reply.as_mut().filter(|reply| reply.job == job) else {
            return;
        };
        reply.until = now + MODEL_MAX;
        let room = REPLY_BYTES_MAX - reply.bytes;
        let text_len = text.len();
        let text = &text[..text.floor_char_boundary(room)];
        reply.bytes += text.len();
        reply.sentences.push(text);
        while let Some(sentence) = self.reply.as_mut().and_then(|reply| reply.sentences.pop()) {
            self.say_of_reply(now, &sentence);
        }
        if text_len > room {
            self.outbox.cancel(job);
            self.thought(now, job);
        }
    }

    fn say_of_reply(&mut self, now: Instant, sentence: &str) {
        if let Some(reply) = &mut self.reply {
            reply.has_spoken = true;
            if self.mouth.is_full() {
                return;
            }
            let place = reply.place;
            let begins = self.history.say(place, sentence);
            let origin = Some(Origin { place, begins });
            self.mouth.say(now, sentence, origin, &mut self.outbox);
        }
    }

    pub(super) fn tool_call(&mut self, job: Job, call: ToolCall) {
        let reply = self.reply.as_mut().filter(|reply| reply.job == job);
        if let Some(reply) = reply.filter(|reply| reply.calls.len() < TOOL_CALLS_MAX) {
            reply.calls.push(call);
        }
    }

    /// The answer is complete.
    pub(super) fn thought(&mut self, now: Instant, job: Job) {
        let Some(reply) = self.reply.as_mut().filter(|reply| reply.job == job) else {
            return;
        };
        if let Some(rest) = reply.sentences.rest() {
            self.say_of_reply(now, &rest);
        }
        let Some(reply) = self.reply.take() else {
            return;
        };
        if !reply.has_spoken && reply.calls.is_empty() {
            self.note_failure(Engine::Language, "it had no answer".to_owned());
            return self.sorry(now);
        }
        self.failures = 0;
        let wants_results = self.carry_out(now, &reply);
        if wants_results && self.tools.is_empty() {
            self.next_round(now);
        }
    }

    /// Does what the answer asks for; whether the model waits for results.
    fn carry_out(&mut self, now: Instant, reply: &Reply) -> bool {
        let settings = std::sync::Arc::clone(&self.settings);
        let mut wants_results = false;
        for call in &reply.calls {
            self.history.call(reply.place, call.clone());
        }
        for call in &reply.calls {
            match settings.asked(call) {
                Asked::HangUp => {
                    self.course.ending = Some(Ending::hang_up());
                    self.history.result(call, "the call ends now".to_owned());
                    self.say_unless(reply.has_spoken, now, &settings.phrases.farewell);
                }
                Asked::Transfer(target) => {
                    self.course.ending = Some(Ending::transfer(target));
                    self.history
                        .result(call, "the caller is handed over".to_owned());
                    self.say_unless(reply.has_spoken, now, &settings.phrases.hand_over);
                }
                Asked::Press(keys) => {
                    self.outbox.press(keys);
                    self.history.result(call, "pressed".to_owned());
                    wants_results |= !reply.has_spoken;
                }
                Asked::Other => {
                    self.tools.begin(now, call.clone(), &mut self.outbox);
                    wants_results = true;
                }
                Asked::Wrong(why) => {
                    self.history.result(call, why);
                    wants_results = true;
                }
            }
        }
        wants_results && self.course.ending.is_none()
    }

    fn say_unless(&mut self, has_spoken: bool, now: Instant, phrase: &str) {
        if !has_spoken {
            self.say(now, phrase);
        }
    }

    fn next_round(&mut self, now: Instant) {
        if self.rounds >= TOOL_ROUNDS_MAX {
            self.note_failure(Engine::Language, "it only calls functions".to_owned());
            return self.sorry(now);
        }
        if self.waiting.is_none() {
            self.wait_from(now);
        }
        self.ask_model(now);
    }

    pub(super) fn tool_result(&mut self, now: Instant, job: Job, result: String) {
        let Some((call, result)) = self.tools.answered(job, result) else {
            return;
        };
        self.history.result(&call, result);
        if self.tools.is_empty() && self.course.ending.is_none() {
            self.next_round(now);
        }
    }

    pub(super) fn tool_failed(&mut self, now: Instant, job: Job, why: &str) -> bool {
        let is_known = self.tools.has(job);
        if is_known {
            self.note_failure(Engine::Tool, why.to_owned());
            // The model may know another way, or say so.
            self.tool_result(now, job, format!("error: {why}"));
        }
        is_known
    }

    /// Functions at work are not waited for; the model knows that they were called.
    pub(super) fn drop_tools(&mut self, why: &str) {
        for call in self.tools.void(&mut self.outbox, |_| true) {
            self.history.result(&call, format!("error: {why}"));
        }
    }

    pub(super) fn language_failed(&mut self, now: Instant, job: Job, why: &str) -> bool {
        let is_known = self.reply.as_ref().is_some_and(|reply| reply.job == job);
        if is_known {
            // Half a sentence that was not said yet is not said any more.
            self.reply = None;
            self.note_failure(Engine::Language, why.to_owned());
            self.sorry(now);
        }
        is_known
    }

    pub(super) fn reply_deadline(&self) -> Option<Instant> {
        let reply = self.reply.as_ref().map(|reply| reply.until);
        let due = [reply, self.tools.deadline(), self.ask_by];
        due.into_iter().flatten().min()
    }

    pub(super) fn pass_reply_deadlines(&mut self, now: Instant) {
        self.ask_if_settled(now);
        let late = self.reply.as_ref().filter(|reply| reply.until <= now);
        if let Some(job) = late.map(|reply| reply.job) {
            self.outbox.cancel(job);
            self.language_failed(now, job, "no answer in time");
        }
        if let Some(job) = self.tools.late(now) {
            self.outbox.cancel(job);
            self.tool_failed(now, job, "no result in time");
        }
    }
}
