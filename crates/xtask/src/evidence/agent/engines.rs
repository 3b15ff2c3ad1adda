//! A server with OpenAI's interface that answers at once, whatever it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use crate::workspace::{self, Failure};

/// 20 ms of 16 kHz, 16 bit.
const MS_BYTES: usize = 32;
/// The head of the recordings' files.
const HEAD_BYTES: usize = 44;

/// What the models say, by their names: a text, and which part of which recording it sounds like, in
/// ms. Both recordings begin with silence, which is left out.
const MODELS: [(&str, &str, &str, Range<usize>); 2] = [
    ("short", "At six from platform two.", "awb", 250..3_000),
    (
        "long",
        "That is a longer story, which takes its time.",
        "kal",
        240..9_000,
    ),
];

/// Serves on a port of its own until the process ends; the URL up to `/v1`.
pub fn serve() -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut voices = Vec::new();
    for (_, text, recording, part) in MODELS {
        voices.push((text, part_of(recording, part)?));
    }
    let voices = Arc::new(voices);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let voices = Arc::clone(&voices);
            thread::spawn(move || answer(stream, &voices));
        }
    });
    Ok(format!("http://{address}/v1"))
}

/// A part of a recording of `fixtures/speech` as a WAV file.
pub fn part_of(recording: &str, ms: Range<usize>) -> Result<Vec<u8>, Failure> {
    let file = workspace::root().join(format!("fixtures/speech/{recording}.wav"));
    let bytes = std::fs::read(file)?;
    let samples = bytes.get(HEAD_BYTES..).unwrap_or_default();
    let to = samples.len().min(ms.end * MS_BYTES);
    let part = samples.get(ms.start * MS_BYTES..to).unwrap_or_default();
    let length = u32::try_from(part.len())?;
    let head = [
        &b"RIFF"[..],
        &(36 + length).to_le_bytes(),
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0",
        &16_000_u32.to_le_bytes(),
        &32_000_u32.to_le_bytes(),
        b"\x02\0\x10\0data",
        &length.to_le_bytes(),
    ];
    Ok([&head.concat()[..], part].concat())
}

fn answer(mut stream: TcpStream, voices: &[(&str, Vec<u8>)]) {
    let Some((path, body)) = request(&mut stream) else {
        return;
    };
    let (kind, answer) = match path.as_str() {
        "/v1/audio/transcriptions" => (
            "application/json",
            br#"{"text":"When does it leave?"}"#.to_vec(),
        ),
        "/v1/chat/completions" => ("text/event-stream", thought(&body)),
        _ => ("audio/wav", spoken(&body, voices)),
    };
    let length = answer.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // Who asked may have had enough.
    let _ = stream.write_all(&[head.as_bytes(), &answer].concat());
}

fn thought(body: &str) -> Vec<u8> {
    let is_asked =
        |(model, ..): &&(&str, &str, &str, Range<usize>)| body.contains(&format!("\"{model}\""));
    let found = MODELS.iter().find(is_asked);
    let text = found.map_or("", |(_, text, ..)| text);
    let event =
        serde_json::json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    format!("data: {event}\n\ndata: [DONE]\n\n").into_bytes()
}

/// What is no answer of a model is spoken as the shorter of the two.
fn spoken(body: &str, voices: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let found = voices.iter().find(|(text, _)| body.contains(text));
    found
        .or(voices.first())
        .map_or_else(Vec::new, |(_, sound)| sound.clone())
}

/// The path and the body of a request.
fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 16_384];
        let count = stream.read(&mut more).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(more.get(..count)?);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(name, value)| {
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.parse::<usize>().ok())?
            });
        let body = bytes.get(end + 4..)?;
        if body.len() >= length.unwrap_or(0) {
            let path = head.split(' ').nth(1)?.to_owned();
            return Some((path, String::from_utf8_lossy(body).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_has_an_answer_and_each_answer_a_sound() {
        let voices: Vec<(&str, Vec<u8>)> = MODELS
            .iter()
            .map(|(_, text, recording, ms)| (*text, part_of(recording, ms.clone()).unwrap()))
            .collect();
        for (model, text, _, ms) in MODELS {
            let answer =
                String::from_utf8(thought(&format!("{{\"model\": \"{model}\"}}"))).unwrap();
            assert!(answer.contains(text), "{answer}");
            let sound = spoken(&format!("{{\"input\": \"{text}\"}}"), &voices);
            assert!(
                sound.len() > HEAD_BYTES + ms.len() * MS_BYTES * 9 / 10,
                "{model}"
            );
        }
    }
}
