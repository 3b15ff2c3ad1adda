//! What the caller says and presses, until it is a turn or nothing.

use std::time::{Duration, Instant};

use trunkline_audio::FRAME_SAMPLES;
use trunkline_call::Digit;

use super::backchannel::{is_backchannel, words};
use super::ear::Heard;
use super::{Conversation, Engine, Job, Note};

/// The most that a caller says at once: 30 s. What follows belongs to the next turn.
pub const UTTERANCE_SAMPLES_MAX: usize = 30 * 16_000;
/// The most of it that is judged whether it was all: its last 8 s.
pub const JUDGED_SAMPLES_MAX: usize = 8 * 16_000;
/// The longest transcript, in bytes.
pub const TRANSCRIPT_BYTES_MAX: usize = 4_000;
/// Less than this is a click.
const CLICK: Duration = Duration::from_millis(60);
/// Less than this while we speak is a cough: we go on without asking anybody.
const COUGH: Duration = Duration::from_millis(150);
/// Whoever speaks so long while we do wants to say something, whatever it is.
const INTERRUPTION: Duration = Duration::from_millis(800);
/// The same where nobody can tell us the words.
const INTERRUPTION_UNHEARD: Duration = Duration::from_millis(400);
/// Who says "yes" so shortly before our end answers; before that they only listen.
const LAST_WORDS: Duration = Duration::from_millis(1_000);
/// How long a speech engine may take.
const TRANSCRIPT_MAX: Duration = Duration::from_secs(6);

/// What the caller is saying.
#[derive(Debug)]
pub(super) struct Utterance {
    began: Instant,
    samples: Vec<i16>,
    spoken: Duration,
    phase: Phase,
    transcript: Transcript,
    /// Asked whether it was all.
    judge: Option<Job>,
    /// It began while we spoke, and it is not known yet whether it means anything.
    pub interrupts: bool,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Speaking,
    Paused { last_word: Instant },
    Over,
}

#[derive(Debug)]
enum Transcript {
    None,
    Asked { job: Job, until: Instant },
    Known(String),
    Failed,
}

impl Conversation {
    pub(super) fn frame(&mut self, now: Instant, frame: &[i16; FRAME_SAMPLES]) {
        let played = self.mouth.frame_played();
        let heard = self.ear.hear(frame, &played);
        self.keep(now, frame);
        match heard {
            Some(Heard::Began { ago }) => self.caller_began(now, ago),
            Some(Heard::Paused { ago, spoken }) => self.caller_paused(now, ago, spoken),
            Some(Heard::WasEcho) => self.drop_caller(),
            None => self.judge_length(now),
        }
    }

    fn keep(&mut self, now: Instant, frame: &[i16]) {
        let Some(caller) = &mut self.caller else {
            return;
        };
        if matches!(caller.phase, Phase::Over) {
            return;
        }
        caller.samples.extend(frame);
        self.outbox.hear(frame.to_vec());
        if caller.samples.len() >= UTTERANCE_SAMPLES_MAX {
            self.order_transcript(now);
            self.turn_ended(now, now);
        }
    }

    fn caller_began(&mut self, now: Instant, ago: Duration) {
        if !self.course.is_answered() || self.course.is_leaving() {
            return;
        }
        match &mut self.caller {
            // They go on: what was transcribed was not all.
            Some(caller) => {
                if let Transcript::Asked { job, .. } = caller.transcript {
                    self.outbox.cancel(job);
                }
                if let Some(job) = caller.judge.take() {
                    self.outbox.cancel(job);
                }
                caller.transcript = Transcript::None;
                caller.phase = Phase::Speaking;
                self.waiting = None;
            }
            None => {
                let samples: Vec<i16> = self.ear.before().collect();
                self.outbox.hear(samples.clone());
                self.caller = Some(Utterance {
                    began: now.checked_sub(ago).unwrap_or(now),
                    samples,
                    spoken: Duration::ZERO,
                    phase: Phase::Speaking,
                    transcript: Transcript::None,
                    judge: None,
                    interrupts: false,
                });
            }
        }
        if self.has_the_floor() && self.settings.barge_in {
            self.mouth.hold(&mut self.outbox);
            if let Some(caller) = &mut self.caller {
                caller.interrupts = true;
            }
        }
    }

