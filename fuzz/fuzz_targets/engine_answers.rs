//! What a server of the voice agent may answer: speech and language over HTTP, Wyoming, and
//! WebSockets. Whatever it is, the engine comes to an end, and what it tells stays within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::{Receiver, channel};
use trunkline_agent::conversation::realtime::Ask;
use trunkline_agent::engines::{
    Brief, Connect, Deepgram, Duplex, GeminiLive, Llm, Ollama, OpenAiLlm, OpenAiRealtime,
    OpenAiStt, OpenAiTts, Place, Question, Realtime, Server, Speech, Stt, Tts, WyomingStt,
    WyomingTts,
};
use trunkline_call::BoxFuture;
use tungstenite::handshake::derive_accept_key;

/// Longer than every time-out of an engine, its second attempt included. The clock is virtual.
const PATIENCE: Duration = Duration::from_secs(300);
/// What waits between an engine and its server.
const PIPE_BYTES: usize = 64 * 1024;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, body) = input;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(async {
        let asked = tokio::time::timeout(PATIENCE, ask(kind, body));
        asked.await.expect("an engine comes to an end");
    });
});

/// Asks one of the engines, whose server answers with this.
async fn ask(kind: u8, body: &[u8]) {
    match kind % 10 {
        kind @ 0..=3 => ask_over_http(kind, server(Way::Http, body)).await,
        // The head of the answer is the server's own as well.
        4 => ask_over_http(0, server(Way::Bytes, body)).await,
        kind @ 5..=6 => ask_over_wyoming(kind, server(Way::Bytes, body)).await,
        kind => ask_over_websocket(kind, server(Way::WebSocket, body)).await,
    }
}

async fn ask_over_http(kind: u8, server: Server) {
    let (model, voice) = (String::new(), String::new());
    match kind {
        0 => think(OpenAiLlm { server, model }).await,
        1 => think(Ollama { server, model }).await,
        2 => {
            let language = None;
            hear(OpenAiStt {
                server,
                model,
                language,
            })
            .await;
        }
        _ => {
            let rate_hz = 24_000;
            speak(OpenAiTts {
                server,
                model,
                voice,
                rate_hz,
            })
            .await;
        }
    }
}

async fn ask_over_wyoming(kind: u8, server: Server) {
    let (language, voice) = (None, None);
    match kind {
        5 => hear(WyomingStt { server, language }).await,
        _ => speak(WyomingTts { server, voice }).await,
    }
}

async fn ask_over_websocket(kind: u8, server: Server) {
    let (model, voice, language) = (String::new(), None, None);
    match kind {
        7 => {
            hear(Deepgram {
                server,
                model,
                language,
            })
            .await;
        }
        8 => {
            converse(OpenAiRealtime {
                server,
                model,
                voice,
            })
            .await;
        }
        _ => {
            converse(GeminiLive {
                server,
                model,
                voice,
            })
            .await;
        }
    }
}

async fn think(engine: impl Llm) {
    let question = Question {
        messages: Vec::new(),
        tools: Arc::new([]),
        model: None,
    };
    let (answer, pieces) = channel(16);
    let _ = tokio::join!(engine.reply(question, answer), drain(pieces));
}

async fn hear(engine: impl Stt) {
    let _ = engine.transcribe(vec![0; 320]).await;
}

async fn speak(engine: impl Tts) {
    let speech = Speech {
        text: "Hello.".to_owned(),
        voice: None,
    };
    let (sound, pieces) = channel(16);
    let _ = tokio::join!(engine.speak(speech, sound), drain(pieces));
}

async fn converse(engine: impl Realtime) {
    let brief = Brief {
        prompt: String::new(),
        tools: Arc::new([]),
        model: None,
        voice: None,
        end_of_turn: Duration::from_millis(500),
    };
    let (ask, asks) = channel(16);
    for asked in [Ask::Sound(vec![0; 320]), Ask::Say("Hello.".to_owned())] {
        let _ = ask.send(asked).await;
    }
    let (event, events) = channel(16);
    // Whoever asks is there until the server has gone.
    let _ = tokio::join!(engine.converse(brief, asks, event), drain(events));
    drop(ask);
}

async fn drain<T>(mut pieces: Receiver<T>) {
    while pieces.recv().await.is_some() {}
}

/// How an answer is packed.
#[derive(Clone, Copy)]
enum Way {
    /// Not at all.
    Bytes,
    /// As the body of a good answer.
    Http,
    /// Each line of it is a message.
    WebSocket,
}

fn server(way: Way, body: &[u8]) -> Server {
    let url = match way {
        Way::Bytes => "tcp://127.0.0.1:9",
        Way::Http => "http://127.0.0.1:9/v1",
        Way::WebSocket => "ws://127.0.0.1:9/v1",
    };
    let script = Script {
        way,
        body: body.to_vec(),
    };
    Server::new(url, Arc::new(script)).expect("a URL")
}

/// A server that answers every connection alike and closes it.
struct Script {
    way: Way,
    body: Vec<u8>,
}

impl Connect for Script {
    fn connect(&self, _: Place) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>> {
        let (near, far) = duplex(PIPE_BYTES);
        let (way, body) = (self.way, self.body.clone());
        tokio::spawn(answer(far, way, body));
        Box::pin(async move { Ok(Box::new(near) as Box<dyn Duplex>) })
    }
}

async fn answer(mut far: DuplexStream, way: Way, body: Vec<u8>) -> io::Result<()> {
    let packed = match way {
        Way::Bytes => body,
        Way::Http => [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &body].concat(),
        Way::WebSocket => {
            let asked = head(&mut far).await?;
            let key = asked.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("sec-websocket-key")
                    .then_some(value)
            });
            let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            let messages = body.split(|byte| *byte == b'\n').flat_map(message);
            head.into_bytes().into_iter().chain(messages).collect()
        }
    };
    // It goes on to listen while it answers, or neither side would get on.
    let (mut heard, mut said) = tokio::io::split(far);
    let mut nowhere = tokio::io::sink();
    let say = async {
        said.write_all(&packed).await?;
        said.shutdown().await
    };
    let (said, heard) = tokio::join!(say, tokio::io::copy(&mut heard, &mut nowhere));
    said.and(heard.map(|_| ()))
}

/// A request up to its empty line.
async fn head(far: &mut DuplexStream) -> io::Result<String> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(far.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&asked).into_owned())
}

/// A text of a WebSocket's server (RFC 6455 section 5.2).
fn message(line: &[u8]) -> Vec<u8> {
    let length = u16::try_from(line.len()).unwrap_or(u16::MAX);
    let mut frame = vec![0x81, 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&line[..usize::from(length)]);
    frame
}
