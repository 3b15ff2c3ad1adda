//! What hears words in speech.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Value, json};
use trunkline_agent::engines::{Deepgram, OpenAiStt, Stt, WyomingStt};
use trunkline_agent::{Agent, Engines};

use crate::support::server::{Does, Scripted, chunk, ok, ok_in_chunks, sends, status};
use crate::support::websocket::{Sockets, Step, says};
use crate::support::{at, socket_at, wyoming_at, wyoming_event};
use crate::well::{self, QUESTION, Said};
use crate::{Fault, Stage, settings};

pub async fn openai(fault: Option<Fault>) -> Stage {
    let text = json!({"text": QUESTION}).to_string();
    let half = chunk(&text[..12]);
    let script = match fault {
        None => vec![ok(), sends(text)],
        Some(Fault::SlowFirstByte) => vec![Does::Stays],
        Some(Fault::Stalls) => vec![ok_in_chunks(), half, Does::Stays],
        Some(Fault::BreaksOff) => vec![ok_in_chunks(), half],
        Some(Fault::Disconnects) => vec![],
        Some(Fault::Busy) => vec![status(429, "slow down")],
        Some(Fault::Fails) => vec![status(500, "oops")],
        Some(Fault::Garbage) => vec![sends("\u{1}\u{2}garbage\r\n\r\n")],
    };
    let server = Scripted::http(vec![script]).await;
    let stt = OpenAiStt {
        server: at(server.port, "/v1"),
        model: "w".to_owned(),
        language: None,
    };
    stage(stt, server)
}

pub async fn deepgram(fault: Option<Fault>) -> Stage {
    // It hears half a second of the caller's one, and then has its fault.
    let half = Step::HearsBytes(16_000);
    let script = match fault {
        None => vec![
            half,
            Step::Hears("Finalize"),
            heard(QUESTION, true),
            Step::Stays,
        ],
        Some(Fault::SlowFirstByte) => vec![Step::Stays],
        Some(Fault::Stalls) => vec![half, heard("When", false), Step::Stays],
        Some(Fault::BreaksOff) => vec![half, heard("When", false)],
        Some(Fault::Disconnects) => vec![],
        Some(Fault::Busy) => return deepgram_refuses(429).await,
        Some(Fault::Fails) => return deepgram_refuses(500).await,
        Some(Fault::Garbage) => vec![half, Step::Says("<html>".to_owned()), Step::Stays],
    };
    let server = Sockets::open(vec![script]);
    stage(deepgram_at(server.port), server)
}

async fn deepgram_refuses(code: u16) -> Stage {
    let server = Scripted::http(vec![vec![status(code, "no")]]).await;
    stage(deepgram_at(server.port), server)
}

fn deepgram_at(port: u16) -> Deepgram {
    Deepgram {
        server: socket_at(port),
        model: "nova-3".to_owned(),
        language: None,
    }
}

/// What was said in the first second.
fn heard(text: &str, is_final: bool) -> Step {
    let alternatives: Value = json!([{"transcript": text, "confidence": 0.9}]);
    says(json!({
        "type": "Results", "start": 0.0, "duration": 2.0, "is_final": is_final,
        "from_finalize": is_final, "channel": {"alternatives": alternatives},
    }))
}

pub async fn wyoming(fault: Option<Fault>) -> Stage {
    let transcript = || wyoming_event("transcript", json!({"text": QUESTION}), &[]);
    let error = |text: &str| wyoming_event("error", json!({"text": text}), &[]);
    let script = match fault {
        None => vec![transcript()],
        Some(Fault::SlowFirstByte) => vec![Does::Stays],
        Some(Fault::Stalls) => vec![half_of(transcript()), Does::Stays],
        Some(Fault::BreaksOff) => vec![half_of(transcript())],
        Some(Fault::Disconnects) => vec![],
        Some(Fault::Busy) => vec![error("too many clients")],
        Some(Fault::Fails) => vec![error("out of memory")],
        Some(Fault::Garbage) => vec![sends("\u{1}\u{2}garbage\n")],
    };
    let server = Scripted::tcp(vec![script]).await;
    let stt = WyomingStt {
        server: wyoming_at(server.port),
        language: None,
    };
    stage(stt, server)
}

fn half_of(event: Does) -> Does {
    match event {
        Does::Sends(mut bytes) => {
            bytes.truncate(bytes.len() / 2);
            Does::Sends(bytes)
        }
        other => other,
    }
}

fn stage(stt: impl Stt + 'static, server: impl Any + Send + Sync) -> Stage {
    let said = Said::default();
    let engines = Engines {
        stt: Arc::new(stt),
        ..well::engines(&said)
    };
    Stage {
        agent: Box::new(Agent::new(settings(), engines)),
        said,
        servers: vec![Box::new(server)],
    }
}
