//! `apps`: the applications that take calls.

use super::agent::{Beside, agent};
use super::calls::named;
use super::on_lost::on_lost;
use crate::apps::Place;
use crate::config::field::{Field, Section};
use crate::config::keys;
use crate::config::overrides::InProcess;
use crate::settings::{AppEntry, AppRole, WebSocketApp};
use std::collections::BTreeMap;
use trunkline_providers::url::shown;
use trunkline_streams::dialect::{Open, StreamDialect, dialect};
use trunkline_streams::stream::{Encoding, MediaFormat};
use trunkline_streams::trunkline::DIALECT;
use trunkline_streams::{AnswerMode, Codecs, Dialect, SampleRate, WireOptions};

#[derive(Clone, Copy)]
enum Kind {
    Echo,
    WebSocket,
    Python,
    Agent,
}

/// Adds the file's applications to those that are always there.
pub fn apps(
    field: &Field<'_>,
    in_process: Option<&InProcess>,
    beside: &Beside<'_>,
    apps: &mut BTreeMap<String, AppEntry>,
) {
    for (name, entry) in named(field) {
        if let Some(app) = app(&entry, in_process, beside) {
            apps.insert(name.to_owned(), app);
        }
    }
}

fn app(field: &Field<'_>, in_process: Option<&InProcess>, beside: &Beside<'_>) -> Option<AppEntry> {
    let section = field.section(&keys::APP);
    let kinds = [
        ("echo", Kind::Echo),
        ("websocket", Kind::WebSocket),
        ("python", Kind::Python),
        ("agent", Kind::Agent),
    ];
    let kind = section.need("type")?;
    let kind_is = kind.word(&kinds)?;
    if !matches!(kind_is, Kind::Agent) {
        refuse_of_an_agent(&section);
    }
    match kind_is {
        Kind::Echo => {
            refuse(&section, &OF_A_WEBSOCKET);
            refuse(&section, &["answer"]);
            Some(AppEntry::Echo)
        }
        Kind::WebSocket => websocket(&section).map(AppEntry::WebSocket),
        Kind::Python => {
            refuse(&section, &OF_A_WEBSOCKET);
            let mode = match section.get("answer") {
                Some(field) => answer(&field, None),
                None => Some(AnswerMode::default()),
            };
            let Some(InProcess(make)) = in_process else {
                kind.wrong(
                    "a Python program has such applications, and this is none",
                    "start the gateway by `trunkline.Gateway.start` from Python, or write websocket",
                );
                return None;
            };
            Some(AppEntry::Rust(make(mode?)))
        }
        Kind::Agent => {
            refuse(&section, &OF_A_WEBSOCKET);
            refuse(&section, &["answer"]);
            agent(&section, beside).map(AppEntry::Rust)
        }
    }
}

/// What only a connection needs.
const OF_A_WEBSOCKET: [&str; 7] = [
    "role",
    "url",
    "protocol",
    "sample_rate",
    "codec",
    "bidirectional_codec",
    "on_lost",
];

/// What only the voice agent has.
fn refuse_of_an_agent(section: &Section<'_>) {
    let keys = [
        "stt",
        "realtime",
        "llm",
        "tts",
        "barge_in",
        "greeting",
        "prompt",
        "end_of_turn",
        "silence",
        "silence_prompts",
        "longest",
        "phrases",
        "transfers",
        "tools",
    ];
    for field in keys.iter().filter_map(|key| section.get(key)) {
        field.wrong(
            "is only for `type: agent`",
            "remove the key, or change the type",
        );
    }
}

/// What is in this process has little to set.
fn refuse(section: &Section<'_>, keys: &[&'static str]) {
    for field in keys.iter().filter_map(|key| section.get(key)) {
        field.wrong(
            "is only for `type: websocket`",
            "remove the key, or change the type",
        );
    }
}

fn websocket(section: &Section<'_>) -> Option<WebSocketApp> {
    let roles = [("client", true), ("server", false)];
    let we_connect = section.get("role").map_or(Some(true), |f| f.word(&roles));
    let dialect = match section.get("protocol") {
        Some(field) => protocol(&field),
        None => Some(DIALECT),
    };
    let options = dialect.map(|dialect| options(section, dialect));
    let role = if we_connect? {
        AppRole::Client {
            url: section.need("url").and_then(|f| url(&f))?,
        }
    } else {
        if let Some(field) = section.get("url") {
            field.wrong(
                "an application with `role: server` comes to us",
                "remove the url; it connects to /ws/sip/{call_id}",
            );
        }
        AppRole::Server
    };
    let on_lost = section.get("on_lost").and_then(|f| on_lost(&f));
    Some(WebSocketApp {
        role,
        dialect: dialect?,
        options: options??,
        on_lost,
    })
}

