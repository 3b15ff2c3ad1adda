//! Speech to speech as OpenAI and Google spell it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trunkline_agent::engines::{GeminiLive, OpenAiRealtime, Realtime};

use super::socket_at;
use super::websocket::{Step, says};

#[derive(Clone, Copy, Debug)]
pub enum Spelled {
    OpenAi,
    Gemini,
}

impl Spelled {
    pub fn engine(self, port: u16) -> Arc<dyn Realtime> {
        let (server, voice) = (socket_at(port), None);
        let model = "m".to_owned();
        match self {
            Self::OpenAi => Arc::new(OpenAiRealtime {
                server,
                model,
                voice,
            }),
            Self::Gemini => Arc::new(GeminiLive {
                server,
                model,
                voice,
            }),
        }
    }

    pub fn ready(self) -> Step {
        match self {
            Self::OpenAi => says(json!({"type": "session.updated"})),
            Self::Gemini => says(json!({"setupComplete": {}})),
        }
    }

    /// The caller has said something, which was understood.
    pub fn hears(self) -> Step {
        match self {
            Self::OpenAi => says(json!({"type": "input_audio_buffer.speech_started"})),
            Self::Gemini => says(json!({"serverContent": {"inputTranscription": {"text": "Hm?"}}})),
        }
    }

    /// So many ms of an answer.
    pub fn sound(self, ms: usize) -> Step {
        let sound = STANDARD.encode(1_200_i16.to_le_bytes().repeat(ms * 24));
        match self {
            Self::OpenAi => says(json!({
                "type": "response.output_audio.delta", "item_id": "a", "delta": sound,
            })),
            Self::Gemini => {
                let data = json!({"mimeType": "audio/pcm;rate=24000", "data": sound});
                says(json!({"serverContent": {"modelTurn": {"parts": [{"inlineData": data}]}}}))
            }
        }
    }

    pub fn hangs_up(self) -> Step {
        says(match self {
            Self::OpenAi => {
                let call = json!({"type": "function_call", "call_id": "c", "name": "hang_up", "arguments": "{}"});
                json!({"type": "response.done", "response": {"status": "completed", "output": [call]}})
            }
            Self::Gemini => {
                let call: Value = json!({"id": "c", "name": "hang_up", "args": {}});
                json!({"toolCall": {"functionCalls": [call]}})
            }
        })
    }
}
