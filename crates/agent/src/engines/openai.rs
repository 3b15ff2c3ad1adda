//! Servers with OpenAI's interface: OpenAI itself, vLLM, llama.cpp, whisper.cpp, Kokoro and kin.

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::Sender;
use trunkline_audio::{SAMPLE_RATE_HZ, wav};
use trunkline_call::BoxFuture;

use super::http::Server;
use super::lines::Lines;
use super::sound::Sound;
use super::{Delta, EngineError, Llm, Pieces, Question, Speech, Stt, Tts};
use crate::history::{Message, ToolCall};
use crate::settings::ToolSpec;

/// The longest arguments of a function, in bytes.
const ARGUMENTS_BYTES_MAX: usize = 64 << 10;
/// The most functions called at once.
const CALLS_MAX: usize = 32;
/// Separates the parts of a form. No WAV file of ours has it by chance.
const BOUNDARY: &str = "trunkline-5b0d9c8e7f61423a";

/// `/audio/transcriptions`.
#[derive(Clone, Debug)]
pub struct OpenAiStt {
    /// Up to `/v1`.
    pub server: Server,
    /// Which model hears.
    pub model: String,
    /// The language that is spoken, as two letters; nothing lets the model find out.
    pub language: Option<String>,
}

impl Stt for OpenAiStt {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(async move {
            let form = self.form(&wav::write_mono(SAMPLE_RATE_HZ, &samples));
            match self.ask(form.clone()).await {
                Err(error) if error.is_passing() => {
                    tokio::time::sleep(super::AGAIN_AFTER).await;
                    self.ask(form).await
                }
                outcome => outcome,
            }
        })
    }
}

impl OpenAiStt {
    fn form(&self, file: &[u8]) -> Vec<u8> {
        let mut fields = vec![("model", self.model.as_str()), ("response_format", "json")];
        fields.extend(
            self.language
                .iter()
                .map(|language| ("language", language.as_str())),
        );
        let mut form = Vec::with_capacity(file.len() + 1_024);
        for (name, value) in fields {
            let head = "Content-Disposition: form-data; name=";
            let field = format!("--{BOUNDARY}\r\n{head}\"{name}\"\r\n\r\n{value}\r\n");
            form.extend_from_slice(field.as_bytes());
        }
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"speech.wav\"";
        let head = format!("--{BOUNDARY}\r\n{head}\r\nContent-Type: audio/wav\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(file);
        form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        form
    }

    async fn ask(&self, form: Vec<u8>) -> Result<String, EngineError> {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let mut answer = self
            .server
            .post("/audio/transcriptions", &kind, form)
            .await?;
        let whole = answer.whole().await?;
        let whole: Option<Value> = serde_json::from_slice(&whole).ok();
        let text = whole.as_ref().and_then(|whole| whole["text"].as_str());
        let text = text.ok_or_else(|| self.server.broken("no transcript in the answer"))?;
        Ok(text.trim().to_owned())
    }
}

/// `/chat/completions`, streamed.
#[derive(Clone, Debug)]
pub struct OpenAiLlm {
    /// Up to `/v1`.
    pub server: Server,
    /// Which model thinks, where the number that was called has none of its own.
    pub model: String,
}

impl Llm for OpenAiLlm {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let body = self.body(&question);
            let mut pieces = Pieces::new(&answer);
            let first = self.ask(&body, &mut pieces).await;
            match pieces.settled(first).await {
                Some(outcome) => outcome,
                None => self.ask(&body, &mut pieces).await,
            }
        })
    }
}

impl OpenAiLlm {
    fn body(&self, question: &Question) -> String {
        let model = question.model.as_ref().unwrap_or(&self.model);
        let messages: Vec<Value> = question.messages.iter().map(message).collect();
        let mut body = json!({"model": model, "messages": messages, "stream": true});
        if !question.tools.is_empty() {
            body["tools"] = tools(&question.tools);
        }
        body.to_string()
    }

    async fn ask(&self, body: &str, pieces: &mut Pieces<'_, Delta>) -> Result<(), EngineError> {
        let path = "/chat/completions";
        let body = body.to_owned();
        let answer = self.server.post(path, "application/json", body).await?;
        let mut lines = Lines::new(answer);
        let mut calls = Calls::default();
        let mut is_complete = false;
        while let Some(line) = lines.next().await? {
            let Some(data) = line.strip_prefix("data:").map(str::trim) else {
                // Comments that keep the line open, and names of events.
                continue;
            };
            if data == "[DONE]" {
                is_complete = true;
                break;
            }
            let event: Result<Value, _> = serde_json::from_str(data);
            let event = event.map_err(|_| lines.broken("an event that is no JSON"))?;
            if let Some(error) = event.get("error") {
                return Err(lines.broken(told(error)));
            }
            let choice = &event["choices"][0];
            if let Some(words) = choice["delta"]["content"]
                .as_str()
                .filter(|w| !w.is_empty())
            {
                pieces.give(Delta::Words(words.to_owned())).await?;
            }
            for part in choice["delta"]["tool_calls"]
                .as_array()
                .into_iter()
                .flatten()
            {
                calls.add(part);
            }
            // Some servers close without the last event.
            is_complete |= choice["finish_reason"].is_string();
        }
        if !is_complete {
            return Err(lines.broken("the answer broke off"));
        }
        for call in calls.whole() {
            pieces.give(Delta::Call(call)).await?;
        }
        Ok(())
    }
}

