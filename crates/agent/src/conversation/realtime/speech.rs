//! Who speaks: the caller's sound goes to the engine, and the engine's to the caller.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_audio::FRAME_SAMPLES;

use super::super::ear::Heard;
use super::super::mouth::Spoke;
use super::{Ask, Engine, Job, Note, Relay, Waiting};

/// Speech that the engine has not heard is waited upon from this length on: less is a noise.
const WORDS_MIN: Duration = Duration::from_millis(400);
/// How long we are silent for a caller whom the engine does not hear.
const HOLD_MAX: Duration = Duration::from_millis(600);
/// Answers whose sound may still be with the call.
const ITEMS_MAX: usize = 16;

/// What the engine is saying, and what it has said.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The answer that sound belongs to, and under what name it is played.
    current: Option<(String, Job)>,
    /// Those before it, too.
    items: Vec<(String, Job)>,
    /// Nothing more of this one is wanted.
    void: Option<String>,
    /// Whether anything was said since the caller last spoke.
    pub has_sounded: bool,
    /// We are silent until then, unless the engine hears the caller.
    pub held_until: Option<Instant>,
}

impl Answer {
    pub fn is_open(&self) -> bool {
        self.current.is_some()
    }
}

impl Relay {
    pub(super) fn frame(&mut self, now: Instant, frame: &[i16; FRAME_SAMPLES]) {
        let played = self.mouth.frame_played();
        let heard = self.ear.hear(frame, &played);
        if self.link.is_open() && !self.course.on_hold && !self.course.is_leaving() {
            let is_deaf = !self.settings.barge_in && self.mouth.is_busy();
            let frame = if is_deaf { &[0; FRAME_SAMPLES] } else { frame };
            self.tell(Ask::Sound(frame.to_vec()));
        }
        match heard {
            Some(Heard::Began { .. }) => self.caller_began(now),
            Some(Heard::Paused { ago, spoken }) => self.caller_paused(now, ago, spoken),
            Some(Heard::WasEcho) => self.release(),
            None => {}
        }
    }

    fn caller_began(&mut self, now: Instant) {
        if !self.course.is_answered() || self.course.is_leaving() {
            return;
        }
        if self.mouth.is_busy() {
            if self.settings.barge_in {
                self.mouth.hold(&mut self.outbox);
                self.answer.held_until = Some(now + HOLD_MAX);
            }
            return;
        }
        self.waiting = None;
    }

    fn caller_paused(&mut self, now: Instant, ago: Duration, spoken: Duration) {
        self.release();
        let is_speech = self.is_heard || spoken >= WORDS_MIN;
        if !self.course.is_answered()
            || self.course.is_leaving()
            || self.mouth.is_busy()
            || !is_speech
        {
            return;
        }
        // Where there is no session, nobody can say whether it was more than a noise.
        self.is_heard |= !self.link.is_open();
        self.answer.has_sounded = false;
        self.waiting = Some(Waiting::from(now.checked_sub(ago).unwrap_or(now)));
    }

    /// The caller meant nothing: we go on.
    pub(super) fn release(&mut self) {
        if self.answer.held_until.take().is_some() {
            self.mouth.release(&mut self.outbox);
            self.outbox.tell(Note::WentOn);
        }
    }

    pub(super) fn caller_interrupts(&mut self, now: Instant) {
        self.is_heard = true;
        self.silence.caller_is_there();
        self.functions.rounds = 0;
        if self.settings.barge_in && !self.course.is_leaving() {
            self.interrupt();
            self.waiting = None;
            // The engine may hear it only after it is over.
            if !self.ear.hears_caller() {
                self.wait_from(now);
            }
        }
    }

    /// Takes back whatever was not heard.
    pub(super) fn interrupt(&mut self) {
        if let Some((item, _)) = self.answer.current.take() {
            self.answer.void = Some(item);
        }
        self.answer.held_until = None;
        self.answer.has_sounded = false;
        self.drop_ending();
        if !self.mouth.is_busy() {
            return self.mouth.release(&mut self.outbox);
        }
        self.mouth.take_back(&mut self.outbox);
        self.outbox.tell(Note::Interrupted);
    }

    /// The call says how much was heard.
    pub(super) fn cleared(&mut self, at_ms: u64) {
        let heard = self.mouth.heard_of_streams(at_ms);
        self.mouth.taken_back(Some(at_ms));
        for (job, ms) in heard {
            let known = self.answer.items.iter().position(|(_, it)| *it == job);
            if let Some(index) = known {
                let (item, _) = self.answer.items.remove(index);
                self.tell(Ask::Heard { item, ms });
            }
        }
    }

    pub(super) fn sound(&mut self, now: Instant, item: String, samples: &[i16]) {
        let is_void = self.answer.void.as_ref() == Some(&item);
        if samples.is_empty() || is_void || self.course.transferring {
            return;
        }
        let job = match &self.answer.current {
            Some((current, job)) if *current == item => *job,
            _ => self.begin_answer(now, item),
        };
        self.answer.has_sounded = true;
        if self.mouth.sound(now, job, samples, &mut self.outbox) == Spoke::Unknown {
            return;
        }
        self.link.works();
        self.is_heard = false;
        if let Some(waiting) = self.waiting.take() {
            let after = now.saturating_duration_since(waiting.since);
            self.outbox.tell(Note::Answers { after });
        }
    }

    fn begin_answer(&mut self, now: Instant, item: String) -> Job {
        self.answer_ended(now);
        // It would only delay what the caller waits for.
        self.mouth.drop_unsaid(&mut self.outbox);
        let job = self.outbox.name();
        self.mouth.stream(job);
        if self.answer.items.len() >= ITEMS_MAX {
            self.answer.items.remove(0);
        }
        self.answer.items.push((item.clone(), job));
        self.answer.current = Some((item, job));
        job
    }

    /// All sound of the answer is there.
    pub(super) fn answer_ended(&mut self, now: Instant) {
        if let Some((_, job)) = self.answer.current.take() {
            self.mouth.ended(now, job, &mut self.outbox);
        }
    }

    /// The engine could not answer; it may be able to the next time.
    pub(super) fn no_answer(&mut self, now: Instant, why: String) {
        self.answer_ended(now);
        self.note_failure(Engine::Realtime, why);
        let settings = Arc::clone(&self.settings);
        if self.link.has_failed_too_often() {
            return self.give_up(now);
        }
        self.waiting = None;
        let sorry = &settings.phrases.sorry;
        self.mouth.say(now, sorry, None, &mut self.outbox);
    }

    /// The voice that stands in has ended, and how.
    pub(super) fn voice_ended(&mut self, now: Instant, job: Job, why: &str) {
        match self.mouth.ended(now, job, &mut self.outbox) {
            Spoke::Unknown | Spoke::Fine | Spoke::First => {}
            Spoke::Nothing => {
                self.note_failure(Engine::Voice, why.to_owned());
                let sounds = &self.settings.sounds;
                let sound = match &mut self.waiting {
                    Some(waiting) => {
                        (waiting.said, waiting.played) = (true, true);
                        &sounds.wait
                    }
                    None => &sounds.sorry,
                };
                self.mouth.play(now, sound, &mut self.outbox);
            }
        }
    }
}
