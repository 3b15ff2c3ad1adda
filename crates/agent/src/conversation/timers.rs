//! What happens because nothing else does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::HangupCause;

use super::silence::Broken;
use super::{Conversation, Engine, Waiting};

/// How long after the last word we say that it takes a moment. With a voice that is dead as well,
/// the caller hears a sound before 3 s have passed.
const WAIT_SAID: Duration = Duration::from_millis(1_700);
/// How long after it a sound is played where no voice has said so.
const WAIT_PLAYED: Duration = Duration::from_millis(2_600);

impl Conversation {
    /// When something is to be done if nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.course.over {
            return None;
        }
        let mine = [
            self.caller_deadline(),
            self.reply_deadline(),
            self.mouth.deadline(),
            self.waiting.and_then(|waiting| waiting.deadline()),
            self.silence.deadline(&self.settings),
            self.course.longest(&self.settings),
        ];
        mine.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn pass_deadlines(&mut self, now: Instant) {
        self.pass_caller_deadlines(now);
        self.pass_reply_deadlines(now);
        if let Some(job) = self.mouth.dead_voice(now) {
            self.outbox.cancel(job);
            self.failed(now, job, "no sound in time".to_owned());
        }
        self.fill_the_wait(now);
        self.break_the_silence(now);
        let longest = self.course.longest(&self.settings);
        if longest.is_some_and(|end| end <= now) {
            let settings = Arc::clone(&self.settings);
            self.end_with(now, &settings.phrases.farewell, HangupCause::Normal);
        }
    }

    /// What follows from all that happened.
    pub(super) fn settle(&mut self, now: Instant) {
        self.end_if_said();
        let is_quiet = self.course.is_under_way()
            && !self.has_the_floor()
            && self.caller.is_none()
            && self.keys.deadline().is_none()
            && self.ask_by.is_none();
        self.silence.settle(now, is_quiet);
    }

    fn fill_the_wait(&mut self, now: Instant) {
        let settings = Arc::clone(&self.settings);
        let Some(waiting) = &mut self.waiting else {
            return;
        };
        if waiting.deadline().is_none_or(|due| due > now) {
            return;
        }
        if self.mouth.has_sound() {
            // They hear something while they wait.
            waiting.since = now;
        } else if !std::mem::replace(&mut waiting.said, true) {
            // A voice that has been asked already and is silent would not be quicker for this.
            if !self.mouth.is_busy() {
                let wait = &settings.phrases.wait;
                self.mouth.say(now, wait, None, &mut self.outbox);
            }
        } else {
            waiting.played = true;
            self.mouth
                .play(now, &settings.sounds.wait, &mut self.outbox);
            self.note_failure(Engine::Voice, "nothing was heard in time".to_owned());
        }
    }

    fn break_the_silence(&mut self, now: Instant) {
        let settings = Arc::clone(&self.settings);
        match self.silence.broken(now, &settings) {
            Some(Broken::Prompt) => self.say(now, &settings.phrases.silence),
            Some(Broken::Farewell) => self.leave(now),
            None => {}
        }
    }
}

impl Waiting {
    /// The caller waits from then on.
    pub(super) fn from(since: Instant) -> Self {
        Self {
            since,
            said: false,
            played: false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match (self.said, self.played) {
            (false, _) => Some(self.since + WAIT_SAID),
            (true, false) => Some(self.since + WAIT_PLAYED),
            (true, true) => None,
        }
    }
}
