//! OpenAI Realtime, as it is generally available since August 2025 (without the header `OpenAI-Beta`).
//! <https://platform.openai.com/docs/api-reference/realtime>
//!
//! Sound is `audio/pcm` at 24 kHz both ways. G.711, which it takes too, would be a quarter of the bytes
//! and half of what callers with G.722 or Opus can be heard of: what comes here is 16 kHz already.

use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender};
use trunkline_audio::{Resampler, SAMPLE_RATE_HZ};
use trunkline_call::BoxFuture;

use super::{Ask, Brief, Event, Read, Realtime, Spelling, converse, heard, spelled, verbatim};
use crate::engines::EngineError;
use crate::engines::http::Server;
use crate::engines::openai::told;
use crate::engines::rate::Rate;
use crate::engines::socket::in_query;
use crate::history::ToolCall;

/// Samples a second of its sound.
const RATE_HZ: u32 = 24_000;
/// What writes down the caller's words; the model itself hears sound.
const TRANSCRIBES: &str = "gpt-4o-mini-transcribe";

/// Names what asks for a response, so that an error says if it was that.
const CREATE: &str = "create";

/// OpenAI Realtime, or a server of its kind.
#[derive(Clone, Debug)]
pub struct OpenAiRealtime {
    /// Up to `/v1`.
    pub server: Server,
    /// Which model, where the number that was called has none of its own.
    pub model: String,
    /// With which voice, the same; nothing means the model's own.
    pub voice: Option<String>,
}

impl Realtime for OpenAiRealtime {
    fn converse(
        &self,
        brief: Brief,
        asks: Receiver<Ask>,
        events: Sender<Event>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let model = brief.model.as_ref().unwrap_or(&self.model);
            let path = format!("/realtime?model={}", in_query(model));
            let voice = brief.voice.clone().or(self.voice.clone());
            let spelling = Spoken::new(brief, voice);
            converse(&self.server, &path, spelling, asks, events).await
        })
    }
}

/// The protocol in one session.
struct Spoken {
    brief: Brief,
    voice: Option<String>,
    up: Resampler,
    down: Rate,
    is_ready: bool,
    /// Whether a response is under way: there is one at a time.
    is_answering: bool,
    /// Whether anything was heard of it.
    has_sounded: bool,
    /// Asked for once that one is done.
    next: Option<Value>,
}

impl Spoken {
    fn new(brief: Brief, voice: Option<String>) -> Self {
        Self {
            brief,
            voice,
            up: Resampler::new(SAMPLE_RATE_HZ, RATE_HZ).expect("rates that are known"),
            down: Rate::new(RATE_HZ),
            is_ready: false,
            is_answering: false,
            has_sounded: false,
            next: None,
        }
    }

    fn sound(&mut self, samples: &[i16]) -> Value {
        let mut sound = vec![0; self.up.output_len(samples.len())];
        let length = self.up.process(samples, &mut sound);
        json!({"type": "input_audio_buffer.append", "audio": spelled(&sound[..length])})
    }

    /// Asks for a response, now or after the one that is under way.
    fn respond(&mut self, response: Value) -> Option<Value> {
        let create = json!({
            "type": "response.create", "event_id": CREATE, "response": response,
        });
        if std::mem::replace(&mut self.is_answering, true) {
            self.next = Some(create);
            return None;
        }
        Some(create)
    }

    /// The same, and that one is cut short.
    fn respond_at_once(&mut self, response: Value) -> Value {
        let cancel = json!({"type": "response.cancel"});
        self.respond(response).unwrap_or(cancel)
    }

    fn done(&mut self, response: &Value) -> Read {
        self.is_answering = self.next.is_some();
        let mut events = Vec::new();
        let calls = calls(&response["output"]);
        match response["status"].as_str() {
            Some("failed") => {
                let error = &response["status_details"]["error"];
                events.push(Event::NoAnswer(told(error)));
            }
            // The caller interrupted it, or we did.
            Some("cancelled") => events.push(Event::Done),
            _ if !calls.is_empty() => events.extend([Event::Calls(calls), Event::Done]),
            _ if self.has_sounded => events.push(Event::Done),
            _ => events.push(Event::NoAnswer("no sound in the answer".to_owned())),
        }
        Read {
            events,
            send: self.next.take(),
        }
    }

