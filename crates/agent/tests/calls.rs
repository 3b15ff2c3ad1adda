//! Whole calls in real time against scripted servers that do as they should.

mod support;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support::server::{Does, Scripted, ok, sends};
use support::{at, line};
use trunkline_agent::engines::{
    EngineError, OpenAiLlm, OpenAiStt, OpenAiTts, Receptionist, TurnModel, Webhook,
};
use trunkline_agent::{Agent, Engines, Settings};
use trunkline_call::{BoxFuture, HangupCause};

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

/// Engines whose servers do as they should.
async fn engines() -> Engines {
    let transcript = vec![ok(), sends(r#"{"text": "When do you open?"}"#)];
    let speech = Scripted::http(vec![transcript]).await;
    let answer = vec![ok(), sends(says("We open at nine.") + "data: [DONE]\n\n")];
    let language = Scripted::http(vec![answer]).await;
    let voice = Scripted::http(vec![vec![ok(), sound(24_000)]]).await;
    Engines {
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
    }
}

/// An agent that says nothing until the caller has been silent for so long.
async fn agent(end_of_turn: Duration) -> Agent {
    let settings = Settings {
        greeting: String::new(),
        end_of_turn,
        ..Settings::default()
    };
    Agent::new(settings, engines().await)
}

/// How long after the last word of a caller an agent is heard, in ms.
async fn answers_after(agent: &Agent) -> usize {
    let heard = line::call(agent, 200..LAST_WORD, LAST_WORD + 3_500).await;
    let last_word = LAST_WORD as usize;
    heard.first_sound_after(last_word).expect("an answer") - last_word
}

#[tokio::test]
async fn an_answer_is_heard_within_a_second_of_the_last_word() {
    let after = answers_after(&agent(Duration::from_millis(500)).await).await;
    // 500 ms of them tell that it was the last.
    assert!((480..2_000).contains(&after), "{after} ms");
}

/// Hears an end in every pause.
struct Hasty;

impl TurnModel for Hasty {
    fn has_ended(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<bool, EngineError>> {
        Box::pin(std::future::ready(Ok(!samples.is_empty())))
    }
}

#[tokio::test]
async fn a_model_that_hears_the_end_of_a_turn_spares_the_wait_for_it() {
    let agent = agent(Duration::from_secs(3)).await;
    let after = answers_after(&agent.with_turns(Arc::new(Hasty))).await;
    // 200 ms of silence are a pause, of which the model is asked.
    assert!((180..2_500).contains(&after), "{after} ms");
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
