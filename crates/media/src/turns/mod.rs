//! Turn timing from audio alone: how long a caller waits between the last word and our first sound
//! on the wire, how long we go on when interrupted, and where that time goes. What an application
//! reports of itself would leave out its own delays.
//!
//! # What is when
//!
//! A sample of the caller counts from when it was made: as long before its packet came as the packet
//! goes on after it. A sample of ours counts from when its packet leaves, plus its place there. So a
//! wait is what a caller hears at the end of a wire without delay; the network's is not ours to know.
//! Times are those of the wake-up that took or sent a packet.
//!
//! # What is speech
//!
//! What stands out of the background ([`SpeechDetector`](trunkline_audio::SpeechDetector)). While we
//! speak, and shortly after, what comes back at less than −15 dB of it is its echo and not the caller.

mod given;
mod judging;
mod side;
mod stages;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use trunkline_audio::FRAME_SAMPLES;

use given::Given;
use side::{Moment, Side, Times, samples_us};
pub use stages::Stages;

use crate::timing::FRAME_US;

/// Speech of the caller that makes a turn. Less is a click or a cough.
pub const UTTERANCE_MIN_US: i64 = 100_000;

/// Speech of the caller that is to stop us. Less, where we go on, was a cough or a word of assent.
pub const INTERRUPTION_MIN_US: i64 = 500_000;

/// Who still sounds so long after an interruption began does not yield.
pub const YIELD_MAX_US: i64 = 2_000_000;

/// A silence of ours that is no pause between two words any more.
const SILENT_US: i64 = 500_000;

/// How long the caller must have been silent before the application counts as deaf: it may be
/// thinking of an answer to the last of many words.
const DEAF_AFTER_WORD_US: i64 = 2_000_000;

/// An echo has at most this part of the power of what it is the echo of: −15 dB.
const ECHO_PART: i64 = 32;

/// Our power is remembered with this part less every 20 ms: by half in a quarter of a second.
const FADE_PART: i64 = 16;

/// How far the caller must be known beyond our first sound to tell an answer from talking over.
const SURE_US: i64 = FRAME_US;

/// What was found out. Times are those since answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// We answered the caller.
    Turn {
        /// When our first sound was on the wire.
        at: Duration,
        /// The way there from the caller's last word.
        stages: Stages,
    },
    /// The caller spoke while we did.
    Interrupted {
        /// When the caller began.
        at: Duration,
        /// The way from there to our last sound; `None` where we went on for [`YIELD_MAX_US`].
        yielded: Option<Stages>,
    },
    /// The caller has spoken and we have said nothing for as long as was set.
    Deaf {
        /// When the caller had first fallen silent.
        at: Duration,
        /// How long ago that is.
        silence: Duration,
    },
}

/// How a frame of the caller came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// When the packet came that completed it.
    pub at_us: i64,
    /// How far that packet goes on beyond it.
    pub beyond_us: i64,
    /// The delay of the decoder's filters.
    pub filter_us: i64,
}

/// Our first sound after a pause, until it is known whether it is an answer.
#[derive(Clone, Copy, Debug)]
struct Answer {
    sound: Moment,
    /// When the application gave it.
    given_us: i64,
    /// What it answers, if anything.
    word: Option<Moment>,
}

/// The caller speaks while we do.
#[derive(Clone, Copy, Debug)]
struct Interruption {
    onset: Moment,
    /// It is too long for a cough or a word of assent.
    is_meant: bool,
    /// When the application stopped what it was saying.
    stopped_us: Option<i64>,
    /// When it gave the last sound of it.
    given_us: Option<i64>,
}

/// Follows both directions of one call from its answer on.
#[derive(Clone, Debug, Default)]
pub struct TurnTimer {
    caller: Side,
    ours: Side,
    given: Given,
    /// Up to when the caller is known.
    known_us: i64,
    /// Our power, fading.
    power: i64,
    /// Our latest answer: what the caller said before it needs none any more.
    answered_us: i64,
    /// The end of what the caller has said since.
    word: Option<Moment>,
    answer: Option<Answer>,
    interruption: Option<Interruption>,
    /// How long a caller may go unanswered, if that is watched.
    deaf_after_us: Option<i64>,
    /// When the caller first fell silent after our last sound.
    unanswered_us: Option<i64>,
    deaf_told: bool,
    /// Whether what is heard and sent is of no account for now.
    is_off: bool,
    findings: VecDeque<Finding>,
}

