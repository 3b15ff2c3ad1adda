//! The session with the engine, and what happens when it is lost.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::HangupCause;

use super::{Ask, Engine, Output, Relay};

/// After so many losses without an answer between them we say that we cannot help.
pub const LOSSES_MAX: u32 = 3;
/// What a new session is told of the call so far: the last of what was said, in bytes.
pub const REMEMBERED_MAX: usize = 4_000;
/// How long a session may take until it listens.
const OPEN_MAX: Duration = Duration::from_secs(6);
/// How long we wait before a further attempt, times how many there were.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { until: Instant },
    Opening { until: Instant },
    Open,
}

/// The session.
#[derive(Debug)]
pub(super) struct Link {
    state: State,
    /// Losses and failures since something was last heard of it.
    losses: u32,
    /// Whether anything was ever heard of it.
    has_spoken: bool,
    /// Whether the caller is to be told that something went wrong.
    owes_apology: bool,
    /// What was said, for the session after this one.
    said: VecDeque<String>,
}

impl Link {
    pub fn new(now: Instant) -> Self {
        Self {
            state: State::Closed { until: now },
            losses: 0,
            has_spoken: false,
            owes_apology: false,
            said: VecDeque::new(),
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Something was heard of it.
    pub fn works(&mut self) {
        (self.losses, self.has_spoken) = (0, true);
    }

    /// Counts a failure: whether it was one too many.
    pub fn has_failed_too_often(&mut self) -> bool {
        self.losses += 1;
        self.losses >= LOSSES_MAX
    }

    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Closed { until } | State::Opening { until } => Some(until),
            State::Open => None,
        }
    }

    pub fn remember(&mut self, who: &str, text: &str) {
        let text = &text[..text.floor_char_boundary(REMEMBERED_MAX / 4)];
        self.said.push_back(format!("{who}: {text}"));
        let mut length: usize = self.said.iter().map(String::len).sum();
        while length > REMEMBERED_MAX {
            length -= self.said.pop_front().map_or(length, |gone| gone.len());
        }
    }

    fn prompt(&self, prompt: &str) -> String {
        if self.said.is_empty() {
            return prompt.to_owned();
        }
        let said: Vec<&str> = self.said.iter().map(String::as_str).collect();
        let so_far = "The call has been going on for a while. What was said so far:";
        format!("{prompt}\n\n{so_far}\n{}", said.join("\n"))
    }
}

impl Relay {
    /// Opens a session where none is, and loses one that does not begin to listen.
    pub(super) fn open_if_due(&mut self, now: Instant) {
        match self.link.state {
            State::Closed { until } if until <= now && !self.course.is_leaving() => {
                let until = now + OPEN_MAX;
                self.link.state = State::Opening { until };
                let prompt = self.link.prompt(&self.settings.prompt);
                self.asks.push_back(Output::Open { prompt });
            }
            State::Opening { until } if until <= now => {
                self.lost(now, "no session in time".to_owned());
            }
            _ => {}
        }
    }

    pub(super) fn ready(&mut self, now: Instant) {
        if !matches!(self.link.state, State::Opening { .. }) {
            return;
        }
        self.link.state = State::Open;
        let owes_apology = std::mem::take(&mut self.link.owes_apology) || self.waiting.is_some();
        if owes_apology && self.greeted {
            let settings = Arc::clone(&self.settings);
            return self.say_on(now, &settings.phrases.sorry);
        }
        self.greet(now);
    }

    /// Says something in answer to what the caller has waited for since before.
    fn say_on(&mut self, now: Instant, text: &str) {
        if self.waiting.is_none() {
            self.wait_from(now);
        }
        self.tell(Ask::Say(text.to_owned()));
    }

    /// The session is over. What was said is played to its end, and another one is opened.
    pub(super) fn lost(&mut self, now: Instant, why: String) {
        // What it was told has gone nowhere.
        self.asks.clear();
        let was_answering = self.answer.is_open();
        self.answer_ended(now);
        self.drop_functions();
        // Who has never heard us is greeted by the next one.
        self.greeted &= self.link.has_spoken;
        self.note_failure(Engine::Realtime, why);
        if self.link.has_failed_too_often() {
            return self.give_up(now);
        }
        let until = now + PAUSE * (self.link.losses - 1);
        self.link.state = State::Closed { until };
        let is_missed = was_answering || self.waiting.is_some();
        self.link.owes_apology |= is_missed;
        if is_missed && self.waiting.is_none() {
            self.wait_from(now);
        }
    }

    pub(super) fn give_up(&mut self, now: Instant) {
        // Whatever comes next is said by the voice that stands in.
        self.link.state = State::Closed {
            until: now + self.settings.longest,
        };
        let settings = Arc::clone(&self.settings);
        self.end_with(now, &settings.phrases.failure, HangupCause::Error);
    }
}
