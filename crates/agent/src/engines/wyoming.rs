//! Wyoming, the protocol of Piper's and Whisper's servers for Home Assistant: over TCP, a line of
//! JSON for each event, then as many bytes of JSON and of sound as that line says.

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::Sender;
use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_call::BoxFuture;

use super::http::{Duplex, Server};
use super::rate::Rate;
use super::{EngineError, Pieces, Speech, Stt, Tts};

/// The longest line of an event.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// The longest JSON after it.
const DATA_BYTES_MAX: u64 = 1 << 20;
/// The most sound of one event.
const PAYLOAD_BYTES_MAX: u64 = 4 << 20;
/// The most events of one answer.
const EVENTS_MAX: usize = 100_000;
/// Sound of one event that we send: 100 ms.
const CHUNK_SAMPLES: usize = 1_600;

/// A server that hears.
#[derive(Clone, Debug)]
pub struct WyomingStt {
    /// `tcp://host:port`.
    pub server: Server,
    /// The language that is spoken, as two letters.
    pub language: Option<String>,
}

impl Stt for WyomingStt {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(async move {
            match self.ask(&samples).await {
                Err(error) if error.is_passing() => {
                    tokio::time::sleep(super::AGAIN_AFTER).await;
                    self.ask(&samples).await
                }
                outcome => outcome,
            }
        })
    }
}

impl WyomingStt {
    async fn ask(&self, samples: &[i16]) -> Result<String, EngineError> {
        let mut line = Line::open(&self.server).await?;
        let format = json!({"rate": SAMPLE_RATE_HZ, "width": 2, "channels": 1});
        let about = match &self.language {
            Some(language) => json!({"language": language}),
            None => json!({}),
        };
        let mut said = event("transcribe", &about, &[]);
        said.extend(event("audio-start", &format, &[]));
        for chunk in samples.chunks(CHUNK_SAMPLES) {
            let bytes: Vec<u8> = chunk
                .iter()
                .flat_map(|sample| sample.to_le_bytes())
                .collect();
            said.extend(event("audio-chunk", &format, &bytes));
        }
        said.extend(event("audio-stop", &json!({}), &[]));
        line.say(&said).await?;
        for _ in 0..EVENTS_MAX {
            let event = line.hear().await?;
            if event.kind == "transcript" {
                let text = event.data["text"].as_str().unwrap_or_default();
                return Ok(text.trim().to_owned());
            }
        }
        Err(self.server.broken("no transcript"))
    }
}

/// A server that speaks.
#[derive(Clone, Debug)]
pub struct WyomingTts {
    /// `tcp://host:port`.
    pub server: Server,
    /// With which voice, where the number that was called has none of its own; nothing leaves it to
    /// the server.
    pub voice: Option<String>,
}

impl Tts for WyomingTts {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let mut data = json!({"text": speech.text});
            if let Some(voice) = speech.voice.as_ref().or(self.voice.as_ref()) {
                data["voice"] = json!({"name": voice});
            }
            let mut pieces = Pieces::new(&sound);
            let first = self.ask(&data, &mut pieces).await;
            match pieces.settled(first).await {
                Some(outcome) => outcome,
                None => self.ask(&data, &mut pieces).await,
            }
        })
    }
}

impl WyomingTts {
    async fn ask(
        &self,
        data: &Value,
        pieces: &mut Pieces<'_, Vec<i16>>,
    ) -> Result<(), EngineError> {
        let mut line = Line::open(&self.server).await?;
        line.say(&event("synthesize", data, &[])).await?;
        let mut rate = None;
        for _ in 0..EVENTS_MAX {
            let event = line.hear().await?;
            match event.kind.as_str() {
                "audio-chunk" => {
                    let rate = match &mut rate {
                        Some(rate) => rate,
                        None => rate.insert(self.rate(&event.data)?),
                    };
                    let samples = event.payload.as_chunks::<2>().0.iter();
                    let samples: Vec<i16> = samples.map(|pair| i16::from_le_bytes(*pair)).collect();
                    pieces.give(rate.process(&samples)).await?;
                }
                "audio-stop" if pieces.any => return Ok(()),
                "audio-stop" => return Err(self.server.broken("no sound")),
                _ => {}
            }
        }
        Err(self.server.broken("sound that does not end"))
    }

    fn rate(&self, format: &Value) -> Result<Rate, EngineError> {
        let rate_hz = format["rate"]
            .as_u64()
            .and_then(|rate| u32::try_from(rate).ok());
        match (
            rate_hz,
            format["width"].as_u64(),
            format["channels"].as_u64(),
        ) {
            (Some(rate_hz), Some(2), Some(1)) => Ok(Rate::new(rate_hz)),
            _ => Err(self
                .server
                .broken(format!("sound that is not 16 bit mono: {format}"))),
        }
    }
}

fn event(kind: &str, data: &Value, payload: &[u8]) -> Vec<u8> {
    let head = json!({"type": kind, "data": data, "payload_length": payload.len()});
    let mut event = head.to_string().into_bytes();
    event.push(b'\n');
    event.extend_from_slice(payload);
    event
}

struct Event {
    kind: String,
    data: Value,
    payload: Vec<u8>,
}

/// A connection to a server.
struct Line<'a> {
    server: &'a Server,
    stream: BufReader<Box<dyn Duplex>>,
}

impl<'a> Line<'a> {
    async fn open(server: &'a Server) -> Result<Self, EngineError> {
        let stream = BufReader::new(server.open().await?);
        Ok(Self { server, stream })
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let stream = self.stream.get_mut();
        let said = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        said.await.map_err(|error| self.server.broken(error))
    }

    /// The next event; one that says that something is wrong is an error.
    async fn hear(&mut self) -> Result<Event, EngineError> {
        let mut head = Vec::new();
        let mut line = (&mut self.stream).take(LINE_BYTES_MAX);
        let read = line.read_until(b'\n', &mut head).await;
        read.map_err(|error| self.server.broken(error))?;
        if head.is_empty() {
            return Err(self.server.broken("the connection ended"));
        }
        let head: Result<Map<String, Value>, _> = serde_json::from_slice(&head);
        let mut head = head.map_err(|_| self.server.broken("an event that is no JSON object"))?;
        let length = |name: &str| head.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (data, payload) = (length("data_length"), length("payload_length"));
        let more = self.bytes(data, DATA_BYTES_MAX).await?;
        let payload = self.bytes(payload, PAYLOAD_BYTES_MAX).await?;
        let mut data = head.remove("data").unwrap_or_default();
        if let Ok(Value::Object(more)) = serde_json::from_slice(&more) {
            match data.as_object_mut() {
                Some(data) => data.extend(more),
                None => data = Value::Object(more),
            }
        }
        let kind = head.get("type").and_then(Value::as_str);
        let kind = kind.unwrap_or_default().to_owned();
        if kind == "error" {
            let said = data["text"].as_str().or(data["message"].as_str());
            let said: String = said.unwrap_or("error").chars().take(200).collect();
            return Err(self.server.broken(said.replace(char::is_control, " ")));
        }
        Ok(Event {
            kind,
            data,
            payload,
        })
    }

    async fn bytes(&mut self, length: u64, most: u64) -> Result<Vec<u8>, EngineError> {
        if length > most {
            return Err(self.server.broken(format!("an event of {length} bytes")));
        }
        let mut bytes = vec![0; length as usize];
        let read = self.stream.read_exact(&mut bytes).await;
        read.map_err(|error| self.server.broken(error))?;
        Ok(bytes)
    }
}
