//! Engines in this process that do as they should.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::mpsc::Sender;
use trunkline_agent::engines::{Delta, EngineError, Llm, Question, Speech, Stt, Tts, Webhook};
use trunkline_agent::{Engines, Message, ToolCall};
use trunkline_call::BoxFuture;

/// What the caller says, to whoever hears it well.
pub const QUESTION: &str = "When do you open?";
/// What is answered.
pub const ANSWER: &str = "We open at nine.";
/// The function that [`AsksFirst`] calls.
pub const FUNCTION: &str = "opening_hours";

/// What a voice was asked to say.
#[derive(Clone, Debug, Default)]
pub struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    pub fn all(&self) -> Vec<String> {
        self.0.lock().expect("no panic").clone()
    }
}

/// All of them, with a voice that is listened to by `said`.
pub fn engines(said: &Said) -> Engines {
    Engines {
        stt: Arc::new(Hears),
        llm: Arc::new(Thinks),
        tts: Arc::new(Speaks(said.clone())),
        tools: Arc::new(Webhook::default()),
    }
}

struct Hears;

impl Stt for Hears {
    fn transcribe(&self, _: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(std::future::ready(Ok(QUESTION.to_owned())))
    }
}

struct Thinks;

impl Llm for Thinks {
    fn reply(&self, _: Question, answer: Sender<Delta>) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move { give(&answer, Delta::Words(ANSWER.to_owned())).await })
    }
}

/// Thinks like [`Thinks`], but asks a function before it answers.
pub struct AsksFirst;

impl Llm for AsksFirst {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let has_asked = matches!(question.messages.last(), Some(Message::Tool { .. }));
            let call = ToolCall {
                id: "1".to_owned(),
                name: FUNCTION.to_owned(),
                arguments: json!({}),
            };
            let delta = match has_asked {
                true => Delta::Words(ANSWER.to_owned()),
                false => Delta::Call(call),
            };
            give(&answer, delta).await
        })
    }
}

async fn give(answer: &Sender<Delta>, delta: Delta) -> Result<(), EngineError> {
    let given = answer.send(delta).await;
    given.map_err(|_| EngineError::Unwanted)
}

/// A voice that notes what it says: half a second of sound, whatever it is.
pub struct Speaks(pub Said);

impl Tts for Speaks {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        self.0.0.lock().expect("no panic").push(speech.text);
        Box::pin(async move {
            let sent = sound.send(vec![900; 8_000]).await;
            sent.map_err(|_| EngineError::Unwanted)
        })
    }
}
