//! Finds where a caller's voice starts and ends.
//!
//! Two listen. Energy knows to 5 ms where sound starts and ends, and gets used to any steady noise; but
//! it cannot tell a voice from a rustle. A small network (earshot) knows voices from weak noise and
//! rustling; but in noise that is 10 dB weaker than the voice it hears no end, and in loud music it
//! hears a voice. So a voice starts where both hear it, and ends where either hears none any more.

use std::fmt;

use trunkline_audio::{FRAME_SAMPLES, SpeechDetector, SpeechEvent};

/// What the network judges at once: 16 ms.
const BLOCK: usize = 256;
/// A voice is so likely where there was none, and where there was one.
const STARTS: f32 = 0.5;
const GOES_ON: f32 = 0.35;
/// So many likely blocks in a row are a voice.
const START_BLOCKS: u32 = 2;
/// So many unlikely ones in a row are its end (240 ms), where energy hears none.
const END_BLOCKS: u32 = 15;
/// A voice begins this long before the network hears it, at most: with "st", say, for 200 ms.
const VOICELESS: u64 = 3_200;

/// Follows a caller.
pub struct VoiceDetector {
    sound: SpeechDetector,
    network: earshot::Detector,
    block: Vec<i16>,
    /// Samples that the network has judged.
    judged: u64,
    /// Sound is above the background since then.
    sounds_since: Option<u64>,
    speaking: bool,
    /// Blocks in a row that speak against `speaking`.
    contrary: u32,
    /// The end of the last likely block.
    last_voice: u64,
}

impl Default for VoiceDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl VoiceDetector {
    /// A detector at position 0, in silence.
    pub fn new() -> Self {
        Self {
            sound: SpeechDetector::new(),
            network: earshot::Detector::default(),
            block: Vec::with_capacity(BLOCK),
            judged: 0,
            sounds_since: None,
            speaking: false,
            contrary: 0,
            last_voice: 0,
        }
    }

    /// Takes in the next 20 ms. Positions are in samples since the first frame.
    pub fn hear(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<SpeechEvent> {
        let sound = self.sound.hear(frame);
        self.judge(frame);
        match sound {
            Some(SpeechEvent::Started { at }) => self.sounds_since = Some(at),
            Some(SpeechEvent::Ended { .. }) => self.sounds_since = None,
            None => {}
        }
        match (self.speaking, sound, self.sounds_since) {
            (true, Some(SpeechEvent::Ended { at }), _) => Some(self.end(at)),
            (true, ..) if self.contrary >= END_BLOCKS => Some(self.end(self.last_voice)),
            (false, _, Some(since)) if self.contrary >= START_BLOCKS => Some(self.start(since)),
            _ => None,
        }
    }

    fn start(&mut self, sounds_since: u64) -> SpeechEvent {
        let voice_since = self.last_voice - u64::from(self.contrary) * BLOCK as u64;
        (self.speaking, self.contrary) = (true, 0);
        let at = sounds_since.max(voice_since.saturating_sub(VOICELESS));
        SpeechEvent::Started { at }
    }

    fn end(&mut self, at: u64) -> SpeechEvent {
        (self.speaking, self.contrary) = (false, 0);
        SpeechEvent::Ended { at }
    }

    fn judge(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        let missing = BLOCK - self.block.len();
        let (end, begin) = frame.split_at(missing);
        self.block.extend(end);
        self.judge_block();
        self.block.extend(begin);
        if self.block.len() == BLOCK {
            self.judge_block();
        }
    }

    fn judge_block(&mut self) {
        let likely = self.network.predict_i16(&self.block);
        self.block.clear();
        self.judged += BLOCK as u64;
        let least = if self.speaking { GOES_ON } else { STARTS };
        let is_voice = likely >= least;
        if is_voice {
            self.last_voice = self.judged;
        }
        match is_voice == self.speaking {
            true => self.contrary = 0,
            false => self.contrary += 1,
        }
    }
}

impl fmt::Debug for VoiceDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoiceDetector")
            .field("sounds_since", &self.sounds_since)
            .field("speaking", &self.speaking)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tests/voice.rs"]
mod tests;
