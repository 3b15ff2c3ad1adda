//! `type: agent` in `apps`: the voice agent and its engines.

mod behaviour;
mod realtime;
mod servers;

use self::behaviour::behaviour;
use self::servers::{URL_REMEDY, WYOMING_REMEDY, server, socket};
use super::calls::named;
use super::hibari;
use super::in_process;
use crate::agent::Line;
use crate::clock::Clock;
use crate::config::field::{Field, Section};
use crate::config::keys;
use crate::http::ollama_address;
use crate::settings::Trust;
use std::sync::Arc;
use trunkline_agent::engines::{
    Chain, Connect, Deepgram, Llm, Local, Ollama, OpenAiLlm, OpenAiStt, OpenAiTts, Process,
    Receptionist, Remembered, Server, Stt, Tts, Webhook, WyomingStt, WyomingTts,
};
use trunkline_agent::{Agent, Engines, RealtimeAgent, RealtimeEngines, Settings, ToolSpec};
use trunkline_call::App;

/// Samples a second of OpenAI's voices.
const OPENAI_RATE_HZ: u32 = 24_000;
/// Said of the opening hours where the file does not say them.
const HOURS: &str = "I was not told our opening hours.";
/// Where Deepgram is, up to where `/listen` follows.
const DEEPGRAM_URL: &str = "wss://api.deepgram.com/v1";

/// What an agent needs besides its own section.
pub struct Beside<'a> {
    /// Whom it believes.
    pub trust: &'a Trust,
    /// By which its receptionist tells the time.
    pub clock: &'a Clock,
}

/// The agent of a section, with all of its engines.
pub fn agent(section: &Section<'_>, beside: &Beside<'_>) -> Option<Arc<dyn App>> {
    let line: Arc<dyn Connect> = Arc::new(Line(beside.trust.clone()));
    let mut settings = Settings::default();
    let mut well = behaviour(section, &mut settings);
    let mut servers = Vec::new();
    for (name, entry) in section.get("tools").iter().flat_map(named) {
        match tool(name, &entry, &line) {
            Some((spec, server)) => {
                servers.push((spec.name.clone(), server));
                settings.tools.push(spec);
            }
            None => well = false,
        }
    }
    let tools = Arc::new(Webhook::new(servers));
    if let Some(field) = section.get("realtime") {
        let realtime = realtime::engine(section, &field, &line)?;
        let engines = RealtimeEngines {
            realtime,
            stand_in: realtime::stand_in(),
            tools,
        };
        return well.then(|| Arc::new(RealtimeAgent::new(settings, engines)) as Arc<dyn App>);
    }
    let stt = match section.get("stt") {
        Some(field) => stt(&field, &line),
        None => in_process::stt_by_default(section),
    };
    let llm = llm(section, &line, beside.clock);
    let tts = tts(section, &line);
    let phrases = settings.phrases.all();
    let phrases = phrases.into_iter().chain([settings.greeting.as_str()]);
    let (stt, llm, tts) = (stt?, llm?, tts?);
    let engines = Engines {
        stt,
        llm,
        tts: Arc::new(Remembered::new(tts, phrases)),
        tools,
    };
    well.then(|| Arc::new(Agent::new(settings, engines)) as Arc<dyn App>)
}

fn tool(name: &str, field: &Field<'_>, line: &Arc<dyn Connect>) -> Option<(ToolSpec, Server)> {
    let section = field.section(&keys::AGENT_TOOL);
    let server = server(&section, line, &["http", "https"], URL_REMEDY);
    let description = section.need("description").and_then(|field| field.text());
    let parameters = match section.get("parameters") {
        Some(field) => {
            let schema = field.any_text().unwrap_or_default();
            let schema = serde_json::from_str::<serde_json::Value>(&schema).ok();
            let schema = schema.filter(serde_json::Value::is_object);
            if schema.is_none() {
                let remedy = "write a JSON Schema, such as {type: object, properties: {…}}";
                field.wrong("is no mapping", remedy);
            }
            schema
        }
        None => Some(serde_json::json!({"type": "object", "properties": {}})),
    };
    let spec = ToolSpec {
        name: name.to_owned(),
        description: description?.to_owned(),
        parameters: parameters?,
    };
    Some((spec, server?))
}

