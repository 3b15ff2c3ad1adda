//! What happens because nothing else does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::HangupCause;

use super::super::ending::{Ending, What};
use super::super::silence::Broken;
use super::{Engine, Relay};

/// How long an engine may be silent that has something to answer.
const ANSWER_MAX: Duration = Duration::from_secs(12);

impl Relay {
    /// When something is to be done if nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.course.over {
            return None;
        }
        let waiting = self.waiting.as_ref();
        let due = [
            self.link.deadline(),
            self.keys.deadline(),
            self.functions.at_work.deadline(),
            self.mouth.deadline(),
            self.answer.held_until,
            waiting.map(|waiting| waiting.deadline().unwrap_or(waiting.since + ANSWER_MAX)),
            self.silence.deadline(&self.settings),
            self.course.longest(&self.settings),
        ];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn pass_deadlines(&mut self, now: Instant) {
        self.open_if_due(now);
        if self.keys.deadline().is_some_and(|due| due <= now) {
            self.keys_entered(now);
        }
        if let Some(job) = self.functions.at_work.late(now) {
            self.outbox.cancel(job);
            self.function_failed(now, job, "no result in time");
        }
        if let Some(job) = self.mouth.dead_voice(now) {
            self.outbox.cancel(job);
            self.voice_ended(now, job, "no sound in time");
        }
        if self.answer.held_until.is_some_and(|due| due <= now) {
            self.release();
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
            && self.waiting.is_none()
            && !self.mouth.is_busy()
            && !self.answer.is_open()
            && !self.functions.is_busy()
            && !self.ear.hears_caller()
            && self.keys.deadline().is_none();
        self.silence.settle(now, is_quiet);
    }

    fn fill_the_wait(&mut self, now: Instant) {
        let settings = Arc::clone(&self.settings);
        let Some(waiting) = &mut self.waiting else {
            return;
        };
        let Some(due) = waiting.deadline() else {
            if waiting.since + ANSWER_MAX <= now {
                self.nothing_came(now);
            }
            return;
        };
        if due > now {
            return;
        }
        if self.mouth.has_sound() {
            // They hear something while they wait.
            waiting.since = now;
        } else if !waiting.said && self.is_heard {
            waiting.said = true;
            self.say_meanwhile(now);
        } else if !waiting.said {
            // It may have been a noise: to that nobody says anything.
            waiting.said = true;
        } else {
            waiting.played = true;
            self.mouth
                .play(now, &settings.sounds.wait, &mut self.outbox);
        }
    }

    /// The voice that stands in says what the engine does not.
    fn say_meanwhile(&mut self, now: Instant) {
        let settings = Arc::clone(&self.settings);
        let phrases = &settings.phrases;
        let phrase = match self.course.ending.as_ref().map(|ending| &ending.what) {
            None => &phrases.wait,
            Some(ending) => {
                // That was all there was to wait for.
                self.waiting = None;
                match ending {
                    What::HangUp(_) => &phrases.farewell,
                    What::Transfer(_) => &phrases.hand_over,
                }
            }
        };
        if !self.mouth.is_busy() {
            self.mouth.say(now, phrase, None, &mut self.outbox);
        }
    }

    /// The engine owes an answer, or has never heard the question.
    fn nothing_came(&mut self, now: Instant) {
        self.waiting = None;
        if self.link.is_open() && std::mem::take(&mut self.is_heard) {
            self.wait_from(now);
            self.lost(now, "no answer in time".to_owned());
        } else {
            self.note_failure(Engine::Realtime, "it did not hear the caller".to_owned());
        }
    }

    fn break_the_silence(&mut self, now: Instant) {
        let settings = Arc::clone(&self.settings);
        match self.silence.broken(now, &settings) {
            Some(Broken::Prompt) => self.say(now, &settings.phrases.silence),
            Some(Broken::Farewell) => {
                self.course.ending = Some(Ending::hang_up());
                self.say(now, &settings.phrases.farewell);
            }
            None => {}
        }
    }
}
