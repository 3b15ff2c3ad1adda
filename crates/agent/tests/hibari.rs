//! The voice in the process, as the agent uses it.
#![cfg(feature = "speech")]

use std::path::{Path, PathBuf};

use tokio::sync::mpsc::channel;
use trunkline_agent::engines::{EngineError, HibariTts, Speech, Tts};

fn folder() -> PathBuf {
    let folder = std::env::var_os("TRUNKLINE_MODELS").expect("a folder of models");
    Path::new(&folder).join("hibari")
}

fn speech(text: &str) -> Speech {
    Speech {
        text: text.to_owned(),
        voice: None,
    }
}

#[tokio::test]
#[ignore = "needs models: cargo xtask test speech"]
async fn sentences_are_spoken_also_by_several_at_once() {
    let voice = HibariTts::new(&folder(), 1.0).expect("the files are there");
    voice.load().await;
    let say = async |text: &str| {
        let (to, mut from) = channel::<Vec<i16>>(1);
        let listening = async {
            let mut samples = 0;
            while let Some(piece) = from.recv().await {
                samples += piece.len();
            }
            samples
        };
        let (spoken, samples) = tokio::join!(voice.speak(speech(text), to), listening);
        spoken.map(|()| samples)
    };
    let (one, other) = tokio::join!(say("Hello there."), say("How can I help you today?"));
    let (one, other) = (one.expect("it speaks"), other.expect("it speaks"));
    // Between half a second and three seconds each.
    assert!((8_000..48_000).contains(&one), "{one}");
    assert!((16_000..48_000).contains(&other), "{other}");
}

#[tokio::test]
#[ignore = "needs models: cargo xtask test speech"]
async fn who_does_not_listen_ends_it() {
    let voice = HibariTts::new(&folder(), 1.0).expect("the files are there");
    let (to, from) = channel(1);
    drop(from);
    let spoken = voice.speak(speech("Nobody hears this."), to).await;
    assert!(matches!(spoken, Err(EngineError::Unwanted)), "{spoken:?}");
}

#[test]
fn a_missing_file_is_named_with_what_to_type() {
    let error = HibariTts::new(Path::new("/nowhere"), 1.0)
        .map(|_| ())
        .unwrap_err();
    let why = error.to_string();
    assert!(
        why.contains("/nowhere/hibari.onnx") && why.contains("models fetch"),
        "{why}"
    );
}
