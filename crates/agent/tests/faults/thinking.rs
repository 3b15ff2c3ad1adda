//! What thinks of answers, and what it asks.

use std::any::Any;
use std::sync::Arc;

use serde_json::json;
use trunkline_agent::engines::{Llm, Local, Ollama, OpenAiLlm, Receptionist, Webhook};
use trunkline_agent::{Agent, Engines, Settings, ToolSpec};

use crate::support::at;
use crate::support::server::{Does, Scripted, chunk, ok, ok_in_chunks, sends, status};
use crate::well::{self, ANSWER, AsksFirst, FUNCTION, Said};
use crate::{Fault, Stage, settings};

pub async fn openai(fault: Option<Fault>) -> Stage {
    let event = |words: &str| {
        let event = json!({"choices": [{"delta": {"content": words}}]});
        format!("data: {event}\n\n")
    };
    let whole = sends(event(ANSWER) + "data: [DONE]\n\n");
    let server = Scripted::http(vec![script(fault, whole, &event("We open"))]).await;
    let llm = OpenAiLlm {
        server: at(server.port, "/v1"),
        model: "l".to_owned(),
    };
    stage(llm, server)
}

pub async fn ollama(fault: Option<Fault>) -> Stage {
    let server = Scripted::http(vec![ollama_script(fault)]).await;
    let llm = Ollama {
        server: at(server.port, ""),
        model: "l".to_owned(),
    };
    stage(llm, server)
}

/// Where it does not say which models it has, the receptionist answers.
pub async fn ollama_unasked(fault: Option<Fault>) -> Stage {
    let tags = json!({"models": [{"name": "l"}]}).to_string();
    let scripts = match fault {
        None => vec![vec![ok(), sends(tags)], ollama_script(None)],
        Some(_) => vec![script(fault, sends(tags.clone()), &tags[..8])],
    };
    let server = Scripted::http(scripts).await;
    let receptionist = Receptionist::new(Arc::new(|| "noon".to_owned()), ANSWER);
    stage(Local::new(at(server.port, ""), None, receptionist), server)
}

fn ollama_script(fault: Option<Fault>) -> Vec<Does> {
    let line = |words: &str, done: bool| {
        let line = json!({"message": {"content": words}, "done": done});
        format!("{line}\n")
    };
    script(fault, sends(line(ANSWER, true)), &line("We open", false))
}

/// A function over HTTP. The model is told what became of it, and answers all the same.
pub async fn function(fault: Option<Fault>) -> Stage {
    let server = Scripted::http(vec![script(fault, sends("from nine"), "from")]).await;
    let said = Said::default();
    let place = (FUNCTION.to_owned(), at(server.port, "/hours"));
    let engines = Engines {
        llm: Arc::new(AsksFirst),
        tools: Arc::new(Webhook::new([place])),
        ..well::engines(&said)
    };
    let spec = ToolSpec {
        name: FUNCTION.to_owned(),
        description: "When somebody is there.".to_owned(),
        parameters: json!({"type": "object", "properties": {}}),
    };
    let settings = Settings {
        tools: vec![spec],
        ..settings()
    };
    Stage {
        agent: Box::new(Agent::new(settings, engines)),
        said,
        servers: vec![Box::new(server)],
    }
}

/// What a server of HTTP does, by what it would answer and how that begins.
fn script(fault: Option<Fault>, whole: Does, half: &str) -> Vec<Does> {
    match fault {
        None => vec![ok(), whole],
        Some(Fault::SlowFirstByte) => vec![Does::Stays],
        Some(Fault::Stalls) => vec![ok_in_chunks(), chunk(half), Does::Stays],
        Some(Fault::BreaksOff) => vec![ok_in_chunks(), chunk(half)],
        Some(Fault::Disconnects) => vec![],
        Some(Fault::Busy) => vec![status(429, "slow down")],
        Some(Fault::Fails) => vec![status(500, "oops")],
        Some(Fault::Garbage) => vec![sends("\u{1}\u{2}garbage\r\n\r\n")],
    }
}

fn stage(llm: impl Llm + 'static, server: impl Any + Send + Sync) -> Stage {
    let said = Said::default();
    let engines = Engines {
        llm: Arc::new(llm),
        ..well::engines(&said)
    };
    Stage {
        agent: Box::new(Agent::new(settings(), engines)),
        said,
        servers: vec![Box::new(server)],
    }
}