#[derive(Clone, Copy)]
enum SttKind {
    OpenAi,
    Deepgram,
    Whisper,
    Wyoming,
}

/// What hears, by its section.
pub fn stt(field: &Field<'_>, line: &Arc<dyn Connect>) -> Option<Arc<dyn Stt>> {
    let section = field.section(&keys::AGENT_STT);
    let text = |key| text(&section, key);
    let kinds = [
        ("openai", SttKind::OpenAi),
        ("deepgram", SttKind::Deepgram),
        ("whisper", SttKind::Whisper),
        ("wyoming", SttKind::Wyoming),
    ];
    let language = text("language");
    Some(match section.need("type")?.word(&kinds)? {
        SttKind::OpenAi => Arc::new(OpenAiStt {
            server: server(&section, line, &["http", "https"], URL_REMEDY)?,
            model: text("model").unwrap_or_else(|| "whisper-1".to_owned()),
            language,
        }),
        SttKind::Deepgram => Arc::new(Deepgram {
            server: socket(&section, line, DEEPGRAM_URL, Server::with_token)?,
            model: text("model").unwrap_or_else(|| "nova-3".to_owned()),
            language,
        }),
        SttKind::Whisper => {
            refuse(&section, &["url", "key", "language"], "whisper");
            in_process::whisper(&section)?
        }
        SttKind::Wyoming => {
            refuse(&section, &["key", "model"], "wyoming");
            let server = server(&section, line, &["tcp"], WYOMING_REMEDY)?;
            Arc::new(WyomingStt { server, language })
        }
    })
}

#[derive(Clone, Copy)]
enum LlmKind {
    Ollama,
    OpenAi,
    Receptionist,
}

/// Without a section, Ollama thinks if it answers, and the receptionist if it does not.
fn llm(app: &Section<'_>, line: &Arc<dyn Connect>, clock: &Clock) -> Option<Arc<dyn Llm>> {
    let ollama = || Server::new(&format!("http://{}", ollama_address()), Arc::clone(line));
    let Some(field) = app.get("llm") else {
        let script = receptionist(HOURS, clock);
        return match ollama() {
            Ok(server) => Some(Arc::new(Local::new(server, None, script))),
            Err(_) => Some(Arc::new(script)),
        };
    };
    let section = field.section(&keys::AGENT_LLM);
    let kinds = [
        ("ollama", LlmKind::Ollama),
        ("openai", LlmKind::OpenAi),
        ("receptionist", LlmKind::Receptionist),
    ];
    let model = || section.need("model").and_then(|field| field.text());
    match section.need("type")?.word(&kinds)? {
        LlmKind::Ollama => {
            refuse(&section, &["hours", "key"], "ollama");
            let server = match section.get("url") {
                Some(_) => server(
                    &section,
                    line,
                    &["http", "https"],
                    "leave it out for Ollama here",
                ),
                None => ollama().ok(),
            };
            let model = model()?.to_owned();
            let server = server?;
            Some(Arc::new(Ollama { server, model }))
        }
        LlmKind::OpenAi => {
            refuse(&section, &["hours"], "openai");
            let server = server(&section, line, &["http", "https"], URL_REMEDY);
            let model = model()?.to_owned();
            let server = server?;
            Some(Arc::new(OpenAiLlm { server, model }))
        }
        LlmKind::Receptionist => {
            refuse(&section, &["url", "key", "model"], "receptionist");
            let hours = text(&section, "hours");
            Some(Arc::new(receptionist(
                hours.as_deref().unwrap_or(HOURS),
                clock,
            )))
        }
    }
}

fn receptionist(hours: &str, clock: &Clock) -> Receptionist {
    let clock = clock.clone();
    Receptionist::new(Arc::new(move || clock.spoken()), hours)
}

