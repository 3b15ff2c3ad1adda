//! A conversation with one engine that hears, thinks and speaks: the caller's sound goes there as it
//! comes, and what the engine says is played until the caller speaks.
//!
//! When a turn begins and ends is the engine's decision. Ours are what belongs to the call: what was
//! heard of an answer, what functions do, keys, silence, goodbyes, and that nobody is left on a dead
//! line while the engine is silent or gone.

mod functions;
mod link;
mod speech;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use trunkline_call::{CallCommand, CallEvent, Digit, Direction, HangupCause};

use super::course::{Course, not_transferred};
use super::ear::Ear;
use super::keys::Keys;
use super::mouth::Mouth;
use super::outbox::Outbox;
use super::silence::Silence;
use super::{Engine, Job, Note, Waiting};
use crate::history::ToolCall;
use crate::settings::Settings;
use functions::Functions;
use link::Link;
use speech::Answer;

pub use link::{LOSSES_MAX, REMEMBERED_MAX};

/// What the engine is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// The caller's sound at 16 kHz, 20 ms of it.
    Sound(Vec<i16>),
    /// Say this, as it stands.
    Say(String),
    /// The caller did this; answer it.
    Did(String),
    /// What the functions of one [`Event::Calls`] came to; go on.
    Results(Vec<(ToolCall, String)>),
    /// The caller spoke into this answer: only so many ms of its sound were heard.
    Heard {
        /// The answer, as [`Event::Sound`] names it.
        item: String,
        /// From its first sample on.
        ms: u64,
    },
}

/// What the engine does.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It listens.
    Ready,
    /// The caller has begun to speak, or words of theirs were understood.
    Hears,
    /// The caller speaks: what was not heard of the answer is void.
    Interrupted,
    /// More of an answer, at 16 kHz.
    Sound {
        /// The answer's name.
        item: String,
        /// What follows the samples before.
        samples: Vec<i16>,
    },
    /// The answer is complete.
    Done,
    /// There is no answer, in words for the log.
    NoAnswer(String),
    /// Functions are called; [`Ask::Results`] is waited for.
    Calls(Vec<ToolCall>),
    /// Of these calls nothing is wanted any more.
    CallsVoid(Vec<String>),
    /// What the caller said.
    CallerSaid(String),
    /// What the engine said, as far as it was spoken.
    Said(String),
}

/// What happens to the conversation.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// On the call.
    Call(&'a CallEvent),
    /// In the session that was opened last.
    Event(Event),
    /// That session is over: why.
    Lost(String),
    /// What [`super::Input`] says of voices and functions.
    Sound {
        /// The [`super::Output::Speak`] that this answers.
        job: Job,
        /// At 16 kHz.
        samples: &'a [i16],
    },
    /// A voice is complete.
    Finished(Job),
    /// An order will not be fulfilled, or not to its end.
    Failed {
        /// Which.
        job: Job,
        /// In words, for the log.
        why: String,
    },
    /// What a function came to.
    ToolResult {
        /// The [`super::Output::UseTool`] that this answers.
        job: Job,
        /// For the engine.
        result: String,
    },
    /// The deadline of [`super::Output::Timeout`] has passed.
    Timeout,
}

/// What the conversation asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Of the engine: a session. Whatever was before it is void.
    Open {
        /// What it is told of itself, and of the call so far.
        prompt: String,
    },
    /// Of the session.
    Tell(Ask),
    /// Of call, voice and functions: `Call`, `Speak`, `UseTool`, `Cancel`, `Tell` or `Timeout`.
    Other(super::Output),
}

/// The conversation of one call with an engine of speech to speech.
#[derive(Debug)]
pub struct Relay {
    settings: Arc<Settings>,
    outbox: Outbox,
    asks: VecDeque<Output>,
    link: Link,
    ear: Ear,
    mouth: Mouth,
    answer: Answer,
    functions: Functions,
    keys: Keys,
    greeted: bool,
    course: Course,
    silence: Silence,
    waiting: Option<Waiting>,
    /// Whether the engine has heard anything since it last answered.
    is_heard: bool,
}

impl Relay {
    /// A conversation at the beginning of its call. An inbound call is answered.
    pub fn new(now: Instant, settings: Arc<Settings>, direction: Direction) -> Self {
        let mut outbox = Outbox::default();
        if direction == Direction::Inbound {
            outbox.command(CallCommand::Answer);
        }
        let mut relay = Self {
            settings,
            outbox,
            asks: VecDeque::new(),
            link: Link::new(now),
            ear: Ear::new(),
            mouth: Mouth::default(),
            answer: Answer::default(),
            functions: Functions::default(),
            keys: Keys::default(),
            greeted: false,
            course: Course::default(),
            silence: Silence::default(),
            waiting: None,
            is_heard: false,
        };
        relay.open_if_due(now);
        relay
    }

