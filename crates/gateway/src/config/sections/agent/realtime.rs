//! `realtime` of an agent: one engine in place of three.

use super::servers::socket;
use super::text;
use crate::config::field::{Field, Section};
use crate::config::keys;
use std::sync::Arc;
use trunkline_agent::engines::{Connect, GeminiLive, Mute, OpenAiRealtime, Realtime, Server, Tts};

/// Where OpenAI is, up to where `/realtime` follows.
const OPENAI_URL: &str = "wss://api.openai.com/v1";
/// Where Gemini is.
const GEMINI_URL: &str = "wss://generativelanguage.googleapis.com";

#[derive(Clone, Copy)]
enum Kind {
    OpenAi,
    Gemini,
}

/// The engine of a section, whose agent has no other.
pub fn engine(
    agent: &Section<'_>,
    field: &Field<'_>,
    line: &Arc<dyn Connect>,
) -> Option<Arc<dyn Realtime>> {
    for other in ["stt", "llm", "tts"]
        .iter()
        .filter_map(|key| agent.get(key))
    {
        other.wrong(
            "means nothing beside `realtime`, which hears, thinks and speaks",
            "remove one of them",
        );
    }
    let section = field.section(&keys::AGENT_REALTIME);
    let kinds = [("openai", Kind::OpenAi), ("gemini", Kind::Gemini)];
    let kind = section.need("type")?.word(&kinds)?;
    let model = section.need("model").and_then(|field| field.text());
    let voice = text(&section, "voice");
    Some(match kind {
        Kind::OpenAi => Arc::new(OpenAiRealtime {
            server: socket(&section, line, OPENAI_URL, Server::with_key)?,
            model: model?.to_owned(),
            voice,
        }),
        Kind::Gemini => Arc::new(GeminiLive {
            server: socket(&section, line, GEMINI_URL, Server::with_google_key)?,
            model: model?.to_owned(),
            voice,
        }),
    })
}

/// What says a word where such an engine is silent: a voice of this machine, or tones without one.
pub fn stand_in() -> Arc<dyn Tts> {
    super::voice_of_this_machine().map_or_else(|| Arc::new(Mute) as Arc<dyn Tts>, Arc::from)
}
