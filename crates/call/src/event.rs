//! What happened on a call.

use std::sync::Arc;

use trunkline_audio::AudioFrame;

use crate::turns::{Deafness, Interruption, Turn};
use crate::{CommandKind, Digit, EndReason};

/// A name an application gave to a place in its own audio. Clone is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(Arc<str>);

impl Mark {
    /// The longest name a mark may have, in bytes.
    pub const NAME_BYTES_MAX: usize = 256;

    /// A mark of this name; `None` where it is longer than [`Self::NAME_BYTES_MAX`].
    pub fn new(name: &str) -> Option<Self> {
        (name.len() <= Self::NAME_BYTES_MAX).then(|| Self(name.into()))
    }

    /// The name as given.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// What a leg tells its application.
///
/// `at_ms` in [`MarkPlayed`](Self::MarkPlayed), [`Cleared`](Self::Cleared) and
/// [`Paused`](Self::Paused) counts the application's own audio put on the wire since answer, so
/// differences between two of them are exact.
#[derive(Clone, Debug, PartialEq)]
pub enum CallEvent {
    /// The far end is being alerted (outbound calls).
    Ringing,
    /// The call is up; audio flows both ways from here to the end.
    Answered,
    /// 20 ms of what the caller says.
    Audio {
        /// 320 samples at 16 kHz.
        frame: AudioFrame,
        /// Position of its first sample, counted from answer.
        at: u64,
        /// Whether it was made up because nothing came in time.
        concealed: bool,
    },
    /// The caller pressed a key.
    Dtmf {
        /// Which.
        digit: Digit,
        /// For how long, as far as it was told, in ms.
        duration_ms: u32,
    },
    /// All audio before this mark is on the wire.
    MarkPlayed {
        /// The application's name for the place.
        mark: Mark,
        /// Application audio played so far, in ms.
        at_ms: u64,
    },
    /// The queue was emptied on request.
    Cleared {
        /// Application audio played so far, in ms.
        at_ms: u64,
        /// Marks that will never be reached, in their order.
        unplayed: Vec<Mark>,
    },
    /// Playing stopped on request; what is queued stays.
    Paused {
        /// Application audio played so far, in ms.
        at_ms: u64,
    },
    /// More audio is queued than is good for a conversation.
    QueueHigh {
        /// How much, in ms.
        queued_ms: u64,
    },
    /// The queue came down again.
    QueueLow {
        /// How much is left, in ms.
        queued_ms: u64,
    },
    /// The call is on hold: the caller put us there, or has agreed to a hold of ours. What is
    /// played may not be heard.
    Held,
    /// Neither side holds the other any more.
    Resumed,
    /// A transfer that was asked for came to its end.
    Transferred(TransferOutcome),
    /// A command was not carried out.
    Refused {
        /// Which.
        command: CommandKind,
        /// The reason.
        why: Why,
    },
    /// We answered the caller. Told a moment later, when it is certain.
    Turn(Turn),
    /// The caller spoke while we did, and we have stopped since, or will not.
    Interrupted(Interruption),
    /// The caller has spoken and the application says nothing. Told again only when it has sounded
    /// since.
    AppDeaf(Deafness),
    /// The last event of every call. Where the application had spoken, a
    /// [`Cleared`](Self::Cleared) comes right before it, so that what was heard is known.
    Ended(EndReason),
}

/// How a transfer ended, in the words of the far end (RFC 3515 §2.4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferOutcome {
    /// A SIP status; 2xx is success.
    pub code: u16,
    /// Its reason phrase.
    pub text: String,
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// This leg has no means to do it.
    Unsupported,
    /// A queue is at its limit.
    Full,
    /// The call is not in a state for it.
    NotNow,
    /// A rule forbids it.
    Denied,
    /// The far end said no, with this status.
    Failed(u16),
}

impl Why {
    /// The word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Full => "full",
            Self::NotNow => "not_now",
            Self::Denied => "denied",
            Self::Failed(_) => "failed",
        }
    }
}