    /// Takes in what happened. Whatever answers no order of ours that still stands is dropped.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.course.over {
            return;
        }
        match input {
            Input::Call(event) => self.call_event(now, event),
            Input::Event(event) => self.event(now, event),
            Input::Lost(why) => self.lost(now, why),
            Input::Sound { job, samples } => {
                self.mouth.sound(now, job, samples, &mut self.outbox);
            }
            Input::Finished(job) => self.voice_ended(now, job, "it was silent"),
            Input::Failed { job, why } => {
                if !self.function_failed(now, job, &why) {
                    self.voice_ended(now, job, &why);
                }
            }
            Input::ToolResult { job, result } => self.function_result(now, job, result),
            Input::Timeout => {}
        }
        if !self.course.over {
            self.pass_deadlines(now);
            self.settle(now);
        }
    }

    /// What is asked next.
    pub fn poll_output(&mut self) -> Output {
        if let Some(ask) = self.asks.pop_front() {
            return ask;
        }
        Output::Other(match self.outbox.pop() {
            Some(output) => output,
            None => super::Output::Timeout(self.deadline()),
        })
    }

    fn call_event(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::Answered => {
                self.course.answer(now);
                self.greet(now);
            }
            CallEvent::Audio { frame, .. } => self.frame(now, frame.samples()),
            CallEvent::Dtmf { digit, .. } => self.key(now, *digit),
            CallEvent::MarkPlayed { mark, at_ms } => self.mouth.mark_played(mark, *at_ms),
            CallEvent::Cleared { at_ms, .. } => self.cleared(*at_ms),
            CallEvent::Paused { at_ms } => self.mouth.at(*at_ms),
            CallEvent::Held => self.course.on_hold = true,
            CallEvent::Resumed => self.course.on_hold = false,
            CallEvent::Transferred(_) | CallEvent::Refused { .. } => {
                if let Some(why) = not_transferred(event) {
                    self.not_transferred(now, why);
                }
            }
            CallEvent::Ended(_) => {
                self.course.over = true;
                self.outbox.clear();
                self.asks.clear();
            }
            CallEvent::Ringing
            | CallEvent::QueueHigh { .. }
            | CallEvent::QueueLow { .. }
            | CallEvent::Turn(_)
            | CallEvent::Interrupted(_)
            | CallEvent::AppDeaf(_) => {}
        }
    }

    fn event(&mut self, now: Instant, event: Event) {
        if !self.link.is_open() && event != Event::Ready {
            return;
        }
        match event {
            Event::Ready => self.ready(now),
            Event::Hears => {
                self.is_heard = true;
                self.silence.caller_is_there();
                self.functions.rounds = 0;
            }
            Event::Interrupted => self.caller_interrupts(now),
            Event::Sound { item, samples } => self.sound(now, item, &samples),
            Event::Done => self.answer_ended(now),
            Event::NoAnswer(why) => self.no_answer(now, why),
            Event::Calls(calls) => self.calls(now, calls),
            Event::CallsVoid(ids) => self.calls_void(&ids),
            Event::CallerSaid(text) => {
                self.link.remember("Caller", &text);
                self.outbox.tell(Note::Heard(text));
            }
            Event::Said(text) => {
                self.link.remember("You", &text);
                self.outbox.tell(Note::Says(text));
            }
        }
    }

    fn tell(&mut self, ask: Ask) {
        self.asks.push_back(Output::Tell(ask));
    }

    fn greet(&mut self, now: Instant) {
        if !self.course.is_answered() || self.greeted || self.settings.greeting.is_empty() {
            return;
        }
        if self.waiting.is_none() {
            self.wait_from(now);
        }
        if self.link.is_open() {
            self.greeted = true;
            self.tell(Ask::Say(self.settings.greeting.clone()));
        }
    }

    /// Has the engine say something, or the voice that stands in where there is none.
    fn say(&mut self, now: Instant, text: &str) {
        if !self.link.is_open() {
            return self.mouth.say(now, text, None, &mut self.outbox);
        }
        self.wait_from(now);
        self.tell(Ask::Say(text.to_owned()));
    }

    /// The caller waits from now on.
    fn wait_from(&mut self, since: Instant) {
        self.is_heard = true;
        self.waiting = Some(Waiting::from(since));
    }

    fn key(&mut self, now: Instant, digit: Digit) {
        if !self.course.is_answered() || self.course.is_leaving() {
            return;
        }
        self.interrupt();
        if self.keys.press(now, digit) {
            self.keys_entered(now);
        }
    }

    fn keys_entered(&mut self, now: Instant) {
        if let Some(keys) = self.keys.take() {
            self.silence.caller_is_there();
            self.functions.rounds = 0;
            self.wait_from(now);
            self.outbox.tell(Note::Heard(keys.clone()));
            self.link.remember("Caller", &keys);
            if self.link.is_open() {
                self.tell(Ask::Did(keys));
            }
        }
    }

    /// Does what was to be done once all was said.
    fn end_if_said(&mut self) {
        let speaks = self.mouth.is_busy() || self.answer.is_open() || self.functions.is_busy();
        if !speaks && self.waiting.is_none() {
            self.course.conclude(&mut self.outbox);
        }
    }

    fn not_transferred(&mut self, now: Instant, why: String) {
        if std::mem::take(&mut self.course.transferring) {
            self.outbox.tell(Note::NotTransferred(why));
            let settings = Arc::clone(&self.settings);
            self.say(now, &settings.phrases.not_reached);
        }
    }

    /// Says goodbye whatever was going on, and nothing stops it any more.
    fn end_with(&mut self, now: Instant, phrase: &str, cause: HangupCause) {
        if self.course.is_leaving() {
            return;
        }
        self.interrupt();
        self.waiting = None;
        self.course.end_finally(cause);
        self.say(now, phrase);
    }

    fn note_failure(&mut self, engine: Engine, why: String) {
        self.outbox.tell(Note::Failed { engine, why });
    }
}
