//! Whole calls in real time with an engine of speech to speech.

mod support;

use std::sync::Arc;

use support::line;
use support::realtime::Spelled;
use support::websocket::{Sockets, Step};
use trunkline_agent::engines::{Mute, Realtime, Webhook};
use trunkline_agent::{RealtimeAgent, RealtimeEngines, Settings};
use trunkline_call::HangupCause;

/// The caller's last word, in ms.
const LAST_WORD: u64 = 1_200;

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
async fn where_no_voice_stands_in_tones_are_heard_within_3_s() {
    let mut calls = tokio::task::JoinSet::new();
    for spelled in [Spelled::OpenAi, Spelled::Gemini] {
        let ready = [
            spelled.ready(),
            Step::Waits(800),
            spelled.hears(),
            Step::Waits(600),
        ];
        for (fault, rest) in [
            ("silence", vec![Step::Stays]),
            (
                "closed in mid-sentence",
                vec![spelled.sound(100), Step::Closes(1011, "oops")],
            ),
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
    while let Some(call) = calls.join_next().await {
        let (spelled, fault, heard) = call.expect("no panic");
        let first = heard.first_sound_after(LAST_WORD as usize);
        assert!(
            first.is_some_and(|first| first <= LAST_WORD as usize + 3_000),
            "{spelled:?}: {fault}: {first:?}"
        );
    }
}
