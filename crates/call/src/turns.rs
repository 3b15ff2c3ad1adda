//! Turn timing from audio alone: how long a caller waits between the last word and our first
//! sound on the wire. What an application reports of itself would leave out its own delays.
//! An answer begins where we sound after a pause, which the detector says is 200 ms or more.

#[cfg(test)]
mod tests;

use trunkline_audio::{SpeechDetector, SpeechEvent};

use crate::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

/// Waits kept one by one; later ones are only counted.
pub const TURNS_KEPT_MAX: usize = 200;
/// Speech of the caller that makes a turn, in samples: 100 ms. Less is a click or a cough.
const UTTERANCE_MIN: u64 = SAMPLE_RATE_HZ as u64 / 10;

/// Every wait of a call, in ms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    kept: Vec<u32>,
    count: u64,
    max: u32,
}

impl Turns {
    /// Answers that were timed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first [`TURNS_KEPT_MAX`] waits in ms, in their order.
    pub fn each_ms(&self) -> &[u32] {
        &self.kept
    }

    /// The longest wait in ms.
    pub fn max_ms(&self) -> Option<u32> {
        (self.count > 0).then_some(self.max)
    }

    /// The median of the waits that were kept, in ms; of an even number the lower one.
    pub fn median_ms(&self) -> Option<u32> {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()
    }

    fn push(&mut self, wait_ms: u32) {
        self.count += 1;
        self.max = self.max.max(wait_ms);
        if self.kept.len() < TURNS_KEPT_MAX {
            self.kept.push(wait_ms);
        }
    }
}

/// Follows both directions of one call. Positions are samples at 16 kHz since answer, of the
/// first sample of a 20 ms frame, and both directions are told on one clock.
#[derive(Clone, Debug, Default)]
pub struct TurnTimer {
    turns: Turns,
    caller: Side,
    ours: Side,
    /// Where the caller began to speak after our last answer began.
    question: Option<u64>,
}

impl TurnTimer {
    /// A frame of the caller, as it was played out of the jitter buffer.
    pub fn heard(&mut self, at: u64, frame: &[i16; FRAME_SAMPLES]) {
        if let Some(SpeechEvent::Started { at }) = self.caller.hear(at, frame) {
            self.question.get_or_insert(at);
        }
    }

    /// A frame that we put on the wire.
    pub fn sent(&mut self, at: u64, frame: &[i16; FRAME_SAMPLES]) {
        if let Some(SpeechEvent::Started { at }) = self.ours.hear(at, frame) {
            self.answer_began(at);
        }
    }

    fn answer_began(&mut self, at: u64) {
        let last_word = self.caller.last_speech();
        if let (Some(began), Some(ended)) = (self.question, last_word) {
            let spoken = ended.saturating_sub(began);
            // Who begins while the caller speaks does not answer.
            if let Some(wait) = at.checked_sub(ended).filter(|_| spoken >= UTTERANCE_MIN) {
                let wait_ms = wait * 1_000 / u64::from(SAMPLE_RATE_HZ);
                self.turns.push(u32::try_from(wait_ms).unwrap_or(u32::MAX));
            }
        }
        // A caller who goes on speaking asks the next question from here on.
        self.question = self.caller.detector.is_speaking().then_some(at);
    }

    /// What was timed so far.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }
}

/// One direction. The detector counts the frames it was given; a call may leave some out.
#[derive(Clone, Debug, Default)]
struct Side {
    detector: SpeechDetector,
    given: u64,
    /// The call's position minus the detector's.
    offset: u64,
}

impl Side {
    fn hear(&mut self, at: u64, frame: &[i16; FRAME_SAMPLES]) -> Option<SpeechEvent> {
        self.offset = at.saturating_sub(self.given);
        self.given += FRAME_SAMPLES as u64;
        Some(match self.detector.hear(frame)? {
            SpeechEvent::Started { at } => SpeechEvent::Started {
                at: at + self.offset,
            },
            SpeechEvent::Ended { at } => SpeechEvent::Ended {
                at: at + self.offset,
            },
        })
    }

    fn last_speech(&self) -> Option<u64> {
        self.detector.last_speech().map(|at| at + self.offset)
    }
}
