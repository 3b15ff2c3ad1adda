//! What a scripted caller can do.

use std::sync::Arc;
use std::time::Duration;

use trunkline_call::Digit;

/// The most steps of one script.
pub const STEPS_MAX: usize = 1_000;

/// One step. Sound is 16 kHz mono. A wait that is in vain ends the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Says this, and is done when the last of it is on the wire.
    Say(Arc<[i16]>),
    /// Waits until the far end speaks, or has spoken since the caller last did.
    WaitForSpeech {
        /// At most so long.
        within: Duration,
    },
    /// Waits until the far end has spoken since the caller last did, and is silent.
    WaitForEnd {
        /// For so long: pauses between sentences are shorter.
        quiet: Duration,
        /// At most so long, all in all.
        within: Duration,
    },
    /// Waits until the far end has spoken for a while and still does, and then says this into it.
    Interrupt {
        /// For so long, by audio.
        after: Duration,
        /// What is said.
        speech: Arc<[i16]>,
        /// Speech is waited for at most so long.
        within: Duration,
    },
    /// Presses keys one after the other.
    Press(Vec<Digit>),
    /// Waits until the far end has pressed so many keys since the call began.
    WaitForKeys {
        /// How many.
        count: usize,
        /// At most so long.
        within: Duration,
    },
    /// From here on this is heard behind the caller, again and again; silence where it is empty.
    Noise(Arc<[i16]>),
    /// From here on the line gives back what comes, at this level (1 is as loud); 0 ends it.
    Echo(f64),
    /// From here on the network loses this share of the packets of audio, 0 to 1, both ways.
    Lose(f64),
    /// Does nothing for a while.
    Pause(Duration),
    /// Waits until the far end hangs up.
    WaitForHangUp {
        /// At most so long.
        within: Duration,
    },
    /// Ends the call.
    HangUp,
}

impl Step {
    /// Whether the caller says or presses something, to which the far end may answer.
    pub fn speaks(&self) -> bool {
        matches!(self, Self::Say(_) | Self::Interrupt { .. } | Self::Press(_))
    }
}
