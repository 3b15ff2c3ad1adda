//! Every voice, and what hears by Wyoming, against a server that follows a script.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::server::{Does, Scripted, ok, sends, status};
use support::{at, sound_of, wyoming_at, wyoming_event};
use trunkline_agent::engines::{
    Chain, OpenAiTts, Process, Remembered, Stt, Tts, WyomingStt, WyomingTts,
};
use trunkline_audio::wav;

fn body(request: &str) -> Value {
    let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
    serde_json::from_str(body).expect("a body of JSON")
}

fn voice(server: &Scripted) -> OpenAiTts {
    OpenAiTts {
        server: at(server.port, "/v1"),
        model: "tts-1".to_owned(),
        voice: "alloy".to_owned(),
        rate_hz: 24_000,
    }
}

fn pcm(samples: usize) -> Does {
    Does::Sends((0..samples).flat_map(|_| 700_i16.to_le_bytes()).collect())
}

#[tokio::test]
async fn a_voice_is_heard_at_our_rate() {
    let server = Scripted::http(vec![vec![ok(), pcm(12_000), Does::Waits(20), pcm(12_000)]]).await;
    let (sound, ended) = sound_of(&voice(&server), "Hello.", Some("nova")).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!((15_900..=16_000).contains(&sound.len()), "{}", sound.len());
    assert!(sound[8_000].abs_diff(700) < 10);
    let asked = body(&server.requests()[0]);
    let expected =
        json!({"model": "tts-1", "input": "Hello.", "voice": "nova", "response_format": "pcm"});
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_voice_without_sound_is_an_error_and_half_a_voice_is_heard() {
    let server = Scripted::http(vec![vec![ok()]]).await;
    let (_, ended) = sound_of(&voice(&server), "Hello.", None).await;
    assert!(ended.is_err_and(|error| error.to_string().contains("no sound")));
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 96000\r\n\r\n";
    let server = Scripted::http(vec![vec![sends(half), pcm(12_000)]]).await;
    let (sound, ended) = sound_of(&voice(&server), "Hello.", None).await;
    assert!(ended.is_err() && sound.len() > 7_000, "{}", sound.len());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn wyoming_hears() {
    let script = vec![
        Does::Waits(50),
        wyoming_event("info", json!({}), &[]),
        wyoming_event("transcript", json!({"text": " Hello. "}), &[]),
    ];
    let server = Scripted::tcp(vec![vec![], script]).await;
    let stt = WyomingStt {
        server: wyoming_at(server.port),
        language: Some("en".to_owned()),
    };
    // The first connection ends without a word.
    assert_eq!(
        stt.transcribe(vec![5; 4_000]).await.expect("a transcript"),
        "Hello."
    );
    assert_eq!(server.requests().len(), 2);
    let first = &server.requests()[1];
    assert!(
        first.starts_with(r#"{"data":{"language":"en"},"payload_length":0,"type":"transcribe"}"#),
        "{first}"
    );
}

#[tokio::test]
async fn wyoming_speaks_at_the_rate_of_its_voice() {
    let format = json!({"rate": 22_050, "width": 2, "channels": 1});
    let payload: Vec<u8> = (0..11_025).flat_map(|_| 300_i16.to_le_bytes()).collect();
    let script = vec![
        wyoming_event("audio-start", format.clone(), &[]),
        wyoming_event("audio-chunk", format.clone(), &payload),
        wyoming_event("audio-chunk", format, &payload),
        wyoming_event("audio-stop", json!({}), &[]),
    ];
    let server = Scripted::tcp(vec![script]).await;
    let tts = WyomingTts {
        server: wyoming_at(server.port),
        voice: Some("en_US-ryan-medium".to_owned()),
    };
    let (sound, ended) = sound_of(&tts, "Hello.", None).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!((15_900..=16_100).contains(&sound.len()), "{}", sound.len());
    assert!(server.requests()[0].contains(r#""voice":{"name":"en_US-ryan-medium"}"#));
}

#[tokio::test]
async fn wyoming_servers_that_talk_nonsense_are_told_of() {
    for (script, told) in [
        (
            vec![wyoming_event(
                "error",
                json!({"text": "no such voice"}),
                &[],
            )],
            "no such voice",
        ),
        (vec![sends("HTTP/1.1 400 Bad Request\r\n\r\n")], "no JSON"),
        (vec![sends("4\n")], "no JSON"),
        (
            vec![sends(
                "{\"type\":\"audio-chunk\",\"payload_length\":99999999999}\n",
            )],
            "99999999999 bytes",
        ),
        (
            vec![wyoming_event(
                "audio-chunk",
                json!({"rate": 16_000, "width": 1}),
                &[1],
            )],
            "16 bit mono",
        ),
        (
            vec![wyoming_event("audio-stop", json!({}), &[])],
            "no sound",
        ),
    ] {
        let server = Scripted::tcp(vec![script]).await;
        let tts = WyomingTts {
            server: wyoming_at(server.port),
            voice: None,
        };
        let (_, ended) = sound_of(&tts, "Hello.", None).await;
        let error = ended.expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn another_voice_stands_in_for_a_dead_one() {
    let file = std::env::temp_dir().join(format!("agent-stand-in-{}.wav", std::process::id()));
    std::fs::write(&file, wav::write_mono(16_000, &[9; 1_600])).expect("a file");
    let stand_in = || Process::new(vec!["cat".to_owned(), file.to_string_lossy().into_owned()]);
    for script in [
        vec![Does::Stays],
        vec![status(500, "")],
        vec![ok(), Does::Stays],
    ] {
        let server = Scripted::http(vec![script]).await;
        let chain = Chain::new(voice(&server), stand_in());
        let began = std::time::Instant::now();
        let (sound, ended) = sound_of(&chain, "Hello.", None).await;
        assert!(ended.is_ok() && sound == [9; 1_600], "{ended:?}");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        let asked = server.requests().len();
        // For a while the dead one is not even asked.
        sound_of(&chain, "Hello again.", None)
            .await
            .1
            .expect("the stand-in speaks");
        assert_eq!(server.requests().len(), asked);
    }
    let server = Scripted::http(vec![vec![ok(), pcm(2_400)]]).await;
    let (sound, ended) = sound_of(&Chain::new(voice(&server), stand_in()), "Hello.", None).await;
    assert!(
        ended.is_ok() && sound.len() > 1_500 && sound.contains(&700),
        "{ended:?}"
    );
    std::fs::remove_file(file).expect("it was there");
}

#[tokio::test]
async fn phrases_are_asked_for_once() {
    let server = Scripted::http(vec![vec![ok(), pcm(2_400)]]).await;
    let voice = Remembered::new(voice(&server), ["Goodbye."]);
    voice.prepare().await;
    let (first, _) = sound_of(&voice, "Goodbye.", None).await;
    let (second, _) = sound_of(&voice, "Goodbye.", None).await;
    assert_eq!((first.len() > 1_500, server.requests().len()), (true, 1));
    assert_eq!(first, second);
    sound_of(&voice, "Hello.", None).await.1.expect("it speaks");
    sound_of(&voice, "Goodbye.", Some("nova"))
        .await
        .1
        .expect("it speaks");
    assert_eq!(
        server.requests().len(),
        3,
        "another text, and another voice"
    );
}