    fn error(&mut self, error: &Value) -> Result<Read, String> {
        let why = told(error);
        if !self.is_ready {
            return Err(why);
        }
        let is_busy = error["code"] == "conversation_already_has_active_response";
        if error["event_id"] == CREATE && !is_busy {
            self.is_answering = false;
            return Ok(Read::event(Event::NoAnswer(why)));
        }
        // Most are of messages that came too late: a response that was over is cancelled. What ends
        // the session closes it.
        tracing::debug!(error = why, "the session goes on");
        Ok(Read::default())
    }
}

impl Spelling for Spoken {
    fn begin(&self) -> Value {
        let format = json!({"type": "audio/pcm", "rate": RATE_HZ});
        let silence = u64::try_from(self.brief.end_of_turn.as_millis()).unwrap_or(u64::MAX);
        let mut output = json!({"format": format});
        if let Some(voice) = &self.voice {
            output["voice"] = json!(voice);
        }
        let tools = self.brief.tools.iter().map(|tool| {
            json!({
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            })
        });
        let tools: Vec<Value> = tools.collect();
        json!({"type": "session.update", "session": {
            "type": "realtime",
            "instructions": self.brief.prompt,
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": format,
                    "transcription": {"model": TRANSCRIBES},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": silence},
                },
                "output": output,
            },
            "tools": tools,
        }})
    }

    fn ask(&mut self, ask: Ask) -> Vec<Value> {
        match ask {
            Ask::Sound(samples) => vec![self.sound(&samples)],
            Ask::Say(text) => {
                vec![self.respond_at_once(json!({"instructions": verbatim(&text)}))]
            }
            Ask::Did(text) => {
                let content = json!([{"type": "input_text", "text": text}]);
                let item = json!({"type": "message", "role": "user", "content": content});
                vec![create(&item), self.respond_at_once(json!({}))]
            }
            Ask::Results(results) => {
                let items = results.iter().map(|(call, result)| {
                    create(&json!({
                        "type": "function_call_output", "call_id": call.id, "output": result,
                    }))
                });
                let mut messages: Vec<Value> = items.collect();
                messages.extend(self.respond(json!({})));
                messages
            }
            Ask::Heard { item, ms } => vec![json!({
                "type": "conversation.item.truncate",
                "item_id": item,
                "content_index": 0,
                "audio_end_ms": ms,
            })],
        }
    }

    fn read(&mut self, message: &Value) -> Result<Read, String> {
        let text = |name: &str| message[name].as_str().unwrap_or_default();
        Ok(match text("type") {
            "session.updated" if !self.is_ready => {
                self.is_ready = true;
                Read::event(Event::Ready)
            }
            "input_audio_buffer.speech_started" => Read::event(Event::Interrupted),
            "response.created" => {
                (self.is_answering, self.has_sounded) = (true, false);
                self.down = Rate::new(RATE_HZ);
                Read::default()
            }
            "response.output_audio.delta" => {
                self.has_sounded = true;
                Read::event(Event::Sound {
                    item: text("item_id").to_owned(),
                    samples: heard(text("delta"), &mut self.down),
                })
            }
            "response.done" => self.done(&message["response"]),
            "conversation.item.input_audio_transcription.completed" => {
                said(text("transcript"), Event::CallerSaid)
            }
            "response.output_audio_transcript.done" => said(text("transcript"), Event::Said),
            "error" => self.error(&message["error"])?,
            _ => Read::default(),
        })
    }
}

fn create(item: &Value) -> Value {
    json!({"type": "conversation.item.create", "item": item})
}

fn said(text: &str, event: impl FnOnce(String) -> Event) -> Read {
    match text.trim() {
        "" => Read::default(),
        text => Read::event(event(text.to_owned())),
    }
}

fn calls(output: &Value) -> Vec<ToolCall> {
    let items = output.as_array().into_iter().flatten();
    let calls = items.filter(|item| item["type"] == "function_call");
    let calls = calls.filter_map(|item| {
        let arguments = item["arguments"].as_str().unwrap_or_default();
        Some(ToolCall {
            id: item["call_id"].as_str()?.to_owned(),
            name: item["name"].as_str()?.to_owned(),
            // A function is told of arguments that are none as if there were none.
            arguments: serde_json::from_str(arguments).unwrap_or_else(|_| json!({})),
        })
    });
    calls.collect()
}
