//! What telephony providers and their kin say on a media stream, one vocabulary for all of them.
//!
//! A stream has two ends. The *provider's* end has the telephone: it says [`Up`]. The *server's*
//! end has the application: it says [`Down`]. A dialect is a [`StreamCodec`] that reads and writes
//! both, so the same file serves when a provider dials us (we read `Up`, write `Down`) and when we
//! dial an application and speak as the provider would (we write `Up`, read `Down`).
//!
//! A codec is pure spelling: no time, no queue, no audio beyond opaque payloads.

pub(crate) mod bodies;
pub(crate) mod clip;
mod detect;
pub(crate) mod events;
mod format;
pub(crate) mod json;
mod message;
pub(crate) mod preamble;
pub mod sound;

pub use detect::{Detected, OPENING_MESSAGES_MAX, Opening, UnknownStream, detect};
pub use format::{Encoding, MediaFormat};
pub use message::{Down, Media, Start, Track, Up};

use thiserror::Error;

use crate::Frame;

/// Reads and writes the messages of one dialect, for one connection. What a call gives back
/// borrows the codec's own buffers, so that audio does not allocate.
pub trait StreamCodec: Send + std::fmt::Debug {
    /// What the provider's end said.
    ///
    /// # Errors
    /// Where the message breaks the dialect; the next one may be good again.
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense>;

    /// What to send, as the provider's end. Give [`Up::Start`] before anything but
    /// [`Up::Connected`]. `None` where this dialect has no words for it.
    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>>;

    /// What the server's end said.
    ///
    /// # Errors
    /// Where the message breaks the dialect; the next one may be good again.
    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense>;

    /// What to send, as the server's end. Nothing but a refusal can be said before [`Up::Start`]
    /// was read. `None` where this dialect has no words for it.
    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>>;
}

/// How the ends of a dialect behave, where that is not in the messages themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// The format of both directions where `start` announces none.
    pub format: MediaFormat,
    /// Linear sound that `start` may announce instead, where [`Self::format`] is none.
    pub linear: Option<MediaFormat>,
    /// Encodings that whoever sets up the stream chooses from, for each direction apart.
    pub codecs: &'static [Encoding],
    /// How the server's end says that the call is over.
    pub hangup: Hangup,
    /// What becomes of marks when the provider's queue is cleared.
    pub marks: Marks,
    /// The provider's end plays what it gets as it comes: the server's end keeps the time and
    /// sends 20 ms every 20 ms. Otherwise the provider queues and plays in order.
    pub paced_by_server: bool,
    /// The bytes that a message of audio has at least, toward the provider's end.
    pub message_bytes_min: usize,
    /// Messages of media may come in another order than they were sent; `chunk` says which.
    pub reordered: bool,
    /// The WebSocket subprotocols to agree to, the one to ask for first (RFC 6455 §1.9).
    pub subprotocols: &'static [&'static str],
    /// Both ends answer pings. Where not, an end that is silent may still be there.
    pub pings: bool,
}

impl Manners {
    /// What most dialects have in common; the format is a telephone line's.
    pub const USUAL: Self = Self {
        format: MediaFormat::PCMU,
        linear: None,
        codecs: &[],
        hangup: Hangup::Close,
        marks: Marks::None,
        paced_by_server: false,
        message_bytes_min: 0,
        reordered: false,
        subprotocols: &[],
        pings: true,
    };

    /// The WebSocket subprotocol to ask for.
    pub fn subprotocol(&self) -> Option<&'static str> {
        self.subprotocols.first().copied()
    }
}

/// How the server's end says that the call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// By closing the connection.
    Close,
    /// By [`Down::Hangup`], then closing.
    Message,
    /// By a request to the provider's REST interface: a closed connection leaves the caller on
    /// the line.
    Rest,
}

/// Whether and how the provider's end answers marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// There are none.
    None,
    /// Echoed when played; a clear echoes those it drops.
    EchoedWhenCleared,
    /// Echoed when played; a clear drops them without a word.
    ForgottenWhenCleared,
}

/// A message that its dialect does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Nonsense(pub &'static str);
