//! Gemini Live: `BidiGenerateContent` over a WebSocket, 16 kHz in and 24 kHz out.
//! <https://ai.google.dev/api/live>

use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender};
use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_call::BoxFuture;

use super::{Ask, Brief, Event, Read, Realtime, Spelling, converse, heard, spelled, verbatim};
use crate::engines::EngineError;
use crate::engines::http::Server;
use crate::engines::rate::Rate;
use crate::history::ToolCall;
use crate::settings::ToolSpec;

/// Samples a second of its sound, where it does not say otherwise.
const RATE_HZ: u32 = 24_000;
/// The most that is kept of what is being said, in bytes.
const SAID_BYTES_MAX: usize = 4_000;
const PATH: &str = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

/// Gemini Live.
#[derive(Clone, Debug)]
pub struct GeminiLive {
    /// Its host, opened with the header `x-goog-api-key`.
    pub server: Server,
    /// Which model, where the number that was called has none of its own.
    pub model: String,
    /// With which voice, the same; nothing means the model's own.
    pub voice: Option<String>,
}

impl Realtime for GeminiLive {
    fn converse(
        &self,
        brief: Brief,
        asks: Receiver<Ask>,
        events: Sender<Event>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let spelling = Spoken {
                model: brief.model.clone().unwrap_or_else(|| self.model.clone()),
                voice: brief.voice.clone().or(self.voice.clone()),
                brief,
                turn: 0,
                turn_has: TurnHas::default(),
                rate: None,
            };
            converse(&self.server, PATH, spelling, asks, events).await
        })
    }
}

/// The protocol in one session.
struct Spoken {
    brief: Brief,
    model: String,
    voice: Option<String>,
    /// Turns have no names, so they are counted.
    turn: u64,
    turn_has: TurnHas,
    rate: Option<(u32, Rate)>,
}

/// What came in this turn.
#[derive(Default)]
struct TurnHas {
    sounded: bool,
    called: bool,
    been_interrupted: bool,
    heard: String,
    said: String,
}

impl Spoken {
    fn content(&mut self, content: &Value, events: &mut Vec<Event>) {
        if let Some(text) = content["inputTranscription"]["text"].as_str() {
            append(&mut self.turn_has.heard, text);
            events.push(Event::Hears);
        }
        if let Some(text) = content["outputTranscription"]["text"].as_str() {
            append(&mut self.turn_has.said, text);
        }
        let parts = content["modelTurn"]["parts"].as_array();
        for part in parts.into_iter().flatten() {
            events.extend(self.sound(&part["inlineData"]));
        }
        if content["interrupted"] == true {
            self.turn_has.been_interrupted = true;
            events.push(Event::Interrupted);
            // What follows is of another answer.
            self.turn += 1;
        }
        if content["generationComplete"] == true {
            events.push(Event::Done);
        }
        if content["turnComplete"] == true {
            self.turn_ended(events);
        }
    }

    fn sound(&mut self, data: &Value) -> Option<Event> {
        let kind = data["mimeType"]
            .as_str()
            .filter(|kind| kind.starts_with("audio/pcm"))?;
        let rate_hz = kind
            .split_once("rate=")
            .and_then(|(_, rate)| rate.parse().ok());
        let rate_hz = rate_hz.unwrap_or(RATE_HZ);
        if self
            .rate
            .as_ref()
            .is_none_or(|(known, _)| *known != rate_hz)
        {
            self.rate = Some((rate_hz, Rate::new(rate_hz)));
        }
        let (_, rate) = self.rate.as_mut()?;
        self.turn_has.sounded = true;
        Some(Event::Sound {
            item: format!("turn-{}", self.turn),
            samples: heard(data["data"].as_str().unwrap_or_default(), rate),
        })
    }

