//! What is made of the sounds of both directions.

use super::side::{Moment, Speech};
use super::stages::Course;
use super::{
    Answer, DEAF_AFTER_WORD_US, Finding, INTERRUPTION_MIN_US, Interruption, SILENT_US, SURE_US,
    Stages, TurnTimer, UTTERANCE_MIN_US, YIELD_MAX_US, duration,
};

impl TurnTimer {
    pub(super) fn caller_began(&mut self, speech: &Speech) {
        let began_us = speech.began.at_us;
        let ours = self
            .ours
            .speech()
            .filter(|_| self.ours.is_speaking(began_us));
        let is_over_us = ours.is_some_and(|ours| ours.began.at_us < began_us);
        // After a cough, what counts is what was meant.
        let is_open = self
            .interruption
            .is_some_and(|it| it.is_meant || it.stopped_us.is_some());
        if is_over_us && !is_open {
            self.interruption = Some(Interruption {
                onset: speech.began,
                is_meant: false,
                stopped_us: None,
                given_us: None,
            });
        }
    }

    /// Our sound may be an answer to what the caller has said by now.
    pub(super) fn we_began(&mut self, sound: Moment) {
        self.unanswered_us = None;
        self.deaf_told = false;
        let word = self.word.filter(|word| word.at_us <= sound.at_us);
        let given_us = self.given.at(sound.position);
        self.answer.get_or_insert(Answer {
            sound,
            given_us: given_us.unwrap_or(sound.times.handed_us),
            word,
        });
    }

    /// The caller is known a little further.
    pub(super) fn note_word(&mut self) {
        let Some(speech) = self.caller.speech().copied() else {
            return;
        };
        let asked_us = speech.last.at_us - speech.began.at_us.max(self.answered_us);
        if asked_us < UTTERANCE_MIN_US {
            return;
        }
        self.word = Some(speech.last);
        if let Some(answer) = &mut self.answer
            && speech.last.at_us <= answer.sound.at_us
        {
            answer.word = self.word;
        }
        let was_silent = |ours: &Speech| ours.last.at_us < speech.last.at_us;
        let is_unanswered = self.ours.speech().is_none_or(was_silent);
        if is_unanswered && !self.caller.is_speaking(self.known_us) && !self.deaf_told {
            self.unanswered_us.get_or_insert(speech.last.at_us);
        }
    }

    pub(super) fn look(&mut self, now_us: i64) {
        if let Some(answer) = self.answer
            && self.known_us >= answer.sound.at_us + SURE_US
        {
            self.answer = None;
            self.judge_answer(&answer);
        }
        if self.interruption.is_some() {
            self.judge_interruption(now_us);
        }
        self.look_for_deafness(now_us);
    }

    fn judge_answer(&mut self, answer: &Answer) {
        let sound = &answer.sound;
        // Who begins while the caller speaks does not answer.
        let talks_over = self.caller.speech().is_some_and(|caller| {
            caller.began.at_us < sound.at_us && caller.last.at_us > sound.at_us
        });
        if let Some(word) = answer.word.filter(|_| !talks_over) {
            let course = Course {
                spoken_us: word.at_us,
                arrived_us: word.times.arrived_us,
                heard_us: word.times.handed_us,
                answered_us: answer.given_us,
                sent_us: sound.at_us,
                decode_us: word.times.filter_us,
                encode_us: sound.times.filter_us,
            };
            self.findings.push_back(Finding::Turn {
                at: duration(sound.at_us),
                stages: Stages::of(&course),
            });
        }
        // A caller who goes on speaking asks the next question from here on.
        self.answered_us = sound.at_us;
        self.word = None;
    }

    fn judge_interruption(&mut self, now_us: i64) {
        let (Some(ours), Some(caller)) = (self.ours.speech().copied(), self.caller.speech()) else {
            return;
        };
        let caller_us = caller.last.at_us;
        let Some(interruption) = &mut self.interruption else {
            return;
        };
        let onset_us = interruption.onset.at_us;
        interruption.is_meant |= caller_us - onset_us >= INTERRUPTION_MIN_US;
        if now_us - ours.last.at_us >= SILENT_US {
            self.yielded(&ours);
        } else if ours.last.at_us - onset_us >= YIELD_MAX_US {
            self.went_on();
        }
    }

    /// We speak again. Where the application had stopped what it was saying, this is something else.
    pub(super) fn settle(&mut self, before: Option<Speech>) {
        let stopped = self.interruption.is_some_and(|it| it.stopped_us.is_some());
        if let Some(before) = before.filter(|_| stopped) {
            self.yielded(&before);
        }
    }

    /// Our speech ended after the caller had begun.
    fn yielded(&mut self, ours: &Speech) {
        let Some(interruption) = self.interruption.take() else {
            return;
        };
        let (onset, last) = (interruption.onset, ours.last);
        let is_meant = interruption.is_meant || interruption.stopped_us.is_some();
        // Where we had fallen silent by ourselves, nobody was interrupted.
        if last.at_us <= onset.at_us || !is_meant {
            return;
        }
        let ended_us = interruption.stopped_us.or(interruption.given_us);
        let course = Course {
            spoken_us: onset.at_us,
            arrived_us: onset.times.arrived_us,
            heard_us: onset.times.handed_us,
            answered_us: ended_us.unwrap_or(last.times.handed_us),
            sent_us: last.at_us,
            decode_us: onset.times.filter_us,
            encode_us: last.times.filter_us,
        };
        self.findings.push_back(Finding::Interrupted {
            at: duration(onset.at_us),
            yielded: Some(Stages::of(&course)),
        });
    }

    /// We still speak, long after the caller began.
    fn went_on(&mut self) {
        let interruption = self.interruption.take().filter(|it| it.is_meant);
        self.findings
            .extend(interruption.map(|interruption| Finding::Interrupted {
                at: duration(interruption.onset.at_us),
                yielded: None,
            }));
    }

    fn look_for_deafness(&mut self, now_us: i64) {
        let (Some(limit_us), Some(since_us)) = (self.deaf_after_us, self.unanswered_us) else {
            return;
        };
        let word_us = self.caller.speech().map_or(0, |speech| speech.last.at_us);
        let is_waiting = now_us - word_us >= DEAF_AFTER_WORD_US.min(limit_us);
        if now_us - since_us < limit_us || !is_waiting {
            return;
        }
        self.unanswered_us = None;
        self.deaf_told = true;
        self.findings.push_back(Finding::Deaf {
            at: duration(since_us),
            silence: duration(now_us - since_us),
        });
    }
}