#[derive(Clone, Copy)]
enum TtsKind {
    OpenAi,
    Wyoming,
    Hibari,
    Command,
}

/// What speaks, by its section or without one. Where it fails, another voice stands in.
pub fn tts(app: &Section<'_>, line: &Arc<dyn Connect>) -> Option<Box<dyn Tts>> {
    if let Some(field) = app.get("tts") {
        return chosen_voice(&field, line);
    }
    let voice = voice_of_this_machine();
    if voice.is_none() {
        app.field().wrong(
            "`tts` is missing, and neither the voice hibari nor Flite, which speak without it, is \
             there",
            "add `tts: …`, type `trunkline models fetch` for a build with the feature `speech`, or \
             install Flite (Debian: apt-get install flite)",
        );
    }
    voice
}

/// The voice that needs no server and no configuration, if there is one: hibari, which Flite stands
/// in for.
fn voice_of_this_machine() -> Option<Box<dyn Tts>> {
    match hibari::voice_by_default() {
        Some(hibari) => Some(with_stand_in(hibari, flite())),
        None => flite(),
    }
}

fn flite() -> Option<Box<dyn Tts>> {
    Process::flite().map(|flite| Box::new(flite) as Box<dyn Tts>)
}

fn with_stand_in(voice: Box<dyn Tts>, other: Option<Box<dyn Tts>>) -> Box<dyn Tts> {
    match other {
        Some(other) => Box::new(Chain::new(voice, other)),
        None => voice,
    }
}

fn chosen_voice(field: &Field<'_>, line: &Arc<dyn Connect>) -> Option<Box<dyn Tts>> {
    let section = field.section(&keys::AGENT_TTS);
    let text = |key| text(&section, key);
    let kinds = [
        ("openai", TtsKind::OpenAi),
        ("wyoming", TtsKind::Wyoming),
        ("hibari", TtsKind::Hibari),
        ("command", TtsKind::Command),
    ];
    let kind = section.need("type")?.word(&kinds)?;
    let voice: Box<dyn Tts> = match kind {
        TtsKind::OpenAi => {
            refuse(&section, &["command", "speed"], "openai");
            let rate = section
                .get("rate")
                .map(|field| field.number(8_000..=192_000));
            Box::new(OpenAiTts {
                server: server(&section, line, &["http", "https"], URL_REMEDY)?,
                model: text("model").unwrap_or_else(|| "tts-1".to_owned()),
                voice: text("voice").unwrap_or_else(|| "alloy".to_owned()),
                rate_hz: rate.unwrap_or(Some(OPENAI_RATE_HZ))?,
            })
        }
        TtsKind::Wyoming => {
            let others = ["command", "key", "model", "rate", "speed"];
            refuse(&section, &others, "wyoming");
            let voice = text("voice");
            let server = server(&section, line, &["tcp"], WYOMING_REMEDY)?;
            Box::new(WyomingTts { server, voice })
        }
        TtsKind::Hibari => {
            let others = ["command", "key", "model", "rate", "url", "voice"];
            refuse(&section, &others, "hibari");
            hibari::voice(&section)?
        }
        TtsKind::Command => {
            let others = ["url", "key", "model", "rate", "speed", "voice"];
            refuse(&section, &others, "command");
            let command = section
                .need("command")
                .and_then(|f| super::documents::command(&f))?;
            Box::new(Process::new(command.to_vec()))
        }
    };
    let other = match kind {
        TtsKind::Hibari => flite(),
        _ => voice_of_this_machine(),
    };
    Some(with_stand_in(voice, other))
}

fn text(section: &Section<'_>, key: &'static str) -> Option<String> {
    section
        .get(key)
        .and_then(|field| field.text())
        .map(str::to_owned)
}

/// What this kind of engine has no use for.
fn refuse(section: &Section<'_>, keys: &[&'static str], kind: &str) {
    for field in keys.iter().filter_map(|key| section.get(key)) {
        let message = format!("means nothing to `type: {kind}`");
        field.wrong(message, "remove the key, or change the type");
    }
}
