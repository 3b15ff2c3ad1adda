//! What hears, thinks and speaks: four small traits, and what is behind them.
//!
//! An order is a future; whoever drops it takes the order back. Sound is 16 kHz, 16 bit, mono.

mod chain;
mod deepgram;
pub mod embedded;
#[cfg(feature = "speech")]
mod hibari;
mod http;
mod lines;
mod local;
mod ollama;
mod openai;
mod pieces;
mod process;
mod rate;
mod realtime;
mod receptionist;
mod remembered;
mod socket;
mod sound;
mod webhook;
#[cfg(feature = "speech")]
mod whisper;
mod wyoming;

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use trunkline_call::BoxFuture;

use crate::history::{Message, ToolCall};
use crate::settings::ToolSpec;
use pieces::{AGAIN_AFTER, Pieces};

pub use chain::Chain;
pub use deepgram::Deepgram;
#[cfg(feature = "speech")]
pub use hibari::HibariTts;
pub use http::{BadUrl, Connect, Duplex, Place, Server, Tcp};
pub use local::Local;
pub use ollama::Ollama;
pub use openai::{OpenAiLlm, OpenAiStt, OpenAiTts};
pub use pieces::{hand_on, sound_of};
pub use process::Process;
pub use realtime::{Brief, GeminiLive, OpenAiRealtime, Realtime};
pub use receptionist::{APPOINTMENT, Clock, Receptionist};
pub use remembered::Remembered;
pub use webhook::Webhook;
#[cfg(feature = "speech")]
pub use whisper::WhisperStt;
pub use wyoming::{WyomingStt, WyomingTts};

/// Hears words in speech.
pub trait Stt: Send + Sync {
    /// The words of an utterance at 16 kHz; nothing where there are none.
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>>;

    /// Does beforehand what would keep a caller waiting. Called when the first call begins.
    fn prepare(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// One that listens to a call while speech goes on, so that the words are there when it ends;
    /// nothing where only whole utterances are understood. Called in a runtime, once for each call.
    fn listen(&self) -> Option<Box<dyn Listening>> {
        None
    }
}

/// Hears the utterances of one call, each while it is being said. None of this waits.
pub trait Listening: Send {
    /// More of an utterance, at 16 kHz.
    fn hear(&mut self, samples: Vec<i16>);

    /// The words of all that was heard of it. Whoever speaks after a pause may be asked for again.
    /// Where this fails, [`Stt::transcribe`] can still be tried.
    fn words(&mut self) -> BoxFuture<'static, Result<String, EngineError>>;

    /// That was all of it: what is heard next is another.
    fn forget(&mut self);
}

/// Hears whether a caller who pauses has come to an end, for [`Agent::with_turns`]. None comes with
/// this crate, and no configuration asks for one: it is for programs that bring a model of their own.
///
/// [`Agent::with_turns`]: crate::Agent::with_turns
pub trait TurnModel: Send + Sync {
    /// Whether this, at 16 kHz, sounds like all that they want to say.
    fn has_ended(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<bool, EngineError>>;

    /// Does beforehand what would keep a caller waiting. Called when the first call begins.
    fn prepare(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Thinks of answers.
pub trait Llm: Send + Sync {
    /// Answers a question, piece by piece.
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>>;

    /// Finds out what is there. Called when the gateway starts.
    fn load(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Speaks.
pub trait Tts: Send + Sync {
    /// Says a text, piece by piece at 16 kHz.
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>>;

    /// Reads what it needs of this machine. Called when the gateway starts.
    fn load(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Does beforehand what would keep a caller waiting. Called when the first call begins.
    fn prepare(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Tts for Box<dyn Tts> {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        self.as_ref().speak(speech, sound)
    }

    fn load(&self) -> BoxFuture<'_, ()> {
        self.as_ref().load()
    }

    fn prepare(&self) -> BoxFuture<'_, ()> {
        self.as_ref().prepare()
    }
}

/// No voice at all: whoever would speak is told so at once.
#[derive(Clone, Copy, Debug)]
pub struct Mute;

impl Tts for Mute {
    fn speak(&self, _: Speech, _: Sender<Vec<i16>>) -> BoxFuture<'_, Result<(), EngineError>> {
        let none = EngineError::Broken {
            place: "the voice".to_owned(),
            what: "there is none that stands in".to_owned(),
        };
        Box::pin(std::future::ready(Err(none)))
    }
}

/// Functions that a language model calls.
pub trait Tool: Send + Sync {
    /// What a call comes to, as text for the model.
    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, EngineError>>;
}

/// What a language model is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// All that was said, the prompt first.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Arc<[ToolSpec]>,
    /// Another model than the engine's own.
    pub model: Option<String>,
}

/// What a voice is to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Speech {
    /// A sentence or a few.
    pub text: String,
    /// Another voice than the engine's own.
    pub voice: Option<String>,
}

impl Speech {
    /// A text in the engine's own voice.
    pub fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            voice: None,
        }
    }
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// Words, which follow those before.
    Words(String),
    /// A function is called.
    Call(ToolCall),
}

/// Why an order was not fulfilled. None of these tells what was asked, or a key.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nobody is there.
    #[error("{place} cannot be reached: {source}")]
    Unreachable {
        /// Where.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// A server said no.
    #[error("{place} answers {status}: {said}")]
    Refused {
        /// Where.
        place: String,
        /// Of HTTP.
        status: u16,
        /// The beginning of what it said to it.
        said: String,
    },
    /// The answer broke off, or is none.
    #[error("{place}: {what}")]
    Broken {
        /// Where.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// Nobody wants it any more.
    #[error("nobody listens")]
    Unwanted,
}

impl EngineError {
    /// Whether the same order may succeed a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unwanted => false,
        }
    }
}
