//! What a caller hears, and when it was speech.

use std::time::Duration;

use trunkline_audio::{AudioFrame, FRAME_SAMPLES, SAMPLE_RATE_HZ, SpeechDetector, SpeechEvent};

use crate::tape::SAMPLES_MAX;

/// Who made a sound so recently speaks: a pause for breath is longer.
const JUST_NOW: Duration = Duration::from_millis(60);

/// The ear of a caller. Positions are samples since answer.
#[derive(Default)]
pub(super) struct Listening {
    samples: Vec<i16>,
    detector: SpeechDetector,
    /// Frames that the detector was given, in samples.
    given: u64,
    /// The position of the next frame.
    position: u64,
    /// Where the far end first began to speak since [`Self::attend`].
    first: Option<u64>,
    /// What was before this position is of no interest.
    since: u64,
}

impl Listening {
    /// The next 20 ms.
    pub(super) fn hear(&mut self, at: u64, frame: &AudioFrame) {
        self.position = at + FRAME_SAMPLES as u64;
        self.keep(at, frame.samples());
        let offset = at.saturating_sub(self.given);
        self.given += FRAME_SAMPLES as u64;
        if let Some(SpeechEvent::Started { at }) = self.detector.hear(frame.samples()) {
            self.first.get_or_insert(at + offset);
        }
    }

    /// What comes later than half an hour is not kept.
    fn keep(&mut self, at: u64, samples: &[i16]) {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if at > SAMPLES_MAX {
            return;
        }
        self.samples.resize(at, 0);
        self.samples.extend_from_slice(samples);
    }

    /// The caller has spoken: what the far end says from now on is an answer. Where it speaks
    /// already, that began now.
    pub(super) fn attend(&mut self) {
        self.since = self.position;
        self.first = self.detector.is_speaking().then_some(self.position);
    }

    /// Samples heard so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether the far end speaks, or has since [`Self::attend`].
    pub(super) fn has_spoken(&self) -> bool {
        self.first.is_some()
    }

    /// For how long the far end has been speaking since [`Self::attend`], pauses included; `None`
    /// while it does not speak.
    pub(super) fn spoken_for(&self) -> Option<Duration> {
        let first = self.first.filter(|_| self.detector.is_speaking())?;
        let speaks = self.since_last_sound() <= JUST_NOW;
        speaks.then(|| duration(self.position.saturating_sub(first)))
    }

    /// For how long the far end has been silent after it spoke; `None` where it has not.
    pub(super) fn silent_for(&self) -> Option<Duration> {
        self.first.filter(|_| !self.detector.is_speaking())?;
        Some(self.since_last_sound())
    }

    fn since_last_sound(&self) -> Duration {
        let offset = self.position.saturating_sub(self.given);
        let last = self.detector.last_speech().map(|at| at + offset);
        let last = last.unwrap_or_default().max(self.since);
        duration(self.position.saturating_sub(last))
    }

    /// Everything that was heard.
    pub(super) fn into_samples(self) -> Vec<i16> {
        self.samples
    }
}

fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE_HZ))
}
