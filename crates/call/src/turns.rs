//! Turn timing from audio alone: how long a caller waits between the last word and our first
//! sound on the wire. What an application reports of itself would leave out its own delays.

#[cfg(test)]
mod tests;

use crate::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

/// Waits kept one by one; later ones are only counted.
pub const TURNS_KEPT_MAX: usize = 200;
/// Speech of the caller that makes a turn, in samples: 100 ms. Less is a click or a cough.
const UTTERANCE_MIN: u64 = SAMPLE_RATE_HZ as u64 / 10;
/// Silence of ours after which a sound begins an answer, in samples: 200 ms. Shorter gaps are
/// pauses between words.
const PAUSE_MIN: u64 = SAMPLE_RATE_HZ as u64 / 5;

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
    /// Speech of the caller since our last answer began.
    spoken: u64,
    /// Where the caller's last word ended.
    last_word: u64,
    /// Where our last sound ended.
    last_sound: Option<u64>,
}

impl TurnTimer {
    /// A frame of the caller, and whether it holds speech.
    pub fn caller(&mut self, at: u64, speech: bool) {
        if speech {
            self.spoken += FRAME_SAMPLES as u64;
            self.last_word = at + FRAME_SAMPLES as u64;
        }
    }

    /// A frame that we put on the wire, and whether it sounds.
    pub fn ours(&mut self, at: u64, sounds: bool) {
        if !sounds {
            return;
        }
        let begins = self.last_sound.is_none_or(|last| at >= last + PAUSE_MIN);
        self.last_sound = Some(at + FRAME_SAMPLES as u64);
        if !begins {
            return;
        }
        // Who begins while the caller speaks does not answer.
        if let Some(wait) = at
            .checked_sub(self.last_word)
            .filter(|_| self.spoken >= UTTERANCE_MIN)
        {
            let wait_ms = wait * 1_000 / u64::from(SAMPLE_RATE_HZ);
            self.turns.push(u32::try_from(wait_ms).unwrap_or(u32::MAX));
        }
        self.spoken = 0;
    }

    /// What was timed so far.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }
}
