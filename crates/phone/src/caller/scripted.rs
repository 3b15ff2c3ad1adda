//! The caller as a machine: what it hears and the time go in, commands come out.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::{CallCommand, CallEvent, Digit, HangupCause};

use super::listening::Listening;
use super::mouth::Mouth;
use super::step::{STEPS_MAX, Step};
use crate::softphone::Cue;

/// How long a key is held, and how far apart two are.
const KEY_MS: u32 = 100;
const KEY_EVERY: Duration = Duration::from_millis(250);
/// How often a caller looks whether what they wait for has come.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Which, counted from 0.
    pub step: usize,
    /// When it began.
    pub begun: Instant,
    /// When the first word of it was given to the line, where it says something.
    pub spoke: Option<Instant>,
    /// When it was over.
    pub ended: Instant,
    /// Whether what it waited for came.
    pub met: bool,
    /// What the caller heard meanwhile, in samples since answer.
    pub heard: Range<u64>,
}

/// What a caller does.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// This step begins, counted from 0.
    Began(usize),
    /// This step begins to say something, counted from 0.
    Spoke(usize),
    /// Asks this of the call.
    Command(CallCommand<'static>),
    /// Has the network lose this share of the packets of audio.
    Lose(f64),
    /// Nothing more for now; comes back at this time.
    Timeout(Option<Instant>),
}

/// A caller who follows a script. The drain law holds.
pub struct Scripted {
    steps: VecDeque<Step>,
    /// The step under way, and what is noted of it.
    current: Option<(Step, Note)>,
    begun: usize,
    /// When an answered call can be spoken on; `None` before and after it.
    now: Option<Instant>,
    is_over: bool,
    mouth: Mouth,
    ear: Listening,
    keys_heard: usize,
    /// Keys that are still to be pressed, and when the next one is.
    keys: VecDeque<Digit>,
    key_due: Option<Instant>,
    notes: Vec<Note>,
    outputs: VecDeque<Output>,
}

