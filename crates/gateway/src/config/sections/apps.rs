//! `apps`: the applications that take calls.

use super::calls::named;
use super::on_lost::on_lost;
use crate::apps::{OpenError, check_url};
use crate::config::field::{Field, Section};
use crate::config::keys;
use crate::settings::{AppEntry, AppRole, WebSocketApp};
use std::collections::BTreeMap;
use trunkline_streams::dialect::{DIALECTS, dialect};
use trunkline_streams::{AnswerMode, Dialect, SampleRate, WireOptions};

/// Protocols of the whole product that this build does not speak yet.
const PROTOCOLS_LATER: &[&str] = &[
    "jambonz", "twilio", "telnyx", "plivo", "exotel", "vonage", "pipecat",
];

#[derive(Clone, Copy)]
enum Kind {
    Echo,
    WebSocket,
    Agent,
}

/// Adds the file's applications to those that are always there.
pub fn apps(field: &Field<'_>, apps: &mut BTreeMap<String, AppEntry>) {
    for (name, entry) in named(field) {
        if let Some(app) = app(&entry) {
            apps.insert(name.to_owned(), app);
        }
    }
}

fn app(field: &Field<'_>) -> Option<AppEntry> {
    let section = field.section(&keys::APP);
    let kinds = [
        ("echo", Kind::Echo),
        ("websocket", Kind::WebSocket),
        ("agent", Kind::Agent),
    ];
    let kind = section.need("type")?;
    match kind.word(&kinds)? {
        Kind::Echo => {
            refuse(
                &section,
                &[
                    "role",
                    "url",
                    "protocol",
                    "sample_rate",
                    "answer",
                    "on_lost",
                ],
            );
            Some(AppEntry::Echo)
        }
        Kind::WebSocket => websocket(&section).map(AppEntry::WebSocket),
        Kind::Agent => {
            kind.wrong(
                "this build has no voice agent yet",
                "write websocket or echo",
            );
            None
        }
    }
}

/// An echo has nothing to set.
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
        None => DIALECTS.first(),
    };
    let sample_rate = section
        .get("sample_rate")
        .map_or(Some(SampleRate::default()), |f| rate(&f));
    let modes = [
        ("open", AnswerMode::WhenOpen),
        ("manual", AnswerMode::Manual),
    ];
    let answer = section
        .get("answer")
        .map_or(Some(AnswerMode::default()), |f| f.word(&modes));
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
        options: WireOptions {
            sample_rate: sample_rate?,
            answer: answer?,
        },
        on_lost,
    })
}

fn url(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    match check_url(text) {
        Ok(()) => Some(text.to_owned()),
        Err(OpenError::Scheme(_)) => {
            field.wrong(
                "this build reaches applications without TLS only",
                "write ws://, and put a TLS proxy beside the gateway",
            );
            None
        }
        Err(_) => {
            field.wrong(
                format!("{text:?} is no WebSocket URL"),
                "write one like ws://127.0.0.1:7860/ws/sip/{call_id}",
            );
            None
        }
    }
}

fn protocol(field: &Field<'_>) -> Option<&'static Dialect> {
    let text = field.text()?;
    if PROTOCOLS_LATER.contains(&text) {
        field.wrong(
            format!("this build does not speak {text} yet"),
            "write trunkline",
        );
        return None;
    }
    match dialect(text) {
        Ok(dialect) => Some(dialect),
        Err(error) => {
            field.wrong(error, "leave the key out for trunkline");
            None
        }
    }
}

fn rate(field: &Field<'_>) -> Option<SampleRate> {
    let hz: u32 = field.number(0..=u32::MAX)?;
    match SampleRate::try_from(hz) {
        Ok(rate) => Some(rate),
        Err(error) => {
            field.wrong(error, "16000 is what the gateway works with");
            None
        }
    }
}
