//! Speech to speech over a WebSocket: one engine that hears, thinks and speaks.

mod gemini;
mod openai;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender};
use trunkline_call::BoxFuture;
use tungstenite::Message;

use super::EngineError;
use super::http::Server;
use super::rate::Rate;
use super::socket::Socket;
use crate::conversation::realtime::{Ask, Event};
use crate::settings::ToolSpec;

pub use gemini::GeminiLive;
pub use openai::OpenAiRealtime;

/// Hears, thinks and speaks.
pub trait Realtime: Send + Sync {
    /// Holds one session: does what is asked, and tells what happens, until nobody asks any more or
    /// the server has ended it.
    fn converse(
        &self,
        brief: Brief,
        asks: Receiver<Ask>,
        events: Sender<Event>,
    ) -> BoxFuture<'_, Result<(), EngineError>>;
}

/// What a session is told at its beginning.
#[derive(Clone, Debug)]
pub struct Brief {
    /// What the model is told of itself.
    pub prompt: String,
    /// What it may call.
    pub tools: Arc<[ToolSpec]>,
    /// Another model than the engine's own.
    pub model: Option<String>,
    /// Another voice than the engine's own.
    pub voice: Option<String>,
    /// Silence after which the caller has said all.
    pub end_of_turn: Duration,
}

/// A protocol, without its connection.
trait Spelling: Send {
    /// The first message.
    fn begin(&self) -> Value;

    /// The messages that ask for this.
    fn ask(&mut self, ask: Ask) -> Vec<Value>;

    /// What a message says.
    ///
    /// # Errors
    /// In words: why there is no point in going on.
    fn read(&mut self, message: &Value) -> Result<Read, String>;
}

/// What a message says, and what is to be sent because of it.
#[derive(Debug, Default, PartialEq)]
struct Read {
    events: Vec<Event>,
    send: Option<Value>,
}

impl Read {
    fn event(event: Event) -> Self {
        Self {
            events: vec![event],
            send: None,
        }
    }
}

/// Holds a session in this spelling.
async fn converse(
    server: &Server,
    path: &str,
    mut spelling: impl Spelling,
    mut asks: Receiver<Ask>,
    events: Sender<Event>,
) -> Result<(), EngineError> {
    let mut socket = Socket::open(server, path).await?;
    send(&mut socket, &spelling.begin()).await?;
    loop {
        tokio::select! {
            ask = asks.recv() => {
                let Some(ask) = ask else {
                    socket.close().await;
                    return Ok(());
                };
                for message in spelling.ask(ask) {
                    send(&mut socket, &message).await?;
                }
            }
            message = socket.next() => {
                let Some(message) = message? else {
                    return Ok(());
                };
                let message: Result<Value, _> = serde_json::from_slice(&message);
                let message = message.map_err(|_| socket.broken("a message that is no JSON"))?;
                let read = spelling.read(&message).map_err(|why| socket.broken(why))?;
                if let Some(answer) = read.send {
                    send(&mut socket, &answer).await?;
                }
                for event in read.events {
                    events.send(event).await.map_err(|_| EngineError::Unwanted)?;
                }
            }
        }
    }
}

async fn send(socket: &mut Socket, message: &Value) -> Result<(), EngineError> {
    socket.send(Message::text(message.to_string())).await
}

/// Samples as both protocols carry them: 16 bit, little-endian, in Base64.
fn spelled(samples: &[i16]) -> String {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// Such samples at 16 kHz. What is no Base64 is silence that was not sent.
fn heard(spelled: &str, rate: &mut Rate) -> Vec<i16> {
    let bytes = STANDARD.decode(spelled).unwrap_or_default();
    let samples = bytes.as_chunks::<2>().0.iter();
    let samples: Vec<i16> = samples.map(|pair| i16::from_le_bytes(*pair)).collect();
    rate.process(&samples)
}

/// A prompt that has a model say a text as it stands.
fn verbatim(text: &str) -> String {
    format!("Say exactly the following to the caller, and nothing else: {text}")
}
