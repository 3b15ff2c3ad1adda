//! Deepgram's WebSocket against a server that follows a script, with the faults that matter.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::server::{Does, Scripted, sends, status};
use support::socket_at;
use support::websocket::{Sockets, Step, says};
use trunkline_agent::engines::{Deepgram, Listening, Stt};

/// A message with words.
fn results(from_s: f64, to_s: f64, text: &str, is_final: bool, from_finalize: bool) -> Step {
    says(message(from_s, to_s, text, is_final, from_finalize))
}

fn message(from_s: f64, to_s: f64, text: &str, is_final: bool, from_finalize: bool) -> Value {
    json!({
        "type": "Results", "channel_index": [0, 1], "start": from_s, "duration": to_s - from_s,
        "is_final": is_final, "speech_final": false, "from_finalize": from_finalize,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
    })
}

fn engine(port: u16) -> Deepgram {
    Deepgram {
        server: socket_at(port).with_token("dg-1").expect("a key"),
        model: "nova-3".to_owned(),
        language: Some("en-US".to_owned()),
    }
}

/// So much of a second of speech, frame by frame.
fn hear(listening: &mut Box<dyn Listening>, seconds: f64) {
    for _ in 0..(seconds * 50.0) as usize {
        listening.hear(vec![700; 320]);
    }
}

