//! What comes before a call: a provider has connected and must say what its stream is.

use std::time::Duration;

use thiserror::Error;
use trunkline_streams::Frame;
use trunkline_streams::dialect::StreamDialect;
use trunkline_streams::stream::{
    Detected, Nonsense, OPENING_MESSAGES_MAX, Start, StreamCodec, UnknownStream, Up, detect,
};

/// How long a stream may take to begin.
pub const START_MAX: Duration = Duration::from_secs(5);
/// Messages among which the one must be that begins the stream.
pub const GREETING_MESSAGES_MAX: usize = 8;

/// A stream that has begun: all that a [`StreamLeg`](super::StreamLeg) needs.
#[derive(Debug)]
pub struct Greeted {
    /// What it speaks.
    pub dialect: &'static StreamDialect,
    /// Reads and writes its messages.
    pub codec: Box<dyn StreamCodec>,
    /// What it said of itself.
    pub start: Start,
    /// The message that began the stream, where that was sound already.
    pub sound: Option<Vec<u8>>,
}

/// Why a connection is no stream. Its words are for whoever wrote the other end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody speaks so.
    #[error(transparent)]
    Unknown(#[from] UnknownStream),
    /// A message that the dialect does not have.
    #[error("this is not how {dialect} speaks: {nonsense}")]
    Nonsense {
        /// What was expected.
        dialect: &'static str,
        /// What came.
        nonsense: Nonsense,
    },
    /// Something of a call that has not begun.
    #[error("`start` comes before anything else about a call")]
    NotStarted,
    /// It talks and does not begin.
    #[error("no `start` among the first {GREETING_MESSAGES_MAX} messages")]
    TooMuch,
}

/// A connection that has not said yet whose call it brings.
#[derive(Debug)]
pub struct Greeting {
    dialect: Option<(&'static StreamDialect, Box<dyn StreamCodec>)>,
    messages: usize,
}

impl Greeting {
    /// A connection that speaks this dialect; `None`: one that shows by how it begins.
    pub fn new(dialect: Option<&'static StreamDialect>) -> Self {
        Self {
            dialect: dialect.map(|dialect| (dialect, (dialect.codec)())),
            messages: 0,
        }
    }

    /// Takes a message; the stream, once it has begun. Nothing may be given after that.
    ///
    /// # Errors
    /// Where this does not become a stream.
    pub fn hear(&mut self, message: Frame<'_>) -> Result<Option<Greeted>, Refusal> {
        self.messages += 1;
        if self.dialect.is_none() {
            let Some(dialect) = self.detect(message)? else {
                return Ok(None);
            };
            self.dialect = Some((dialect, (dialect.codec)()));
        }
        let start = match &mut self.dialect {
            Some((dialect, codec)) => start(dialect, codec.as_mut(), message)?,
            None => None,
        };
        if let Some(start) = start {
            return Ok(self.dialect.take().map(|(dialect, mut codec)| Greeted {
                sound: sound(codec.as_mut(), message),
                dialect,
                codec,
                start,
            }));
        }
        if self.messages >= GREETING_MESSAGES_MAX {
            return Err(Refusal::TooMuch);
        }
        Ok(None)
    }

    /// What this message tells. Those before it told nothing, so it may stand for them.
    fn detect(&self, message: Frame<'_>) -> Result<Option<&'static StreamDialect>, UnknownStream> {
        let so_far = [message; OPENING_MESSAGES_MAX];
        let so_far = so_far.get(..self.messages).unwrap_or(&so_far);
        Ok(match detect(so_far)? {
            Detected::Dialect(dialect) => Some(dialect),
            Detected::NotYet => None,
        })
    }
}

fn start(
    dialect: &StreamDialect,
    codec: &mut dyn StreamCodec,
    message: Frame<'_>,
) -> Result<Option<Start>, Refusal> {
    match codec.read_up(message) {
        Ok(Up::Start(start)) => Ok(Some(*start)),
        Ok(Up::Connected | Up::Nothing) => Ok(None),
        Ok(_) => Err(Refusal::NotStarted),
        Err(nonsense) => Err(Refusal::Nonsense {
            dialect: dialect.name,
            nonsense,
        }),
    }
}

/// Where a dialect's `start` may be left out, the first sound stands for it, and is sound as well.
fn sound(codec: &mut dyn StreamCodec, message: Frame<'_>) -> Option<Vec<u8>> {
    match message {
        Frame::Binary(bytes) if matches!(codec.read_up(message), Ok(Up::Media(_))) => {
            Some(bytes.to_vec())
        }
        _ => None,
    }
}