/// What a server says is wrong, as one line.
pub(super) fn told(error: &Value) -> String {
    let message = error["message"].as_str().or(error.as_str());
    let told = message.map_or_else(|| error.to_string(), str::to_owned);
    told.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Function calls whose arguments come in pieces.
#[derive(Default)]
struct Calls(Vec<(String, String, String)>);

impl Calls {
    fn add(&mut self, part: &Value) {
        let index = part["index"].as_u64().unwrap_or(self.0.len() as u64) as usize;
        if index >= CALLS_MAX {
            return;
        }
        if self.0.len() <= index {
            self.0.resize_with(index + 1, Default::default);
        }
        let (id, name, arguments) = &mut self.0[index];
        for (place, piece) in [
            (id, &part["id"]),
            (name, &part["function"]["name"]),
            (arguments, &part["function"]["arguments"]),
        ] {
            let piece = piece.as_str().unwrap_or_default();
            if place.len() + piece.len() <= ARGUMENTS_BYTES_MAX {
                place.push_str(piece);
            }
        }
    }

    fn whole(self) -> impl Iterator<Item = ToolCall> {
        let named = self.0.into_iter().filter(|(_, name, _)| !name.is_empty());
        named.map(|(id, name, arguments)| ToolCall {
            id,
            name,
            // A function is told of arguments that are none as if there were none.
            arguments: serde_json::from_str(&arguments).unwrap_or(Value::Object(Map::new())),
        })
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::System(text) => json!({"role": "system", "content": text}),
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant { said, calls } if calls.is_empty() => {
            json!({"role": "assistant", "content": said})
        }
        Message::Assistant { said, calls } => {
            let calls = calls.iter().map(|call| {
                let arguments = call.arguments.to_string();
                let function = json!({"name": call.name, "arguments": arguments});
                json!({"id": call.id, "type": "function", "function": function})
            });
            let calls: Vec<Value> = calls.collect();
            json!({"role": "assistant", "content": said, "tool_calls": calls})
        }
        Message::Tool { id, result, .. } => {
            json!({"role": "tool", "tool_call_id": id, "content": result})
        }
    }
}

/// Functions as both OpenAI and Ollama are told of them.
pub(super) fn tools(tools: &[ToolSpec]) -> Value {
    let told = tools.iter().map(|tool| {
        let (name, about) = (&tool.name, &tool.description);
        let function = json!({"name": name, "description": about, "parameters": tool.parameters});
        json!({"type": "function", "function": function})
    });
    Value::Array(told.collect())
}

/// `/audio/speech`, heard while it comes.
#[derive(Clone, Debug)]
pub struct OpenAiTts {
    /// Up to `/v1`.
    pub server: Server,
    /// Which model speaks.
    pub model: String,
    /// With which voice, where the number that was called has none of its own.
    pub voice: String,
    /// Samples a second of what comes as `pcm`; OpenAI's is 24,000.
    pub rate_hz: u32,
}

impl Tts for OpenAiTts {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let voice = speech.voice.as_ref().unwrap_or(&self.voice);
            let body = json!({
                "model": self.model,
                "input": speech.text,
                "voice": voice,
                "response_format": "pcm",
            });
            let body = body.to_string();
            let mut pieces = Pieces::new(&sound);
            let first = self.ask(&body, &mut pieces).await;
            match pieces.settled(first).await {
                Some(outcome) => outcome,
                None => self.ask(&body, &mut pieces).await,
            }
        })
    }
}

impl OpenAiTts {
    async fn ask(&self, body: &str, pieces: &mut Pieces<'_, Vec<i16>>) -> Result<(), EngineError> {
        let (path, kind) = ("/audio/speech", "application/json");
        let mut answer = self.server.post(path, kind, body.to_owned()).await?;
        if answer.is_text {
            return Err(answer.broken("text in place of sound"));
        }
        let mut sound = Sound::new(self.rate_hz);
        while let Some(bytes) = answer.next().await? {
            let samples = sound.push(&bytes).map_err(|why| answer.broken(why))?;
            if !samples.is_empty() {
                pieces.give(samples).await?;
            }
        }
        let rest = sound.rest().map_err(|why| answer.broken(why))?;
        if !rest.is_empty() {
            pieces.give(rest).await?;
        }
        match pieces.any {
            true => Ok(()),
            false => Err(answer.broken("no sound in the answer")),
        }
    }
}