#[tokio::test]
async fn words_are_there_when_speech_ends() {
    let server = Sockets::open(vec![vec![
        Step::HearsBytes(32_000),
        results(0.0, 0.6, "when", false, false),
        results(0.0, 0.8, "When do", true, false),
        Step::Hears("Finalize"),
        results(0.8, 1.0, "you open?", true, true),
        // The next utterance.
        Step::HearsBytes(16_000),
        Step::Hears("Finalize"),
        results(1.0, 1.5, "Thanks.", true, true),
        Step::Stays,
    ]]);
    let mut listening = engine(server.port)
        .listen()
        .expect("it hears while one speaks");
    hear(&mut listening, 1.0);
    assert_eq!(listening.words().await.expect("words"), "When do you open?");
    listening.forget();
    hear(&mut listening, 0.5);
    assert_eq!(listening.words().await.expect("words"), "Thanks.");
    drop(listening);
    let came = server
        .wait_until("it takes its leave", |came| came.left == 1)
        .await;
    assert_eq!(came.opened.len(), 1, "one connection for a call");
    let (path, key) = &came.opened[0];
    assert_eq!(key.as_deref(), Some("Token dg-1"));
    for parameter in [
        "/v1/listen?model=nova-3&",
        "encoding=linear16&sample_rate=16000&channels=1&",
        "interim_results=true&endpointing=false&language=en-US",
    ] {
        assert!(path.contains(parameter), "{path}");
    }
    assert_eq!(came.bytes.len(), 48_000);
    assert_eq!(came.bytes[..2], 700_i16.to_le_bytes());
    assert_eq!(
        came.texts.last().map(String::as_str),
        Some(r#"{"type":"CloseStream"}"#)
    );
}

#[tokio::test]
async fn who_goes_on_after_a_pause_is_heard_from_the_beginning() {
    let server = Sockets::open(vec![vec![
        Step::HearsBytes(16_000),
        Step::Hears("Finalize"),
        results(0.0, 0.5, "I would like", true, true),
        Step::HearsBytes(16_000),
        Step::Hears("Finalize"),
        results(0.5, 1.0, "a table.", true, true),
        Step::Stays,
    ]]);
    let mut listening = engine(server.port)
        .listen()
        .expect("it hears while one speaks");
    hear(&mut listening, 0.5);
    assert_eq!(listening.words().await.expect("words"), "I would like");
    hear(&mut listening, 0.5);
    let words = listening.words().await.expect("words");
    assert_eq!(words, "I would like a table.");
}

#[tokio::test]
async fn what_was_heard_to_its_end_counts_where_finalize_is_not_answered() {
    let server = Sockets::open(vec![vec![
        Step::HearsBytes(32_000),
        results(0.0, 0.9, "Nine o'clock", false, false),
        Step::Stays,
    ]]);
    let mut listening = engine(server.port)
        .listen()
        .expect("it hears while one speaks");
    hear(&mut listening, 1.0);
    assert_eq!(listening.words().await.expect("words"), "Nine o'clock");
}

#[tokio::test]
async fn a_connection_without_sound_is_kept_open() {
    let server = Sockets::open(vec![vec![
        Step::Hears("KeepAlive"),
        Step::HearsBytes(16_000),
        Step::Hears("Finalize"),
        results(0.0, 0.5, "Hello?", true, true),
        Step::Stays,
    ]]);
    let mut listening = engine(server.port)
        .listen()
        .expect("it hears while one speaks");
    server
        .wait_until("it is kept open", |came| !came.texts.is_empty())
        .await;
    hear(&mut listening, 0.5);
    assert_eq!(listening.words().await.expect("words"), "Hello?");
}

#[tokio::test]
async fn an_utterance_that_was_not_heard_is_told_of_and_the_next_one_opens_anew() {
    let again = vec![
        Step::HearsBytes(16_000),
        Step::Hears("Finalize"),
        results(0.0, 0.5, "Hello?", true, true),
        Step::Stays,
    ];
    for (fault, told) in [
        // The system says how a connection broke, each time in its own words.
        (vec![Step::HearsBytes(6_400)], ""),
        (
            vec![Step::HearsBytes(6_400), Step::Closes(1011, "NET-0001")],
            "NET-0001",
        ),
        (
            vec![Step::HearsBytes(6_400), Step::Closes(1000, "")],
            "closed",
        ),
        (
            vec![
                Step::HearsBytes(6_400),
                Step::Says("oops".to_owned()),
                Step::Stays,
            ],
            "no JSON",
        ),
        (
            vec![
                Step::HearsBytes(6_400),
                says(json!({"type": "Error", "description": "no credit"})),
                Step::Stays,
            ],
            "no credit",
        ),
        (vec![Step::Stays], "no words in time"),
    ] {
        let server = Sockets::open(vec![fault, again.clone()]);
        let mut listening = engine(server.port)
            .listen()
            .expect("it hears while one speaks");
        hear(&mut listening, 0.5);
        let error = listening.words().await.expect_err(told).to_string();
        assert!(
            error.contains(told) || error.contains("lost"),
            "{told}: {error}"
        );
        listening.forget();
        hear(&mut listening, 0.5);
        assert_eq!(listening.words().await.expect("words"), "Hello?", "{told}");
    }
}

#[tokio::test]
async fn a_whole_utterance_is_heard_too() {
    let server = Sockets::open(vec![vec![
        Step::HearsBytes(32_000),
        Step::Hears("CloseStream"),
        results(0.0, 0.7, "When do", true, false),
        results(0.7, 1.0, "you open?", true, false),
        says(json!({"type": "Metadata", "duration": 1.0})),
        Step::Closes(1000, ""),
    ]]);
    let heard = engine(server.port).transcribe(vec![700; 16_000]).await;
    assert_eq!(heard.expect("words"), "When do you open?");
}

#[tokio::test]
async fn a_server_that_does_not_open_is_asked_once_more_and_one_that_refuses_is_not() {
    for (script, asked, told) in [
        (
            vec![status(401, r#"{"err_msg":"Invalid credentials."}"#)],
            1,
            "401",
        ),
        (vec![status(429, "slow down")], 2, "429"),
        (vec![status(500, "oops")], 2, "500"),
        (vec![sends("\u{1}\u{2}garbage\r\n\r\n")], 2, ""),
        (vec![], 2, ""),
        (
            vec![sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")],
            1,
            "200",
        ),
        (
            vec![
                sends(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                ),
                Does::Stays,
            ],
            2,
            "does not speak WebSocket",
        ),
    ] {
        let server = Scripted::http(vec![script]).await;
        let heard = engine(server.port).transcribe(vec![700; 320]).await;
        let error = heard.expect_err(told).to_string();
        assert!(error.contains(told) && !error.contains("dg-1"), "{error}");
        assert_eq!(server.requests().len(), asked, "{error}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_at_all_is_given_up() {
    let server = Scripted::http(vec![vec![Does::Stays]]).await;
    let engine = engine(server.port);
    let hearing = engine.transcribe(vec![700; 320]);
    let heard = tokio::time::timeout(Duration::from_secs(15), hearing).await;
    let error = heard
        .expect("it is given up")
        .expect_err("nothing was heard");
    assert!(error.to_string().contains("in time"), "{error}");
}
