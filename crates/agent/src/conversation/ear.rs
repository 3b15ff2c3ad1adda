//! Hears the caller: where speech begins and ends, and that it is not our own voice coming back.

use std::collections::VecDeque;
use std::time::Duration;

use trunkline_audio::{FRAME_SAMPLES, SAMPLE_RATE_HZ, SpeechEvent};

use super::echo::{COARSE, EchoGuard, Likeness};
use super::voice::VoiceDetector;

/// What is kept from before speech begins, so that its first sound is not cut: 300 ms.
const BEFORE: usize = 15 * FRAME_SAMPLES;
/// Speech that may be our own voice is compared this long, in frames, until it is the caller's.
const SUSPECT_FRAMES: u32 = 15;
/// Speech is compared from here on: less of it is like anything.
const SUSPECT_FRAMES_MIN: u32 = 4;
/// A caller speaks over an echo when so many frames in a row are unlike it, and so many of them are
/// louder than it could be.
const OVER_ECHO_FRAMES: u32 = 5;
const OVER_ECHO_LOUD: u32 = 3;
/// The same of one who is not louder. Where a telephone's jitter buffer grows or shrinks, the echo
/// jumps, and is like nothing until all that is compared came after the jump.
const IN_ECHO_FRAMES: u32 = 10;

/// What a frame brought to light. Times are counted back from the end of that frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The caller began to speak.
    Began {
        /// How long ago.
        ago: Duration,
    },
    /// The caller paused.
    Paused {
        /// How long ago.
        ago: Duration,
        /// How long they had spoken.
        spoken: Duration,
    },
    /// What began was our own voice.
    WasEcho,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Nobody,
    /// The caller's, since this sample; perhaps our own for so many frames yet.
    Caller {
        since: u64,
        suspect: u32,
    },
    /// Our own; so many frames in a row were unlike it, and so many of them too loud for it.
    Ours {
        unlike: u32,
        loud: u32,
    },
}

#[derive(Debug)]
pub(super) struct Ear {
    detector: VoiceDetector,
    guard: EchoGuard,
    position: u64,
    voice: Voice,
    before: VecDeque<i16>,
}

impl Ear {
    pub fn new() -> Self {
        Self {
            detector: VoiceDetector::new(),
            guard: EchoGuard::new(),
            position: 0,
            voice: Voice::Nobody,
            before: VecDeque::with_capacity(BEFORE + FRAME_SAMPLES),
        }
    }

    /// Takes in 20 ms of the caller, and what went out meanwhile.
    pub fn hear(&mut self, frame: &[i16; FRAME_SAMPLES], played: &[i16; COARSE]) -> Option<Heard> {
        self.position += FRAME_SAMPLES as u64;
        self.before.extend(frame);
        self.before
            .drain(..self.before.len().saturating_sub(BEFORE));
        self.guard.follow(played, frame);
        match self.detector.hear(frame) {
            Some(SpeechEvent::Started { at }) => self.started(at),
            Some(SpeechEvent::Ended { at }) => self.ended(at),
            None => self.went_on(),
        }
    }

    /// The last 300 ms, with which an utterance begins.
    pub fn before(&self) -> impl Iterator<Item = i16> + '_ {
        self.before.iter().copied()
    }

    /// Whether the caller is speaking, as far as is known.
    pub fn hears_caller(&self) -> bool {
        matches!(self.voice, Voice::Caller { .. })
    }

    fn started(&mut self, at: u64) -> Option<Heard> {
        let may_be_ours = self.guard.has_sounded();
        if may_be_ours && self.guard.knows_line() && self.guard.likeness() == Likeness::Ours {
            self.voice = Voice::Ours { unlike: 0, loud: 0 };
            return None;
        }
        let suspect = if may_be_ours { SUSPECT_FRAMES } else { 0 };
        self.voice = Voice::Caller { since: at, suspect };
        Some(Heard::Began { ago: self.ago(at) })
    }

    fn ended(&mut self, at: u64) -> Option<Heard> {
        let Voice::Caller { since, .. } = std::mem::replace(&mut self.voice, Voice::Nobody) else {
            return None;
        };
        Some(Heard::Paused {
            ago: self.ago(at),
            spoken: duration(at.saturating_sub(since)),
        })
    }

    /// Speech goes on, or silence does.
    fn went_on(&mut self) -> Option<Heard> {
        match self.voice {
            Voice::Caller { since, suspect } if suspect > 0 => {
                let suspect = suspect - 1;
                let is_long = SUSPECT_FRAMES - suspect >= SUSPECT_FRAMES_MIN;
                if is_long && self.guard.likeness() == Likeness::Ours {
                    self.voice = Voice::Ours { unlike: 0, loud: 0 };
                    return Some(Heard::WasEcho);
                }
                self.voice = Voice::Caller { since, suspect };
                None
            }
            Voice::Ours { unlike, loud } => self.over_echo(unlike, loud),
            Voice::Caller { .. } | Voice::Nobody => None,
        }
    }

    /// Somebody may speak while our own voice comes back.
    fn over_echo(&mut self, unlike: u32, loud: u32) -> Option<Heard> {
        let (unlike, loud) = match self.guard.likeness() {
            Likeness::Theirs => {
                let is_loud = self.guard.is_louder_than_echo();
                (unlike + 1, loud + u32::from(is_loud))
            }
            Likeness::Ours | Likeness::Unclear => (0, 0),
        };
        self.voice = Voice::Ours { unlike, loud };
        let is_over = unlike >= OVER_ECHO_FRAMES && loud >= OVER_ECHO_LOUD;
        if !is_over && unlike < IN_ECHO_FRAMES {
            return None;
        }
        let since = u64::from(unlike) * FRAME_SAMPLES as u64;
        let since = self.position.saturating_sub(since);
        let suspect = if is_over { 0 } else { SUSPECT_FRAMES };
        self.voice = Voice::Caller { since, suspect };
        Some(Heard::Began {
            ago: self.ago(since),
        })
    }

    fn ago(&self, at: u64) -> Duration {
        duration(self.position.saturating_sub(at))
    }
}

fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE_HZ))
}

#[cfg(test)]
#[path = "tests/ear.rs"]
mod tests;
