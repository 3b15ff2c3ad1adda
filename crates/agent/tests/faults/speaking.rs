//! What speaks. Where nothing of it is heard, tones are.

use std::any::Any;
use std::sync::Arc;

use serde_json::json;
use trunkline_agent::engines::{Chain, OpenAiTts, Process, Tts, WyomingTts};
use trunkline_agent::{Agent, Engines};
use trunkline_audio::wav;

use crate::support::server::{Does, Scripted, sends, status};
use crate::support::{at, wyoming_at, wyoming_event};
use crate::well::{self, Said, Speaks};
use crate::{Fault, Stage, settings};

/// A fifth of a second at 24 kHz.
const HALF_SAMPLES: usize = 4_800;

/// Of a proxy, say: a page in place of sound.
const PAGE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 18\r\n\r\n<p>Please log in.\n";

pub async fn openai(fault: Option<Fault>) -> Stage {
    let (tts, server) = openai_voice(fault).await;
    stage(tts, server, Said::default())
}

/// The same voice, with one beside it that is well.
pub async fn with_stand_in(fault: Option<Fault>) -> Stage {
    let (tts, server) = openai_voice(fault).await;
    let said = Said::default();
    stage(Chain::new(tts, Speaks(said.clone())), server, said)
}

async fn openai_voice(fault: Option<Fault>) -> (OpenAiTts, Scripted) {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 48000\r\n\r\n";
    let script = match fault {
        None => vec![sends(whole), Does::Sends(pcm(24_000))],
        Some(Fault::SlowFirstByte) => vec![Does::Stays],
        Some(Fault::Stalls) => vec![sends(whole), Does::Sends(pcm(HALF_SAMPLES)), Does::Stays],
        Some(Fault::BreaksOff) => vec![sends(whole), Does::Sends(pcm(HALF_SAMPLES))],
        Some(Fault::Disconnects) => vec![],
        Some(Fault::Busy) => vec![status(429, "slow down")],
        Some(Fault::Fails) => vec![status(500, "oops")],
        Some(Fault::Garbage) => vec![sends(PAGE)],
    };
    let server = Scripted::http(vec![script]).await;
    let tts = OpenAiTts {
        server: at(server.port, "/v1"),
        model: "t".to_owned(),
        voice: "v".to_owned(),
        rate_hz: 24_000,
    };
    (tts, server)
}

pub async fn wyoming(fault: Option<Fault>) -> Stage {
    let format = || json!({"rate": 24_000, "width": 2, "channels": 1});
    let begins = || wyoming_event("audio-start", format(), &[]);
    let half = || wyoming_event("audio-chunk", format(), &pcm(HALF_SAMPLES));
    let error = |text: &str| wyoming_event("error", json!({"text": text}), &[]);
    let script = match fault {
        None => vec![
            begins(),
            half(),
            wyoming_event("audio-stop", json!({}), &[]),
        ],
        Some(Fault::SlowFirstByte) => vec![Does::Stays],
        Some(Fault::Stalls) => vec![begins(), half(), Does::Stays],
        Some(Fault::BreaksOff) => vec![begins(), half()],
        Some(Fault::Disconnects) => vec![],
        Some(Fault::Busy) => vec![error("too many clients")],
        Some(Fault::Fails) => vec![error("out of memory")],
        Some(Fault::Garbage) => vec![sends("\u{1}\u{2}garbage\n")],
    };
    let server = Scripted::tcp(vec![script]).await;
    let (server_url, voice) = (wyoming_at(server.port), None);
    let tts = WyomingTts {
        server: server_url,
        voice,
    };
    stage(tts, server, Said::default())
}

/// A program has no status of HTTP; it ends with one of its own.
pub fn program(fault: Option<Fault>) -> Stage {
    let file = Recording::new();
    let path = file.0.display();
    let half = format!("head -c 9000 '{path}'");
    let script = match fault {
        None => format!("cat '{path}'"),
        Some(Fault::SlowFirstByte) => "exec sleep 60".to_owned(),
        Some(Fault::Stalls) => format!("{half}; exec sleep 60"),
        Some(Fault::BreaksOff) => format!("{half}; kill -9 $$"),
        Some(Fault::Disconnects) => "exit 0".to_owned(),
        Some(Fault::Busy) => "exit 75".to_owned(),
        Some(Fault::Fails) => "exit 1".to_owned(),
        Some(Fault::Garbage) => "echo garbage".to_owned(),
    };
    let command = ["sh", "-c", &script].map(str::to_owned);
    stage(Process::new(command.into()), file, Said::default())
}

/// A WAV file of a second, gone after the test.
struct Recording(std::path::PathBuf);

impl Recording {
    fn new() -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("trunkline-faults-{}-{count}.wav", std::process::id());
        let path = std::env::temp_dir().join(name);
        let file = wav::write_mono(16_000, &[900; 16_000]);
        std::fs::write(&path, file).expect("a place for files");
        Self(path)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // One that is gone already needs no removal.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn pcm(samples: usize) -> Vec<u8> {
    900_i16.to_le_bytes().repeat(samples)
}

fn stage(tts: impl Tts + 'static, server: impl Any + Send + Sync, said: Said) -> Stage {
    let engines = Engines {
        tts: Arc::new(tts),
        ..well::engines(&said)
    };
    Stage {
        agent: Box::new(Agent::new(settings(), engines)),
        said,
        servers: vec![Box::new(server)],
    }
}
