//! Apologies, goodbyes, and what is done once they were heard.

use std::sync::Arc;
use std::time::Instant;

use trunkline_call::{HangupCause, Target};

use super::{Conversation, Engine, Note};

/// After so many failures in a row we do not ask the caller to try again.
const FAILURES_MAX: u32 = 3;

/// What is done once all was said.
#[derive(Debug)]
pub(super) struct Ending {
    pub what: What,
    /// Whether nothing that the caller says changes it.
    pub is_final: bool,
}

#[derive(Debug)]
pub(super) enum What {
    HangUp(HangupCause),
    Transfer(Target),
}

impl Ending {
    pub fn hang_up() -> Self {
        Self {
            what: What::HangUp(HangupCause::Normal),
            is_final: false,
        }
    }

    pub fn transfer(target: Target) -> Self {
        Self {
            what: What::Transfer(target),
            is_final: false,
        }
    }
}

impl Conversation {
    /// What the caller said could not be answered.
    pub(super) fn sorry(&mut self, now: Instant) {
        self.failures += 1;
        if self.failures >= FAILURES_MAX {
            let settings = Arc::clone(&self.settings);
            self.end_with(now, &settings.phrases.failure, HangupCause::Error);
        } else if !std::mem::replace(&mut self.apology.said, true) {
            let settings = Arc::clone(&self.settings);
            let sorry = &settings.phrases.sorry;
            self.mouth.say(now, sorry, None, &mut self.outbox);
        }
    }

    /// A sentence could not be spoken: an apology by voice would not be either.
    pub(super) fn voice_failed(&mut self, now: Instant, why: String) {
        self.note_failure(Engine::Voice, why);
        if std::mem::replace(&mut self.apology.played, true) {
            return;
        }
        self.failures += 1;
        self.sounded(now);
        let settings = Arc::clone(&self.settings);
        self.mouth
            .play(now, &settings.sounds.sorry, &mut self.outbox);
        if self.failures >= FAILURES_MAX && self.course.ending.is_none() {
            self.course.end_finally(HangupCause::Error);
        }
    }

    /// Says goodbye whatever was going on, and nothing stops it any more.
    pub(super) fn end_with(&mut self, now: Instant, phrase: &str, cause: HangupCause) {
        if self.course.is_final() {
            return;
        }
        self.interrupt();
        self.take_caller();
        self.wait_from(now);
        self.course.end_finally(cause);
        self.say(now, phrase);
    }

    /// The caller does not answer any more.
    pub(super) fn leave(&mut self, now: Instant) {
        let settings = Arc::clone(&self.settings);
        self.course.ending = Some(Ending::hang_up());
        self.say(now, &settings.phrases.farewell);
    }

    /// Does what was to be done once all was said.
    pub(super) fn end_if_said(&mut self) {
        let is_heard = !self.has_the_floor() && self.caller.is_none() && self.ask_by.is_none();
        if is_heard {
            self.course.conclude(&mut self.outbox);
        }
    }

    pub(super) fn not_transferred(&mut self, now: Instant, why: String) {
        if std::mem::take(&mut self.course.transferring) {
            self.outbox.tell(Note::NotTransferred(why));
            let settings = Arc::clone(&self.settings);
            self.wait_from(now);
            self.say(now, &settings.phrases.not_reached);
        }
    }
}
