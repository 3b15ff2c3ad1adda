//! The words of the two ends.

use std::time::Duration;

use trunkline_call::{Digit, Direction, Parameters};

use super::MediaFormat;

/// What the provider's end says.
#[derive(Clone, Debug, PartialEq)]
pub enum Up<'a> {
    /// A greeting that tells nothing yet.
    Connected,
    /// The stream begins.
    Start(Box<Start>),
    /// The caller's audio.
    Media(Media<'a>),
    /// The caller pressed a key.
    Dtmf {
        /// Which.
        digit: Digit,
        /// How long, where that is told.
        duration: Option<Duration>,
    },
    /// Everything sent before this mark was played, or dropped by a clear.
    Mark {
        /// As the server named it.
        name: &'a str,
    },
    /// What was queued has been dropped.
    Cleared,
    /// The queue is nearly full: send nothing further for now.
    QueueHigh,
    /// There is room again.
    QueueLow,
    /// The stream ends: the caller has gone, or the provider takes the call elsewhere.
    Stop,
    /// The provider complains of what it was sent.
    Error {
        /// In its own words.
        detail: &'a str,
    },
    /// Known to the dialect and of no meaning to a call.
    Nothing,
}

/// How a stream begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The provider's name of the stream.
    pub stream_id: String,
    /// The provider's name of the call.
    pub call_id: String,
    /// Whose call it is, as the provider bills it.
    pub account_id: Option<String>,
    /// Who calls; empty where it is not told.
    pub from: String,
    /// Who was called; empty where it is not told.
    pub to: String,
    /// Who called whom, where that is told.
    pub direction: Option<Direction>,
    /// What the provider sends. `None`: the dialect's own format.
    pub up: Option<MediaFormat>,
    /// What the provider takes. `None`: the same as it sends.
    pub down: Option<MediaFormat>,
    /// What whoever set up the stream wanted to be told along.
    pub parameters: Parameters,
}

impl Start {
    /// Whose call it is; empty where it is not told.
    pub(crate) fn account(&self) -> &str {
        self.account_id.as_deref().unwrap_or_default()
    }
}

/// A piece of audio: any number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media<'a> {
    /// Whose voice it is.
    pub track: Track,
    /// Counts the messages of this track, from 1, where the dialect does.
    pub chunk: Option<u64>,
    /// Milliseconds since the stream began, where the dialect tells.
    pub timestamp_ms: Option<u64>,
    /// Its format where the message says so; otherwise that of [`Start::up`]. Where
    /// [`Start::down`] is silent too, the provider takes what it sends.
    pub format: Option<MediaFormat>,
    /// The audio.
    pub payload: &'a [u8],
}

impl<'a> Media<'a> {
    /// The caller's voice in the format of [`Start::up`], of which nothing else is told.
    pub(crate) fn bare(payload: &'a [u8]) -> Self {
        Self {
            track: Track::Inbound,
            chunk: None,
            timestamp_ms: None,
            format: None,
            payload,
        }
    }
}

/// Whose voice a piece of audio is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Track {
    /// The far end's, which the application hears.
    #[default]
    Inbound,
    /// What the provider plays to the far end; of no use to an application.
    Outbound,
}

/// What the server's end says.
#[derive(Clone, Debug, PartialEq)]
pub enum Down<'a> {
    /// Speak this, after what is queued.
    Media {
        /// The audio, any number of bytes.
        payload: &'a [u8],
        /// Its format where the message says so; otherwise that of [`Start::down`].
        format: Option<MediaFormat>,
        /// The same as a [`Down::Mark`] of this name right after it.
        mark: Option<&'a str>,
    },
    /// Tell me when everything sent so far was played.
    Mark {
        /// The server's name for it.
        name: &'a str,
    },
    /// Forget what is queued.
    Clear,
    /// Stop playing and keep what is queued.
    Pause,
    /// Go on playing.
    Continue,
    /// Take the call.
    Answer,
    /// Press a key.
    Dtmf {
        /// Which.
        digit: Digit,
        /// How long, where that is told.
        duration: Option<Duration>,
    },
    /// Move the call elsewhere.
    Transfer {
        /// A number or URI.
        target: &'a str,
    },
    /// End the call.
    Hangup,
    /// Known to the dialect and of no meaning to a call.
    Nothing,
}

impl<'a> Down<'a> {
    /// Audio in the format of [`Start::down`], without a mark.
    pub(crate) fn bare(payload: &'a [u8]) -> Self {
        Self::Media {
            payload,
            format: None,
            mark: None,
        }
    }
}
