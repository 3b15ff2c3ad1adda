//! A caller who follows a script: speaks, waits, listens, interrupts, presses keys.
//!
//! What is said is given as samples, so nothing here knows a voice or an ear for words. When each side
//! spoke is found by its audio alone, in what was on the wire at the caller ([`Timeline`]).

mod listening;
mod mouth;
mod scripted;
mod step;
#[cfg(test)]
mod tests;
mod timeline;

pub use scripted::{Note, Output, Scripted};
pub use step::{STEPS_MAX, Step};
pub use timeline::{Interruption, Span, Timeline, Turn};

use std::time::Instant;

use trunkline_audio::wav;
use trunkline_call::CallEvent;

use crate::softphone::{self, Act, Cue, Deed, PhoneError, Report, Settings};

/// What is told while a conversation goes on.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A step of the script began, counted from 0.
    Step(usize),
    /// A step began to say something, counted from 0: who interrupts has waited until then.
    Speaks(usize),
    /// Something happened on the call.
    Event(&'a CallEvent),
}

/// A conversation that is over.
pub struct Conversation {
    /// The call.
    pub report: Report,
    /// The steps that were begun, in their order.
    pub notes: Vec<Note>,
    /// What the caller's ears heard, 16 kHz: after the jitter buffer, with what it made up for lost
    /// packets. [`Note::heard`] counts these samples.
    pub ear: Vec<i16>,
    /// When each side spoke, on the wire.
    pub timeline: Timeline,
}

impl Conversation {
    /// Both sides as a WAV file: left the caller, right the far end. Positions of [`Self::timeline`]
    /// are its samples.
    pub fn stereo(&self) -> Vec<u8> {
        let (sent, heard) = self.report.sides();
        wav::write_stereo(trunkline_audio::SAMPLE_RATE_HZ, &sent, &heard)
    }

    /// Whether every step was done.
    pub fn went_through(&self, steps: usize) -> bool {
        self.notes.len() == steps && self.notes.iter().all(|note| note.met)
    }
}

/// Calls a target and follows these steps once it is answered. The call is ended after the last of
/// them, and after a wait that was in vain.
///
/// # Errors
/// Where there is nothing to call, or no socket to call from.
pub fn call(
    target: &str,
    settings: &Settings,
    steps: Vec<Step>,
    told: &mut dyn FnMut(Progress<'_>),
) -> Result<Conversation, PhoneError> {
    let mut stage = Stage {
        caller: Scripted::new(steps),
        told,
    };
    let report = softphone::act(target, settings, &mut stage, &mut |_| {})?;
    let (notes, ear) = stage.caller.into_notes();
    let timeline = Timeline::of_call(&report, &notes);
    Ok(Conversation {
        report,
        notes,
        ear,
        timeline,
    })
}

/// Hands a scripted caller the phone, and tells how it goes.
struct Stage<'a> {
    caller: Scripted,
    told: &'a mut dyn FnMut(Progress<'_>),
}

impl Act for Stage<'_> {
    fn handle_input(&mut self, now: Instant, cue: Cue<'_>) {
        if let Cue::Event(event) = cue {
            (self.told)(Progress::Event(event));
        }
        self.caller.handle_input(now, cue);
    }

    fn poll_output(&mut self) -> Deed {
        loop {
            match self.caller.poll_output() {
                Output::Began(step) => (self.told)(Progress::Step(step)),
                Output::Spoke(step) => (self.told)(Progress::Speaks(step)),
                Output::Command(command) => return Deed::Command(command),
                Output::Lose(share) => return Deed::Lose(share),
                Output::Timeout(due) => return Deed::Timeout(due),
            }
        }
    }
}
