//! Servers that do as they are told, and a call in real time.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod line;
pub mod realtime;
pub mod server;
pub mod websocket;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};
use trunkline_agent::engines::{Delta, Server, Tcp};
use trunkline_agent::{Message, engines};

/// A server at a port of this machine.
pub fn at(port: u16, prefix: &str) -> Server {
    Server::new(&format!("http://127.0.0.1:{port}{prefix}"), Arc::new(Tcp)).expect("a URL")
}

/// A server of WebSockets at a port of this machine.
pub fn socket_at(port: u16) -> Server {
    Server::new(&format!("ws://127.0.0.1:{port}/v1"), Arc::new(Tcp)).expect("a URL")
}

/// A server of Wyoming at a port of this machine.
pub fn wyoming_at(port: u16) -> Server {
    Server::new(&format!("tcp://127.0.0.1:{port}"), Arc::new(Tcp)).expect("a URL")
}

/// An event as Wyoming's own library writes it: its data after the line.
pub fn wyoming_event(kind: &str, data: Value, payload: &[u8]) -> server::Does {
    let data = data.to_string();
    let (length, sound) = (data.len(), payload.len());
    let head =
        json!({"type": kind, "version": "1.5.4", "data_length": length, "payload_length": sound});
    server::Does::Sends([format!("{head}\n{data}").as_bytes(), payload].concat())
}

/// A question without history.
pub fn question(text: &str) -> engines::Question {
    engines::Question {
        messages: vec![
            Message::System("Be brief.".to_owned()),
            Message::User(text.to_owned()),
        ],
        tools: trunkline_agent::Settings::default().tools_told().into(),
        model: None,
    }
}

/// Everything that a language model says, and how it ended.
pub async fn answer_of(
    llm: &dyn engines::Llm,
    question: engines::Question,
) -> (Vec<Delta>, Result<(), engines::EngineError>) {
    let (to, from) = channel(4);
    tokio::join!(all(from), llm.reply(question, to))
}

/// Everything that a voice says, and how it ended.
pub async fn sound_of(
    tts: &dyn engines::Tts,
    text: &str,
    voice: Option<&str>,
) -> (Vec<i16>, Result<(), engines::EngineError>) {
    let (to, from) = channel(4);
    let speech = engines::Speech {
        text: text.to_owned(),
        voice: voice.map(str::to_owned),
    };
    let (pieces, ended) = tokio::join!(all(from), tts.speak(speech, to));
    (pieces.concat(), ended)
}

async fn all<T>(mut from: Receiver<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(piece) = from.recv().await {
        all.push(piece);
    }
    all
}

/// The words of an answer as one text.
pub fn words(answer: &[Delta]) -> String {
    let words = answer.iter().filter_map(|delta| match delta {
        Delta::Words(words) => Some(words.as_str()),
        Delta::Call(_) => None,
    });
    words.collect()
}
