//! Whole calls in real time against scripted servers: whatever is broken, the caller hears something.

mod support;

use std::sync::Arc;

use serde_json::json;
use support::server::{Does, Scripted, chunk, ok, ok_in_chunks, sends, status};
use support::{at, line};
use trunkline_agent::engines::{OpenAiLlm, OpenAiStt, OpenAiTts, Receptionist, Webhook};
use trunkline_agent::{Agent, Engines, Settings};
use trunkline_call::HangupCause;

/// The servers of one call. Nothing stands for one that does as it should.
#[derive(Clone, Default)]
struct Faults {
    speech: Option<Vec<Does>>,
    language: Option<Vec<Does>>,
    voice: Option<Vec<Does>>,
}

/// The caller's last word, in ms.
const LAST_WORD: u64 = 1_200;

fn says(words: &str) -> String {
    format!(
        "data: {}\n\n",
        json!({"choices": [{"delta": {"content": words}}]})
    )
}

fn sound(samples: usize) -> Does {
    Does::Sends(
        (0..samples)
            .flat_map(|n| (500 + (n % 300) as i16).to_le_bytes())
            .collect(),
    )
}

/// Calls an agent whose servers are so, says something, and listens for 3.5 s after it.
async fn heard(faults: Faults) -> line::Heard {
    let good = vec![ok(), sends(r#"{"text": "When do you open?"}"#)];
    let speech = Scripted::http(vec![faults.speech.unwrap_or(good)]).await;
    let good = vec![ok(), sends(says("We open at nine.") + "data: [DONE]\n\n")];
    let language = Scripted::http(vec![faults.language.unwrap_or(good)]).await;
    let voice = Scripted::http(vec![faults.voice.unwrap_or(vec![ok(), sound(24_000)])]).await;
    let engines = Engines {
        stt: Arc::new(OpenAiStt {
            server: at(speech.port, ""),
            model: "w".to_owned(),
            language: None,
        }),
        llm: Arc::new(OpenAiLlm {
            server: at(language.port, ""),
            model: "l".to_owned(),
        }),
        tts: Arc::new(OpenAiTts {
            server: at(voice.port, ""),
            model: "t".to_owned(),
            voice: "v".to_owned(),
            rate_hz: 24_000,
        }),
        tools: Arc::new(Webhook::default()),
    };
    let settings = Settings {
        greeting: String::new(),
        ..Settings::default()
    };
    let agent = Agent::new(settings, engines);
    line::call(&agent, 200..LAST_WORD, LAST_WORD + 3_500).await
}

fn within_3_s(heard: &line::Heard) -> Option<usize> {
    let last_word = LAST_WORD as usize;
    let first = heard.first_sound_after(last_word)?;
    (first <= last_word + 3_000).then_some(first - last_word)
}

#[tokio::test]
async fn an_answer_is_heard_within_a_second_of_the_last_word() {
    let heard = heard(Faults::default()).await;
    let after = within_3_s(&heard).expect("an answer");
    // 500 ms of them tell that it was the last.
    assert!((480..2_000).contains(&after), "{after} ms");
}

#[tokio::test]
async fn whatever_server_fails_and_however_something_is_heard_within_3_s() {
    let faults = |name: &'static str, partly: Vec<Does>| {
        [
            (name, "slow first byte", vec![Does::Waits(60_000)]),
            (name, "429", vec![status(429, "slow down")]),
            (name, "500", vec![status(500, "oops")]),
            (name, "garbage", vec![sends("\u{1}\u{2}garbage\r\n\r\n")]),
            (name, "disconnect", vec![]),
            (name, "half an answer", partly),
        ]
    };
    let half = vec![ok_in_chunks(), chunk(r#"{"text": "Whe"#)];
    let speech = faults("speech", half);
    let language = faults("language", vec![ok_in_chunks(), chunk(&says("We open"))]);
    let voice = faults("voice", vec![ok(), sound(1_000), Does::Stays]);
    let mut calls = tokio::task::JoinSet::new();
    for (engine, fault, does) in [speech, language, voice].concat() {
        let does = Some(does);
        let faults = match engine {
            "speech" => Faults {
                speech: does,
                ..Faults::default()
            },
            "language" => Faults {
                language: does,
                ..Faults::default()
            },
            _ => Faults {
                voice: does,
                ..Faults::default()
            },
        };
        calls.spawn(async move { (engine, fault, heard(faults).await) });
    }
    let mut count = 0;
    while let Some(call) = calls.join_next().await {
        let (engine, fault, heard) = call.expect("no panic");
        assert!(within_3_s(&heard).is_some(), "{engine}: {fault}: silence");
        count += 1;
    }
    assert_eq!(count, 18);
}

#[tokio::test]
async fn the_receptionist_says_goodbye_and_hangs_up() {
    let transcript = vec![ok(), sends(r#"{"text": "That is all, goodbye."}"#)];
    let speech = Scripted::http(vec![transcript]).await;
    let voice = Scripted::http(vec![vec![ok(), sound(12_000)]]).await;
    let engines = Engines {
        stt: Arc::new(OpenAiStt {
            server: at(speech.port, ""),
            model: "w".to_owned(),
            language: None,
        }),
        llm: Arc::new(Receptionist::new(Arc::new(|| "noon".to_owned()), "Always.")),
        tts: Arc::new(OpenAiTts {
            server: at(voice.port, ""),
            model: "t".to_owned(),
            voice: "v".to_owned(),
            rate_hz: 24_000,
        }),
        tools: Arc::new(Webhook::default()),
    };
    let agent = Agent::new(Settings::default(), engines);
    let heard = line::call(&agent, 1_500..2_500, 20_000).await;
    assert_eq!(heard.hung_up, Some(HangupCause::Normal));
    let said = voice.requests().concat();
    assert!(said.contains("Thank you for calling."), "{said}");
}