    fn caller_paused(&mut self, now: Instant, ago: Duration, spoken: Duration) {
        let Some(caller) = &mut self.caller else {
            return;
        };
        if matches!(caller.phase, Phase::Over) {
            return;
        }
        caller.spoken += spoken;
        let is_cough = caller.interrupts && caller.spoken < COUGH;
        if caller.spoken < CLICK || is_cough {
            self.drop_caller();
            return;
        }
        let last_word = now.checked_sub(ago).unwrap_or(now);
        caller.phase = Phase::Paused { last_word };
        self.order_judgement();
        self.order_transcript(now);
    }

    /// Ordered before the transcript, which takes longer.
    fn order_judgement(&mut self) {
        if let Some(caller) = self.caller.as_mut().filter(|_| self.settings.judges_turns) {
            let from = caller.samples.len().saturating_sub(JUDGED_SAMPLES_MAX);
            let job = self.outbox.judge(caller.samples[from..].to_vec());
            caller.judge = Some(job);
        }
    }

    /// A pause that sounds like an end is one at once; any other lasts as long as without a judge.
    pub(super) fn judged(&mut self, now: Instant, job: Job, ended: bool) {
        let Some(caller) = self.caller.as_mut().filter(|it| it.judge == Some(job)) else {
            return;
        };
        caller.judge = None;
        if let (true, Phase::Paused { last_word }) = (ended, caller.phase) {
            self.turn_ended(now, last_word);
        }
    }

    pub(super) fn judge_failed(&mut self, job: Job, why: &str) -> bool {
        let Some(caller) = self.caller.as_mut().filter(|it| it.judge == Some(job)) else {
            return false;
        };
        caller.judge = None;
        self.note_failure(Engine::Turn, why.to_owned());
        true
    }

    fn order_transcript(&mut self, now: Instant) {
        if let Some(caller) = &mut self.caller {
            let job = self.outbox.transcribe(caller.samples.clone());
            let until = now + TRANSCRIPT_MAX;
            caller.transcript = Transcript::Asked { job, until };
        }
    }

    /// Whoever goes on speaking while we are silent for it means it.
    fn judge_length(&mut self, now: Instant) {
        let Some(caller) = &self.caller else {
            return;
        };
        let is_long = now.saturating_duration_since(caller.began) >= INTERRUPTION;
        let speaks = matches!(caller.phase, Phase::Speaking) && self.ear.hears_caller();
        if caller.interrupts && speaks && is_long {
            self.interrupt();
        }
    }

    pub(super) fn transcript(&mut self, now: Instant, job: Job, text: &str) {
        if !self
            .caller
            .as_ref()
            .is_some_and(|caller| caller.awaits(job))
        {
            return;
        }
        let mut text = words(text);
        text.truncate(text.floor_char_boundary(TRANSCRIPT_BYTES_MAX));
        let means_nothing = text.is_empty() || self.is_listening_to(&text);
        let Some(caller) = &mut self.caller else {
            return;
        };
        caller.transcript = Transcript::Known(text);
        if caller.interrupts {
            match means_nothing {
                true => return self.drop_caller(),
                false => self.interrupt(),
            }
        }
        self.take_turn(now);
    }

    /// Whether the words only ask us to go on, and there is something to go on with.
    fn is_listening_to(&self, text: &str) -> bool {
        let thinks = self.reply.is_some() || !self.tools.is_empty();
        let goes_on = thinks || self.mouth.left().is_none_or(|left| left > LAST_WORDS);
        is_backchannel(text) && goes_on
    }

    /// The caller said nothing after all.
    fn drop_caller(&mut self) {
        let Some(caller) = self.take_caller() else {
            return;
        };
        if let Transcript::Asked { job, .. } = caller.transcript {
            self.outbox.cancel(job);
        }
        if let Some(job) = caller.judge {
            self.outbox.cancel(job);
        }
        self.waiting = self.waiting.filter(|_| self.reply.is_some());
        if caller.interrupts {
            self.mouth.release(&mut self.outbox);
            self.outbox.tell(Note::WentOn);
        }
    }