    fn turn_ended(&mut self, events: &mut Vec<Event>) {
        self.turn += 1;
        self.rate = None;
        let had = std::mem::take(&mut self.turn_has);
        let words = [
            (had.heard, Event::CallerSaid as fn(String) -> Event),
            (had.said, Event::Said),
        ];
        for (text, event) in words {
            if !text.trim().is_empty() {
                events.push(event(text.trim().to_owned()));
            }
        }
        events.push(match had.sounded || had.called || had.been_interrupted {
            true => Event::Done,
            false => Event::NoAnswer("no sound in the answer".to_owned()),
        });
    }

    fn calls(&mut self, calls: &Value) -> Vec<ToolCall> {
        self.turn_has.called = true;
        let calls = calls.as_array().into_iter().flatten();
        let calls = calls.filter_map(|call| {
            Some(ToolCall {
                id: call["id"].as_str()?.to_owned(),
                name: call["name"].as_str()?.to_owned(),
                arguments: call["args"].clone(),
            })
        });
        calls.collect()
    }
}

impl Spelling for Spoken {
    fn begin(&self) -> Value {
        let silence = u64::try_from(self.brief.end_of_turn.as_millis()).unwrap_or(u64::MAX);
        let mut generation = json!({"responseModalities": ["AUDIO"]});
        if let Some(voice) = &self.voice {
            let voice = json!({"prebuiltVoiceConfig": {"voiceName": voice}});
            generation["speechConfig"] = json!({"voiceConfig": voice});
        }
        let functions: Vec<Value> = self.brief.tools.iter().map(function).collect();
        json!({"setup": {
            "model": format!("models/{}", self.model.trim_start_matches("models/")),
            "generationConfig": generation,
            "systemInstruction": {"parts": [{"text": self.brief.prompt}]},
            "tools": [{"functionDeclarations": functions}],
            "realtimeInputConfig": {"automaticActivityDetection": {"silenceDurationMs": silence}},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            // Without it a session of sound ends after a quarter of an hour.
            "contextWindowCompression": {"slidingWindow": {}},
        }})
    }

    fn ask(&mut self, ask: Ask) -> Vec<Value> {
        let input = match ask {
            Ask::Sound(samples) => {
                let kind = format!("audio/pcm;rate={SAMPLE_RATE_HZ}");
                json!({"audio": {"data": spelled(&samples), "mimeType": kind}})
            }
            Ask::Say(text) => json!({"text": verbatim(&text)}),
            Ask::Did(text) => json!({"text": text}),
            Ask::Results(results) => {
                let responses = results.iter().map(|(call, result)| {
                    json!({"id": call.id, "name": call.name, "response": {"result": result}})
                });
                let responses: Vec<Value> = responses.collect();
                return vec![json!({"toolResponse": {"functionResponses": responses}})];
            }
            // It forgets by itself what it had not sent when it was interrupted.
            Ask::Heard { .. } => return Vec::new(),
        };
        vec![json!({"realtimeInput": input})]
    }

    fn read(&mut self, message: &Value) -> Result<Read, String> {
        let mut events = Vec::new();
        if message.get("setupComplete").is_some() {
            events.push(Event::Ready);
        }
        self.content(&message["serverContent"], &mut events);
        if let Some(call) = message.get("toolCall") {
            let calls = self.calls(&call["functionCalls"]);
            events.push(Event::Calls(calls));
        }
        let void = message["toolCallCancellation"]["ids"].as_array();
        let void = void.map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned));
        events.extend(void.map(|ids| Event::CallsVoid(ids.collect())));
        if let Some(left) = message["goAway"]["timeLeft"].as_str() {
            tracing::debug!(left, "the server will end the session");
        }
        Ok(Read { events, send: None })
    }
}

/// A function as Gemini is told of it, which takes no schema of an object without properties.
fn function(tool: &ToolSpec) -> Value {
    let mut told = json!({"name": tool.name, "description": tool.description});
    let properties = tool.parameters["properties"].as_object();
    if properties.is_some_and(|properties| !properties.is_empty()) {
        told["parameters"] = tool.parameters.clone();
    }
    told
}

fn append(said: &mut String, text: &str) {
    if said.len() + text.len() <= SAID_BYTES_MAX {
        said.push_str(text);
    }
}
