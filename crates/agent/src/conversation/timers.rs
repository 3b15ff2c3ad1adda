//! What happens because nothing else does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::HangupCause;

use super::{Conversation, Engine, Waiting};

/// How long after the last word we say that it takes a moment. With a voice that is dead as well,
/// the caller hears a sound before 3 s have passed.
const WAIT_SAID: Duration = Duration::from_millis(1_700);
/// How long after it a sound is played where no voice has said so.
const WAIT_PLAYED: Duration = Duration::from_millis(2_600);

impl Conversation {
    /// When something is to be done if nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.over {
            return None;
        }
        let mine = [
            self.caller_deadline(),
            self.reply_deadline(),
            self.mouth.deadline(),
            self.waiting.and_then(|waiting| waiting.deadline()),
            self.quiet_since.map(|since| since + self.settings.silence),
            self.longest(),
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
        if self.longest().is_some_and(|end| end <= now) {
            let settings = Arc::clone(&self.settings);
            self.end_with(now, &settings.phrases.farewell, HangupCause::Normal);
        }
    }

    /// What follows from all that happened.
    pub(super) fn settle(&mut self, now: Instant) {
        self.end_if_said();
        let is_quiet = self.answered.is_some()
            && !self.has_the_floor()
            && self.caller.is_none()
            && self.keys.deadline().is_none()
            && self.ask_by.is_none()
            && !self.on_hold
            && !self.transferring;
        match is_quiet {
            true => _ = self.quiet_since.get_or_insert(now),
            false => self.quiet_since = None,
        }
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
        let due = self.quiet_since.map(|since| since + self.settings.silence);
        if due.is_none_or(|due| due > now) {
            return;
        }
        self.quiet_since = None;
        self.prompts += 1;
        if self.prompts > self.settings.silence_prompts {
            self.leave(now);
        } else {
            let settings = Arc::clone(&self.settings);
            self.say(now, &settings.phrases.silence);
        }
    }

    /// When the call is too long; nothing once that is being said.
    fn longest(&self) -> Option<Instant> {
        let is_final = self.ending.as_ref().is_some_and(|ending| ending.is_final);
        let answered = self.answered.filter(|_| !is_final && !self.transferring);
        answered.map(|answered| answered + self.settings.longest)
    }
}

impl Waiting {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match (self.said, self.played) {
            (false, _) => Some(self.since + WAIT_SAID),
            (true, false) => Some(self.since + WAIT_PLAYED),
            (true, true) => None,
        }
    }
}