/// How the application wants its calls, as far as its dialect leaves a choice.
fn options(section: &Section<'_>, dialect: Dialect) -> Option<WireOptions> {
    let stream = match dialect.open {
        Open::Wire(_) => None,
        Open::Stream(stream) => Some(stream),
    };
    let sample_rate = match section.get("sample_rate") {
        Some(field) => rate(&field, stream),
        None => Some(own_rate(stream)),
    };
    let codecs = Codecs {
        up: codec(section, "codec", stream),
        down: codec(section, "bidirectional_codec", stream),
    };
    let answer = match section.get("answer") {
        Some(field) => answer(&field, stream),
        None => Some(AnswerMode::default()),
    };
    Some(WireOptions {
        sample_rate: sample_rate?,
        codecs,
        answer: answer?,
    })
}

fn own_rate(stream: Option<&StreamDialect>) -> SampleRate {
    let rate = stream.map(|stream| SampleRate::try_from(stream.manners.format.rate));
    rate.and_then(Result::ok).unwrap_or_default()
}

/// What one direction is to be spelled in. Nothing was chosen where the key is missing, or wrong.
fn codec(
    section: &Section<'_>,
    key: &'static str,
    stream: Option<&StreamDialect>,
) -> Option<Encoding> {
    let field = section.get(key)?;
    let codecs = stream.map_or(&[][..], |stream| stream.manners.codecs);
    if codecs.is_empty() {
        field.wrong(
            "the audio of this protocol is chosen by no codec",
            "remove the key; protocol: telnyx has it",
        );
        return None;
    }
    if section.get("sample_rate").is_some() {
        field.wrong("a codec has its own rate", "remove sample_rate");
    }
    let words = codecs.iter().map(|codec| (codec.word(), *codec));
    field.word(&words.collect::<Vec<_>>())
}

fn answer(field: &Field<'_>, stream: Option<&StreamDialect>) -> Option<AnswerMode> {
    let modes = [
        ("open", AnswerMode::WhenOpen),
        ("manual", AnswerMode::Manual),
    ];
    let mode = field.word(&modes)?;
    match stream.filter(|stream| mode == AnswerMode::Manual && !stream.can_answer()) {
        None => Some(mode),
        Some(stream) => {
            field.wrong(
                format!(
                    "an application cannot say in {} that it answers",
                    stream.name
                ),
                "write open, or leave the key out",
            );
            None
        }
    }
}

fn url(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    match Place::of(text) {
        Ok(_) => Some(text.to_owned()),
        Err(_) => {
            field.wrong(
                format!("{:?} is no WebSocket URL", shown(text)),
                "write one like ws://127.0.0.1:7860/ws/sip/{call_id}, or wss:// for TLS",
            );
            None
        }
    }
}

fn protocol(field: &Field<'_>) -> Option<Dialect> {
    match dialect(field.text()?) {
        Ok(dialect) => Some(dialect),
        Err(error) => {
            field.wrong(error, "leave the key out for trunkline");
            None
        }
    }
}

fn rate(field: &Field<'_>, stream: Option<&StreamDialect>) -> Option<SampleRate> {
    let hz: u32 = field.number(0..=u32::MAX)?;
    let formats = stream.map(StreamDialect::formats).unwrap_or_default();
    if let Some(stream) = stream
        && !formats.is_empty()
        && formats.iter().all(|format| format.rate != hz)
    {
        let spelled = |it: &MediaFormat| format!("{} at {} Hz", it.encoding.rtp_name(), it.rate);
        let carried: Vec<String> = formats.iter().map(spelled).collect();
        let what = format!("{} carries {}", stream.name, carried.join(" or "));
        field.wrong(what, "leave the key out");
        return None;
    }
    match SampleRate::try_from(hz) {
        Ok(rate) => Some(rate),
        Err(error) => {
            field.wrong(error, "16000 is what the gateway works with");
            None
        }
    }
}