impl TurnTimer {
    /// A timer that tells of an application that says nothing for this long after a caller has
    /// spoken; `None`: never.
    pub fn new(deaf_after: Option<Duration>) -> Self {
        Self {
            deaf_after_us: deaf_after.map(|it| i64::try_from(it.as_micros()).unwrap_or(i64::MAX)),
            ..Self::default()
        }
    }

    /// A frame of the caller is handed to the application, at this position.
    pub fn heard(&mut self, now_us: i64, position: u64, frame: &[i16; FRAME_SAMPLES], came: Came) {
        if self.is_off {
            return;
        }
        let end_us = came.at_us - came.beyond_us - came.filter_us;
        let times = Times {
            position,
            first_us: end_us - FRAME_US,
            arrived_us: came.at_us,
            handed_us: now_us,
            filter_us: came.filter_us,
        };
        self.known_us = self.known_us.max(end_us);
        if let Some(speech) = self.caller.hear(frame, self.power / ECHO_PART, times) {
            self.caller_began(&speech);
        }
        self.note_word();
        self.look(now_us);
    }

    /// A frame was made up in the caller's place.
    pub fn missed(&mut self, now_us: i64) {
        if self.is_off {
            return;
        }
        self.known_us = self.known_us.max(now_us - FRAME_US);
        self.note_word();
        self.look(now_us);
    }

    /// The application gave sound, whose first sample is at this position of all that it gave.
    pub fn given(&mut self, now_us: i64, position: u64) {
        self.given.note(position, now_us);
    }

    /// Sound of ours is on the wire from `at_us` on; its first sample is at this position of all that
    /// the application gave. `filter_us` is the delay of the encoder's filters.
    pub fn sent(
        &mut self,
        now_us: i64,
        at_us: i64,
        position: u64,
        samples: &[i16],
        filter_us: i64,
    ) {
        if self.is_off {
            return;
        }
        for (place, piece) in (0_u64..).zip(samples.chunks(FRAME_SAMPLES)) {
            let offset = place * FRAME_SAMPLES as u64;
            self.sent_piece(
                piece,
                Times {
                    position: position + offset,
                    first_us: at_us + samples_us(offset) + filter_us,
                    arrived_us: now_us,
                    handed_us: now_us,
                    filter_us,
                },
            );
        }
        self.given
            .forget(position.saturating_sub(REMEMBERED_SAMPLES));
        self.look(now_us);
    }

    fn sent_piece(&mut self, piece: &[i16], times: Times) {
        let before = self.ours.speech().copied();
        let began = self.ours.hear(piece, 0, times);
        self.power = (self.power - self.power / FADE_PART).max(self.ours.loudest());
        if let Some(speech) = began {
            self.settle(before);
            self.we_began(speech.began);
        }
        if let (Some(interruption), Some(speech)) = (&mut self.interruption, self.ours.speech())
            && speech.last.times == times
        {
            let last = speech.last.position.saturating_sub(1);
            interruption.given_us = self.given.at(last);
        }
    }

    /// What waited was cleared, and of what was sent, what would have been heard after `cut_us`.
    pub fn cleared(&mut self, now_us: i64, cut_us: i64) {
        self.given.clear();
        self.stopped(now_us, cut_us);
    }

    /// What waits is kept, and nothing is heard after `cut_us`.
    pub fn stopped(&mut self, now_us: i64, cut_us: i64) {
        self.ours.cut(cut_us);
        if let Some(interruption) = &mut self.interruption {
            interruption.stopped_us.get_or_insert(now_us);
        }
    }

    /// What was stopped goes on.
    pub fn resumed(&mut self) {
        if let Some(interruption) = &mut self.interruption {
            interruption.stopped_us = None;
        }
    }

    /// Whoever speaks next is somebody else, or nobody hears it: what is open is of no account.
    pub fn forget(&mut self) {
        *self = Self {
            deaf_after_us: self.deaf_after_us,
            known_us: self.known_us,
            is_off: self.is_off,
            findings: std::mem::take(&mut self.findings),
            ..Self::default()
        };
    }

    /// Whether the application has the call: without it nobody answers, whatever is played.
    pub fn watch(&mut self, watches: bool) {
        if self.is_off == watches {
            self.is_off = !watches;
            self.forget();
        }
    }

    /// What was found out since it was last asked.
    pub fn next_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }
}

/// How far back the start of a sound may lie when it is known to be one.
const REMEMBERED_SAMPLES: u64 = 4 * FRAME_SAMPLES as u64;

fn duration(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}