impl Scripted {
    /// A caller before the call. Steps after the first [`STEPS_MAX`] are left out.
    pub fn new(mut steps: Vec<Step>) -> Self {
        steps.truncate(STEPS_MAX);
        Self {
            steps: steps.into(),
            current: None,
            begun: 0,
            now: None,
            is_over: false,
            mouth: Mouth::default(),
            ear: Listening::default(),
            keys_heard: 0,
            keys: VecDeque::new(),
            key_due: None,
            notes: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened.
    pub fn handle_input(&mut self, now: Instant, cue: Cue<'_>) {
        if let Cue::Event(event) = cue {
            self.take_in(now, event);
        }
        if self.now.is_some() && !self.is_over {
            self.now = Some(now);
            self.go_on(now);
            self.speak(now);
        }
    }

    /// What is to be done about it.
    pub fn poll_output(&mut self) -> Output {
        match self.outputs.pop_front() {
            Some(output) => output,
            None => Output::Timeout(self.due()),
        }
    }

    /// What was noted of the steps that were begun, and all that was heard.
    pub fn into_notes(self) -> (Vec<Note>, Vec<i16>) {
        (self.notes, self.ear.into_samples())
    }

    fn take_in(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::Answered => self.now = Some(now),
            CallEvent::Audio { frame, at, .. } => {
                self.ear.hear(*at, frame);
                self.mouth.hear(frame.samples());
            }
            CallEvent::Dtmf { .. } => self.keys_heard += 1,
            CallEvent::Ended(_) => self.end(now),
            _ => {}
        }
    }

    /// The call is over, whoever ended it. Who has spoken and hung up has come to an end.
    fn end(&mut self, now: Instant) {
        let met = match &self.current {
            Some((Step::WaitForHangUp { .. }, _)) => true,
            Some((Step::WaitForEnd { .. }, _)) => self.ear.has_spoken(),
            _ => false,
        };
        self.finish(now, met);
        self.is_over = true;
    }

    /// Does what can be done of the script.
    fn go_on(&mut self, now: Instant) {
        while !self.is_over || self.current.is_some() {
            if self.current.is_none() {
                self.begin_next(now);
            }
            let Some((step, mut note)) = self.current.take() else {
                return;
            };
            let outcome = self.outcome(now, &step, &mut note);
            self.current = Some((step, note));
            match outcome {
                Some(met) => self.finish(now, met),
                None => return,
            }
        }
    }

    /// Begins the next step; hangs up where there is none.
    fn begin_next(&mut self, now: Instant) {
        let Some(step) = self.steps.pop_front() else {
            return self.hang_up();
        };
        self.outputs.push_back(Output::Began(self.begun));
        let heard = self.ear.position();
        let note = Note {
            step: self.begun,
            begun: now,
            spoke: None,
            ended: now,
            met: false,
            heard: heard..heard,
        };
        self.begun += 1;
        self.begin(now, &step);
        self.current = Some((step, note));
    }

    /// What a step does at once.
    fn begin(&mut self, now: Instant, step: &Step) {
        match step {
            Step::Press(keys) => {
                self.keys = keys.iter().copied().collect();
                self.key_due = Some(now);
            }
            Step::Noise(samples) => self.mouth.set_noise(samples),
            Step::Echo(level) => self.mouth.set_echo(*level),
            Step::Lose(share) => self.outputs.push_back(Output::Lose(*share)),
            Step::HangUp => self.hang_up(),
            _ => {}
        }
    }

    fn hang_up(&mut self) {
        self.is_over = true;
        let hang_up = CallCommand::Hangup(HangupCause::Normal);
        self.outputs.push_back(Output::Command(hang_up));
    }

    /// Whether a step is over, and if so whether what it waited for has come.
    fn outcome(&mut self, now: Instant, step: &Step, note: &mut Note) -> Option<bool> {
        let begun = note.begun;
        let in_vain = |within: Duration| (now >= begun + within).then_some(false);
        let come = |has_come: bool, within| has_come.then_some(true).or_else(|| in_vain(within));
        match step {
            Step::Say(speech) => self.say(now, speech, note),
            Step::WaitForSpeech { within } => come(self.ear.has_spoken(), *within),
            Step::WaitForEnd { quiet, within } => {
                let silent = self.ear.silent_for();
                come(silent.is_some_and(|silent| silent >= *quiet), *within)
            }
            Step::Interrupt {
                after,
                speech,
                within,
            } => {
                let spoken = self.ear.spoken_for();
                let is_time = spoken.is_some_and(|spoken| spoken >= *after);
                if is_time || note.spoke.is_some() {
                    return self.say(now, speech, note);
                }
                in_vain(*within)
            }
            Step::Press(_) => self.press(now),
            Step::WaitForKeys { count, within } => come(self.keys_heard >= *count, *within),
            Step::Pause(length) => (now >= begun + *length).then_some(true),
            Step::WaitForHangUp { within } => in_vain(*within),
            Step::HangUp | Step::Noise(_) | Step::Echo(_) | Step::Lose(_) => Some(true),
        }
    }

    /// Begins to say something, or sees whether all of it is said.
    fn say(&mut self, now: Instant, speech: &Arc<[i16]>, note: &mut Note) -> Option<bool> {
        if note.spoke.is_none() {
            note.spoke = Some(self.mouth.next_at(now));
            self.outputs.push_back(Output::Spoke(note.step));
            self.mouth.say(speech);
            return speech.is_empty().then_some(true);
        }
        self.mouth.has_said_it(now).then_some(true)
    }

    fn press(&mut self, now: Instant) -> Option<bool> {
        let due = self.key_due.unwrap_or(now);
        if now < due {
            return None;
        }
        let Some(digit) = self.keys.pop_front() else {
            return Some(true);
        };
        let press = CallCommand::SendDtmf {
            digit,
            duration_ms: KEY_MS,
        };
        self.outputs.push_back(Output::Command(press));
        self.key_due = Some(due + KEY_EVERY);
        None
    }

    /// Notes what came of the step under way. After one that was in vain only the hang-up follows.
    fn finish(&mut self, now: Instant, met: bool) {
        let Some((step, mut note)) = self.current.take() else {
            return;
        };
        (note.ended, note.met) = (now, met);
        note.heard.end = self.ear.position();
        if step.speaks() {
            self.ear.attend();
        }
        if !met {
            self.steps.clear();
        }
        self.notes.push(note);
    }

    fn speak(&mut self, now: Instant) {
        let samples = self.mouth.poll(now);
        if !samples.is_empty() {
            let play = CallCommand::Play(Cow::Owned(samples));
            self.outputs.push_back(Output::Command(play));
        }
    }

    /// Nobody who sends nothing wakes a caller, so they look by themselves.
    fn due(&self) -> Option<Instant> {
        let now = self.now.filter(|_| !self.is_over)?;
        Some(now + LOOK_EVERY)
    }
}
