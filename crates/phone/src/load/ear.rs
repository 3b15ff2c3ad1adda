//! Listens for pulses, block by block.

use super::pulse::{self, FRAME, SILENCE};

/// The time of a sample at 8 kHz.
pub const SAMPLE_NS: i64 = 125_000;
/// Blocks after a pulse in which no other is looked for.
const DEAF: u8 = 10;

/// Hears the pulses in the audio of one call, which comes in blocks of 20 ms.
pub struct Ear {
    capture: Capture,
    /// The last two blocks, the older one first.
    recent: [[u8; FRAME]; 2],
}

#[derive(Clone, Copy)]
enum Capture {
    Listening,
    /// A block with a loud sample in it: when it came, and which sample.
    Begun {
        at: i64,
        first_loud: usize,
    },
    Deaf(u8),
}

/// A pulse that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When its first sample came.
    pub at: i64,
    /// Where that lies: so many samples after the start of the block before the one that was heard
    /// last; it may be a few before.
    pub place: i64,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            capture: Capture::Listening,
            recent: [SILENCE; 2],
        }
    }
}

impl Ear {
    /// The next block, whose first sample came at this time. A pulse is known one block after the
    /// one in which it began.
    pub fn hear(&mut self, at: i64, block: &[u8; FRAME]) -> Option<Heard> {
        let (next, heard) = match self.capture {
            Capture::Deaf(0) => (Capture::Listening, None),
            Capture::Deaf(left) => (Capture::Deaf(left - 1), None),
            Capture::Listening => match pulse::first_loud(block) {
                Some(first_loud) => (Capture::Begun { at, first_loud }, None),
                None => (Capture::Listening, None),
            },
            Capture::Begun { at, first_loud } => {
                let [before, first] = self.recent;
                let place = pulse::locate(&[before, first, *block], first_loud);
                let at = at + place * SAMPLE_NS;
                (Capture::Deaf(DEAF), Some(Heard { at, place }))
            }
        };
        self.capture = next;
        self.recent = [self.recent[1], *block];
        heard
    }
}
