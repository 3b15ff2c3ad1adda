//! Notes when each engine is asked and answers: from outside of it, whatever engine it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc::{Sender, channel};
use trunkline_agent::engines::{
    Delta, EngineError, Llm, Question, Speech, Stt, Tool, Tts, hand_on,
};
use trunkline_agent::{Message, ToolCall};
use trunkline_call::BoxFuture;
use trunkline_phone::page::Who;

/// Pieces on their way through a tap.
const PIECES_MAX: usize = 16;

/// What an engine did.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// This was heard in speech of the caller.
    Understood(String),
    /// An answer was asked for: to these words of the caller, or, where there are none, to what a
    /// function has returned.
    Asked(Option<String>),
    /// These words of it came.
    Thought(String),
    /// The function of this name was called.
    Called(String),
    /// The voice was asked to say this.
    ToSay(String),
    /// It gave the first sound of that.
    Sounded,
}

/// The most deeds that are kept: whoever calls after the conversation may talk for hours.
const DEEDS_MAX: usize = 10_000;

/// What the engines did, and when.
#[derive(Default)]
pub struct Log {
    deeds: Mutex<Vec<(Instant, Deed)>>,
}

impl Log {
    fn note(&self, deed: Deed) {
        let deeds = self.deeds.lock();
        let mut deeds = deeds.unwrap_or_else(PoisonError::into_inner);
        if deeds.len() < DEEDS_MAX {
            deeds.push((Instant::now(), deed));
        }
    }

    /// Everything, in the order of time.
    pub fn deeds(&self) -> Vec<(Instant, Deed)> {
        let deeds = self.deeds.lock();
        deeds.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Told what the caller was understood to say, and what the agent is about to, as it is.
pub type Shown = Arc<dyn Fn(Who, &str) + Send + Sync>;

/// An engine under observation.
pub struct Tap<E: ?Sized> {
    log: Arc<Log>,
    shown: Shown,
    engine: Arc<E>,
}

impl<E: ?Sized> Tap<E> {
    /// Notes in this log what the engine does, and shows what is said.
    pub fn new(log: &Arc<Log>, shown: &Shown, engine: Arc<E>) -> Arc<Self> {
        Arc::new(Self {
            log: Arc::clone(log),
            shown: Arc::clone(shown),
            engine,
        })
    }
}

impl Stt for Tap<dyn Stt> {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(async move {
            let text = self.engine.transcribe(samples).await?;
            self.log.note(Deed::Understood(text.clone()));
            Ok(text)
        })
    }
}

impl Llm for Tap<dyn Llm> {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let asked = match question.messages.last() {
                Some(Message::User(said)) => Some(said.clone()),
                _ => None,
            };
            if let Some(said) = &asked {
                (self.shown)(Who::Caller, said);
            }
            self.log.note(Deed::Asked(asked));
            let (to, from) = channel(PIECES_MAX);
            let passing = hand_on(from, &answer, |delta| {
                if let Delta::Words(words) = delta {
                    self.log.note(Deed::Thought(words.clone()));
                }
            });
            let (ended, passed) = tokio::join!(self.engine.reply(question, to), passing);
            ended.and(passed)
        })
    }
}

impl Tts for Tap<dyn Tts> {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            self.log.note(Deed::ToSay(speech.text.clone()));
            (self.shown)(Who::Agent, &speech.text);
            let (to, from) = channel(PIECES_MAX);
            let mut is_first = true;
            let passing = hand_on(from, &sound, |_| {
                if std::mem::take(&mut is_first) {
                    self.log.note(Deed::Sounded);
                }
            });
            let (ended, passed) = tokio::join!(self.engine.speak(speech, to), passing);
            ended.and(passed)
        })
    }
}

impl Tool for Tap<dyn Tool> {
    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(async move {
            self.log.note(Deed::Called(call.name.clone()));
            self.engine.call(call).await
        })
    }
}
