//! Finds where speech starts and ends, by its energy alone.
//!
//! Made to time turns on every call, so it is cheap: one sum of squares a sample. It tells sound
//! from background, not speech from music.

use crate::frame::FRAME_SAMPLES;

#[cfg(test)]
mod tests;

/// Positions are as fine as this: 5 ms.
const BLOCK: usize = 80;

/// Shifted out of each sample, so that a block's sum of squares fits in 31 bits.
const SHIFT: u32 = 3;

/// A block's power never counts as speech below this: an amplitude of about 80 (−52 dBFS).
const QUIET: i64 = power(80);

/// Speech is this many times (10 dB) above the background's power.
const ABOVE_BACKGROUND: i64 = 10;

/// The background is believed to grow by at most a 144th a block, 6 dB a second; it falls at once.
const GROWTH: i64 = 144;

/// So many loud blocks in a row start speech (20 ms): a click does not.
const START_BLOCKS: u32 = 4;

/// So many quiet blocks in a row end it (200 ms): the closure before a stop consonant does not.
const END_BLOCKS: u32 = 40;

const fn power(amplitude: i64) -> i64 {
    (amplitude >> SHIFT) * (amplitude >> SHIFT) * BLOCK as i64
}

/// What a frame brought to light. Positions are in samples since the first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechEvent {
    /// Speech began here, at most 40 ms ago.
    Started {
        /// The first sample of speech.
        at: u64,
    },
    /// Speech ended here, some 200 ms ago.
    Ended {
        /// The first sample after speech.
        at: u64,
    },
}

/// Follows one direction of a call.
#[derive(Clone, Debug)]
pub struct SpeechDetector {
    position: u64,
    background: i64,
    speaking: bool,
    /// Blocks in a row that speak against `speaking`.
    contrary: u32,
    /// The end of the last loud block within speech.
    last_speech: Option<u64>,
    /// The power of the loudest block of the latest frame.
    loudest: i64,
}

impl Default for SpeechDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl SpeechDetector {
    /// A detector at position 0, in silence.
    pub fn new() -> Self {
        Self {
            position: 0,
            background: 0,
            speaking: false,
            contrary: 0,
            last_speech: None,
            loudest: 0,
        }
    }

    /// Takes in the next 20 ms. At most one event comes of a frame.
    pub fn hear(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<SpeechEvent> {
        self.hear_above(frame, 0)
    }

    /// The same for up to 20 ms, in which no block counts as speech whose power is not above this
    /// one: what the other direction may bring back as an echo. Samples that fill no block of 5 ms
    /// are left out.
    pub fn hear_above(&mut self, samples: &[i16], power: i64) -> Option<SpeechEvent> {
        let mut event = None;
        self.loudest = 0;
        for block in samples.as_chunks::<BLOCK>().0 {
            // A frame is as long as it takes to start and shorter than it takes to end.
            event = event.or(self.hear_block(block, power));
        }
        event
    }

    /// The power of the loudest 5 ms of what was heard last, in the unit of
    /// [`hear_above`](Self::hear_above).
    pub fn loudest(&self) -> i64 {
        self.loudest
    }

    /// Whether speech has started and not ended.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// The first sample after the last speech so far, without waiting for its end to be certain.
    pub fn last_speech(&self) -> Option<u64> {
        self.last_speech
    }

    fn hear_block(&mut self, block: &[i16; BLOCK], least: i64) -> Option<SpeechEvent> {
        self.position += BLOCK as u64;
        let loud = self.is_loud(block, least);
        if loud && self.speaking {
            self.last_speech = Some(self.position);
        }
        if loud == self.speaking {
            self.contrary = 0;
            return None;
        }
        self.contrary += 1;
        match self.last_speech {
            Some(at) if self.speaking && self.contrary == END_BLOCKS => {
                (self.speaking, self.contrary) = (false, 0);
                Some(SpeechEvent::Ended { at })
            }
            _ if !self.speaking && self.contrary == START_BLOCKS => {
                (self.speaking, self.contrary) = (true, 0);
                self.last_speech = Some(self.position);
                let at = self.position - u64::from(START_BLOCKS) * BLOCK as u64;
                Some(SpeechEvent::Started { at })
            }
            _ => None,
        }
    }

    fn is_loud(&mut self, block: &[i16; BLOCK], least: i64) -> bool {
        let squares = block.iter().map(|sample| i32::from(sample >> SHIFT).pow(2));
        let power = i64::from(squares.sum::<i32>());
        let loud = power > QUIET.max(self.background * ABOVE_BACKGROUND).max(least);
        self.loudest = self.loudest.max(power);
        self.background = power.min(self.background + self.background / GROWTH + 1);
        loud
    }
}
