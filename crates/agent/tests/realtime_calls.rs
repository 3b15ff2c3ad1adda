//! Whole calls in real time with an engine of speech to speech: whatever is broken, the caller hears
//! something.

mod support;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::server::{Does, Scripted, sends, status};
use support::websocket::{Sockets, Step, says};
use support::{line, socket_at};
use trunkline_agent::engines::{GeminiLive, Mute, OpenAiRealtime, Realtime, Webhook};
use trunkline_agent::{RealtimeAgent, RealtimeEngines, Settings};
use trunkline_call::HangupCause;

/// The caller's last word, in ms.
const LAST_WORD: u64 = 1_200;

#[derive(Clone, Copy, Debug)]
enum Spelled {
    OpenAi,
    Gemini,
}

impl Spelled {
    fn engine(self, port: u16) -> Arc<dyn Realtime> {
        let (server, voice) = (socket_at(port), None);
        let model = "m".to_owned();
        match self {
            Self::OpenAi => Arc::new(OpenAiRealtime {
                server,
                model,
                voice,
            }),
            Self::Gemini => Arc::new(GeminiLive {
                server,
                model,
                voice,
            }),
        }
    }

    fn ready(self) -> Step {
        match self {
            Self::OpenAi => says(json!({"type": "session.updated"})),
            Self::Gemini => says(json!({"setupComplete": {}})),
        }
    }

    /// The caller has said something, which was understood.
    fn hears(self) -> Step {
        match self {
            Self::OpenAi => says(json!({"type": "input_audio_buffer.speech_started"})),
            Self::Gemini => says(json!({"serverContent": {"inputTranscription": {"text": "Hm?"}}})),
        }
    }

    /// So many ms of an answer.
    fn sound(self, ms: usize) -> Step {
        let sound = STANDARD.encode(1_200_i16.to_le_bytes().repeat(ms * 24));
        match self {
            Self::OpenAi => says(json!({
                "type": "response.output_audio.delta", "item_id": "a", "delta": sound,
            })),
            Self::Gemini => {
                let data = json!({"mimeType": "audio/pcm;rate=24000", "data": sound});
                says(json!({"serverContent": {"modelTurn": {"parts": [{"inlineData": data}]}}}))
            }
        }
    }

    fn hangs_up(self) -> Step {
        says(match self {
            Self::OpenAi => {
                let call = json!({"type": "function_call", "call_id": "c", "name": "hang_up", "arguments": "{}"});
                json!({"type": "response.done", "response": {"status": "completed", "output": [call]}})
            }
            Self::Gemini => {
                let call: Value = json!({"id": "c", "name": "hang_up", "args": {}});
                json!({"toolCall": {"functionCalls": [call]}})
            }
        })
    }
}

/// Calls such an agent without a voice that stands in, says something, and listens for 3.5 s after it.
async fn heard(engine: Arc<dyn Realtime>, until: u64) -> line::Heard {
    let engines = RealtimeEngines {
        realtime: engine,
        stand_in: Arc::new(Mute),
        tools: Arc::new(Webhook::default()),
    };
    let settings = Settings {
        greeting: String::new(),
        ..Settings::default()
    };
    line::call(
        &RealtimeAgent::new(settings, engines),
        200..LAST_WORD,
        until,
    )
    .await
}

#[tokio::test]
async fn an_answer_is_heard_as_it_comes_and_the_call_ends_after_the_goodbye() {
    for spelled in [Spelled::OpenAi, Spelled::Gemini] {
        let script = vec![
            spelled.ready(),
            Step::Waits(800),
            spelled.hears(),
            Step::Waits(800),
            spelled.sound(300),
            spelled.sound(200),
            spelled.hangs_up(),
            Step::Stays,
        ];
        let server = Sockets::open(vec![script]);
        let heard = heard(spelled.engine(server.port), 20_000).await;
        assert_eq!(heard.hung_up, Some(HangupCause::Normal), "{spelled:?}");
        let sounded = heard.wire.iter().filter(|sample| **sample != 0).count() / 16;
        assert!((480..=510).contains(&sounded), "{spelled:?}: {sounded} ms");
        server
            .wait_until("it takes its leave", |came| came.left == 1)
            .await;
    }
}

#[tokio::test]
async fn whatever_is_broken_something_is_heard_within_3_s() {
    let mut calls = tokio::task::JoinSet::new();
    for spelled in [Spelled::OpenAi, Spelled::Gemini] {
        for (fault, script) in [
            ("slow first byte", vec![Does::Waits(60_000)]),
            ("429", vec![status(429, "slow down")]),
            ("500", vec![status(500, "oops")]),
            ("garbage", vec![sends("\u{1}\u{2}garbage\r\n\r\n")]),
            ("disconnect", vec![]),
        ] {
            calls.spawn(async move {
                let server = Scripted::http(vec![script]).await;
                let heard = heard(spelled.engine(server.port), LAST_WORD + 3_500).await;
                (spelled, fault, heard)
            });
        }
        let ready = [
            spelled.ready(),
            Step::Waits(800),
            spelled.hears(),
            Step::Waits(600),
        ];
        for (fault, rest) in [
            ("silence", vec![Step::Stays]),
            ("disconnect in mid-sentence", vec![spelled.sound(100)]),
            (
                "closed in mid-sentence",
                vec![spelled.sound(100), Step::Closes(1011, "oops")],
            ),
            ("garbage", vec![Step::Says("<html>".to_owned())]),
            ("a message too long", vec![Step::Says("x".repeat(5 << 20))]),
        ] {
            let script = ready.iter().cloned().chain(rest).collect();
            calls.spawn(async move {
                let server = Sockets::open(vec![script, vec![Step::Stays]]);
                let heard = heard(spelled.engine(server.port), LAST_WORD + 3_500).await;
                (spelled, fault, heard)
            });
        }
    }
    let mut count = 0;
    while let Some(call) = calls.join_next().await {
        let (spelled, fault, heard) = call.expect("no panic");
        // One that cannot be had at all is told before the caller has said anything.
        let from = if heard.hung_up.is_some() {
            0
        } else {
            LAST_WORD as usize
        };
        let first = heard.first_sound_after(from);
        assert!(
            first.is_some_and(|first| first <= from + 3_000),
            "{spelled:?}: {fault}: {first:?}"
        );
        count += 1;
    }
    assert_eq!(count, 20);
}
