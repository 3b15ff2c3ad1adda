//! One direction of a call: where speech is in it, and when that was.

use trunkline_audio::{FRAME_SAMPLES, SpeechDetector, SpeechEvent};

/// Pieces whose times are remembered: what a start is told of lies in the last 40 ms.
const RECENT: usize = 8;

/// A silence that ends speech, as the detector has it. Where nothing at all came or went for so long,
/// it is this that ends it.
const PAUSE_US: i64 = 200_000;

/// When the samples of a piece were where they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Where the piece is in its sound, in samples.
    pub(super) position: u64,
    /// The first sample's time on the wire, or at the caller's mouth.
    pub(super) first_us: i64,
    /// The piece came to us.
    pub(super) arrived_us: i64,
    /// It was handed on.
    pub(super) handed_us: i64,
    /// The delay of the filter it came through or goes through.
    pub(super) filter_us: i64,
}

/// A moment of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Its time on the wire, or at the caller's mouth.
    pub(super) at_us: i64,
    /// Where it is in the sound, in samples.
    pub(super) position: u64,
    /// Those of its piece.
    pub(super) times: Times,
}

/// A stretch of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Speech {
    pub(super) began: Moment,
    /// The end of the last sound in it so far.
    pub(super) last: Moment,
}

/// Follows one direction. Pieces may be left out: silence that nobody sent, or what was lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    detector: SpeechDetector,
    /// Samples given to the detector.
    given: u64,
    recent: [Option<(u64, Times)>; RECENT],
    next: usize,
    /// When the latest piece ended.
    end_us: i64,
    /// Where the latest sound of speech ended.
    last_at: Option<u64>,
    /// The latest speech, whether or not it is over.
    speech: Option<Speech>,
}

impl Side {
    /// Takes in up to 20 ms; what is not louder than `least` is none of this side's. Returns the
    /// speech that has just begun.
    pub(super) fn hear(&mut self, samples: &[i16], least: i64, times: Times) -> Option<Speech> {
        debug_assert!(samples.len() <= FRAME_SAMPLES);
        if times.first_us - self.end_us >= PAUSE_US {
            self.cut(i64::MAX);
        }
        self.end_us = times.first_us + samples_us(samples.len() as u64);
        if let Some(place) = self.recent.get_mut(self.next) {
            *place = Some((self.given, times));
        }
        self.next = (self.next + 1) % RECENT;
        self.given += samples.len() as u64;
        let event = self.detector.hear_above(samples, least);
        let last_at = self.detector.last_speech();
        if last_at == std::mem::replace(&mut self.last_at, last_at) {
            return None;
        }
        let last = self.end(last_at?);
        if let Some(SpeechEvent::Started { at }) = event {
            let began = self.start(at);
            self.speech = Some(Speech { began, last });
            return self.speech;
        }
        if let Some(speech) = &mut self.speech {
            speech.last = last;
        }
        None
    }

    /// Whether speech has begun and not ended by this time, for all that is known.
    pub(super) fn is_speaking(&self, at_us: i64) -> bool {
        let lasts = |speech: &Speech| at_us - speech.last.at_us < PAUSE_US;
        self.detector.is_speaking() && self.speech.as_ref().is_some_and(lasts)
    }

    /// The latest speech.
    pub(super) fn speech(&self) -> Option<&Speech> {
        self.speech.as_ref()
    }

    /// The power of the loudest 5 ms of the latest piece.
    pub(super) fn loudest(&self) -> i64 {
        self.detector.loudest()
    }

    /// Speech that is under way ends here, and what was to be heard after this time never was.
    pub(super) fn cut(&mut self, at_us: i64) {
        if let Some(speech) = &mut self.speech {
            speech.last.at_us = speech.last.at_us.min(at_us).max(speech.began.at_us);
        }
        *self = Self {
            speech: self.speech,
            ..Self::default()
        };
    }

    /// The moment before the sample at this position.
    fn start(&self, at: u64) -> Moment {
        self.moment(at, |from| from <= at)
    }

    /// The moment after the sample before this position.
    fn end(&self, at: u64) -> Moment {
        self.moment(at, |from| from < at)
    }

    fn moment(&self, at: u64, is_in: impl Fn(u64) -> bool) -> Moment {
        let pieces = self.recent.iter().flatten();
        let known = pieces.filter(|(from, _)| is_in(*from));
        let newest = known.max_by_key(|(from, _)| *from).copied();
        let (from, times) = newest.unwrap_or_default();
        let offset = at.saturating_sub(from);
        Moment {
            at_us: times.first_us + samples_us(offset),
            position: times.position + offset,
            times,
        }
    }
}

/// The time of so many samples.
pub(super) fn samples_us(samples: u64) -> i64 {
    // 62.5 each.
    i64::try_from(samples).unwrap_or(i64::MAX / 125) * 125 / 2
}