    /// Nothing more belongs to what the caller is saying.
    pub(super) fn take_caller(&mut self) -> Option<Utterance> {
        let caller = self.caller.take()?;
        self.outbox.heard_all();
        Some(caller)
    }

    fn turn_ended(&mut self, now: Instant, last_word: Instant) {
        if let Some(caller) = &mut self.caller {
            caller.phase = Phase::Over;
            if let Some(job) = caller.judge.take() {
                self.outbox.cancel(job);
            }
            self.wait_from(last_word);
            self.take_turn(now);
        }
    }

    /// Answers what the caller said, once it is known what it was and that it was all.
    fn take_turn(&mut self, now: Instant) {
        let Some(caller) = self.caller.as_ref() else {
            return;
        };
        if caller.interrupts || !matches!(caller.phase, Phase::Over) {
            return;
        }
        match &caller.transcript {
            Transcript::Known(text) => {
                let text = text.clone();
                self.take_caller();
                self.answer(now, &text);
            }
            Transcript::Failed => {
                self.take_caller();
                self.sorry(now);
            }
            Transcript::None | Transcript::Asked { .. } => {}
        }
    }

    fn answer(&mut self, now: Instant, text: &str) {
        if text.is_empty() {
            self.waiting = None;
            return;
        }
        self.outbox.tell(Note::Heard(text.to_owned()));
        self.history.caller(text);
        self.silence.caller_is_there();
        self.begin_answer(now);
    }

    pub(super) fn speech_failed(&mut self, now: Instant, job: Job, why: &str) -> bool {
        let Some(caller) = self.caller.as_mut().filter(|caller| caller.awaits(job)) else {
            return false;
        };
        caller.transcript = Transcript::Failed;
        let is_long = caller.spoken >= INTERRUPTION_UNHEARD;
        let interrupts = caller.interrupts;
        self.note_failure(Engine::Speech, why.to_owned());
        if interrupts && !is_long {
            self.drop_caller();
            return true;
        }
        if interrupts {
            self.interrupt();
        }
        self.take_turn(now);
        true
    }

    pub(super) fn key(&mut self, now: Instant, digit: Digit) {
        if !self.course.is_answered() || self.course.is_final() {
            return;
        }
        if self.has_the_floor() {
            self.interrupt();
        }
        if self.keys.press(now, digit) {
            self.keys_entered(now);
        }
    }

    fn keys_entered(&mut self, now: Instant) {
        if let Some(keys) = self.keys.take() {
            self.wait_from(now);
            self.answer(now, &keys);
        }
    }

    pub(super) fn caller_deadline(&self) -> Option<Instant> {
        let caller = self.caller.as_ref();
        let turn = caller.and_then(|caller| caller.turn_ends(self.settings.end_of_turn));
        let transcript = caller.and_then(|caller| match caller.transcript {
            Transcript::Asked { until, .. } => Some(until),
            _ => None,
        });
        [turn, transcript, self.keys.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn pass_caller_deadlines(&mut self, now: Instant) {
        if let Some(caller) = &self.caller {
            if let Transcript::Asked { job, until } = caller.transcript
                && until <= now
            {
                self.outbox.cancel(job);
                self.speech_failed(now, job, "no transcript in time");
            } else if let Phase::Paused { last_word } = caller.phase
                && caller
                    .turn_ends(self.settings.end_of_turn)
                    .is_some_and(|end| end <= now)
            {
                self.turn_ended(now, last_word);
            }
        }
        if self.keys.deadline().is_some_and(|until| until <= now) {
            self.keys_entered(now);
        }
    }
}

impl Utterance {
    fn awaits(&self, job: Job) -> bool {
        matches!(self.transcript, Transcript::Asked { job: asked, .. } if asked == job)
    }

    fn turn_ends(&self, silence: Duration) -> Option<Instant> {
        match self.phase {
            Phase::Paused { last_word } => Some(last_word + silence),
            Phase::Speaking | Phase::Over => None,
        }
    }
}
