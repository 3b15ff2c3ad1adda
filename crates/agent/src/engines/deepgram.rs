//! Deepgram, over its WebSocket `/v1/listen`: sound goes there while the caller speaks, and the words
//! are there soon after the last of it. <https://developers.deepgram.com/reference/streaming>

mod attention;
mod words;

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tokio::time::timeout;
use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_call::BoxFuture;
use tungstenite::Message;

use super::http::Server;
use super::socket::{Socket, in_query};
use super::{AGAIN_AFTER, EngineError, Listening, Stt};
use attention::{Attention, Order};
use words::Words;

/// Sound of one message where a whole utterance is sent: 100 ms.
const CHUNK_SAMPLES: usize = 1_600;
/// How long the words of a whole utterance may take.
const WORDS_MAX: Duration = Duration::from_secs(5);
/// What waits while a connection is opened: 10 s of sound. An utterance that loses some is sent again.
const ORDERS_MAX: usize = 500;

/// Deepgram, or a server of its kind.
#[derive(Clone, Debug)]
pub struct Deepgram {
    /// Up to `/v1`, opened with the header `Authorization: Token …`.
    pub server: Server,
    /// Which model hears.
    pub model: String,
    /// The language that is spoken; nothing means the model's own.
    pub language: Option<String>,
}

impl Stt for Deepgram {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(async move {
            match self.ask(&samples).await {
                Err(error) if error.is_passing() => {
                    tokio::time::sleep(AGAIN_AFTER).await;
                    self.ask(&samples).await
                }
                outcome => outcome,
            }
        })
    }

    fn listen(&self) -> Option<Box<dyn Listening>> {
        let (orders, to_do) = channel(ORDERS_MAX);
        tokio::spawn(Attention::new(self.clone()).attend(to_do));
        let server = self.server.clone();
        Some(Box::new(Listener {
            server,
            orders,
            has_lost: false,
        }))
    }
}

impl Deepgram {
    /// Where it listens to 16 kHz. When speech ends is our own decision, so its own is off: a segment
    /// that it had ended by itself leaves nothing for `Finalize` to answer.
    fn path(&self) -> String {
        let model = in_query(&self.model);
        let mut path = format!(
            "/listen?model={model}&encoding=linear16&sample_rate={SAMPLE_RATE_HZ}&channels=1\
             &punctuate=true&interim_results=true&endpointing=false"
        );
        if let Some(language) = &self.language {
            path.push_str("&language=");
            path.push_str(&in_query(language));
        }
        path
    }

    async fn ask(&self, samples: &[i16]) -> Result<String, EngineError> {
        let hearing = async {
            let mut line = Line::open(self).await?;
            for chunk in samples.chunks(CHUNK_SAMPLES) {
                line.hear(chunk).await?;
            }
            line.tell("CloseStream").await?;
            while line.next().await?.is_some() {}
            Ok(line.words.all())
        };
        let heard = timeout(WORDS_MAX, hearing).await;
        heard.unwrap_or_else(|_| Err(self.server.broken("no words in time")))
    }
}

/// One connection.
struct Line {
    socket: Socket,
    /// What was said since the last utterance ended.
    words: Words,
    /// Samples sent.
    sent: u64,
}

impl Line {
    async fn open(deepgram: &Deepgram) -> Result<Self, EngineError> {
        Ok(Self {
            socket: Socket::open(&deepgram.server, &deepgram.path()).await?,
            words: Words::default(),
            sent: 0,
        })
    }

    /// Sends sound.
    async fn hear(&mut self, samples: &[i16]) -> Result<(), EngineError> {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.socket.send(Message::Binary(bytes.into())).await?;
        self.sent += samples.len() as u64;
        Ok(())
    }

    /// `Finalize`, `KeepAlive` or `CloseStream`.
    async fn tell(&mut self, word: &str) -> Result<(), EngineError> {
        let message = format!("{{\"type\":\"{word}\"}}");
        self.socket.send(Message::text(message)).await
    }

    /// Takes in the next message: whether a `Finalize` was answered by it. Nothing once it is over.
    async fn next(&mut self) -> Result<Option<bool>, EngineError> {
        let Some(message) = self.socket.next().await? else {
            return Ok(None);
        };
        let message: Result<Value, _> = serde_json::from_slice(&message);
        let message = message.map_err(|_| self.socket.broken("a message that is no JSON"))?;
        let taken = self.words.take_in(&message);
        taken.map(Some).map_err(|why| self.socket.broken(why))
    }

    /// Whether all that was sent has been heard, but for silence at its end.
    fn has_heard_all(&self) -> bool {
        self.words.reach(self.sent)
    }
}

/// What the conversation holds: the connection is somebody else's, who ends with it.
struct Listener {
    server: Server,
    orders: Sender<Order>,
    /// Something of this utterance found no place.
    has_lost: bool,
}

impl Listening for Listener {
    fn hear(&mut self, samples: Vec<i16>) {
        self.has_lost |= self.orders.try_send(Order::Hear(samples)).is_err();
    }

    fn words(&mut self) -> BoxFuture<'static, Result<String, EngineError>> {
        let (to, words) = oneshot::channel();
        let is_asked = !self.has_lost && self.orders.try_send(Order::Words(to)).is_ok();
        let lost = self.server.broken("it was not all heard");
        Box::pin(async move {
            match is_asked {
                true => words.await.unwrap_or(Err(lost)),
                false => Err(lost),
            }
        })
    }

    fn forget(&mut self) {
        // Where this finds no place, what it would end is not whole either.
        self.has_lost = self.orders.try_send(Order::Forget).is_err();
    }
}
