use super::*;
use trunkline_call::{CallId, Headers, Parameters};
use trunkline_streams::document::Speech;

async fn sound(limit: Duration, sound: Sound, command: &[&str]) -> Result<(), String> {
    let info = CallInfo {
        id: CallId::from_bytes([1; 16]),
        direction: Direction::Inbound,
        from: "1".to_owned(),
        to: "2".to_owned(),
        peer: None,
        headers: Headers::default(),
        parameters: Parameters::default(),
        traceparent: String::new(),
    };
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let settings = Settings {
        speech: (!command.is_empty()).then_some(command.into()),
        ..Settings::default()
    };
    let done = do_within(limit, Errand::Sound(sound), &info, Arc::new(settings)).await;
    done.map(|_| ())
}

fn speech() -> Sound {
    Sound::Speech(Speech {
        text: "hello".to_owned(),
        voice: None,
        language: None,
    })
}

#[tokio::test]
async fn an_errand_has_its_time_and_waits_for_room_in_it() {
    let moment = Duration::from_millis(50);
    let silent = sound(moment, speech(), &["sleep", "60"]).await;
    assert!(silent.unwrap_err().contains("not done within"));
    let here = || Sound::Here(Arc::new([0; 320]));
    let all = ROOM
        .acquire_many(u32::try_from(ERRANDS_MAX).unwrap())
        .await
        .unwrap();
    let waited = sound(moment, here(), &[]).await;
    assert!(waited.unwrap_err().contains("not done within"));
    drop(all);
    assert_eq!(sound(ERRAND_TIME_MAX, here(), &[]).await, Ok(()));
}

#[tokio::test]
async fn a_sound_lasts_two_minutes_at_most() {
    let samples = |count: usize| {
        let length = u32::try_from(2 * count).unwrap();
        let head = [
            &b"RIFF"[..],
            &(36 + length).to_le_bytes(),
            b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data",
            &length.to_le_bytes(),
        ];
        [&head.concat()[..], &vec![0; 2 * count]].concat()
    };
    let folder = std::env::temp_dir();
    for (seconds, is_taken) in [(120, true), (121, false)] {
        let name = format!("trunkline-{}-{seconds}.wav", std::process::id());
        let file = folder.join(name);
        std::fs::write(&file, samples(8_000 * seconds)).unwrap();
        let told = sound(ERRAND_TIME_MAX, speech(), &["cat", file.to_str().unwrap()]).await;
        std::fs::remove_file(&file).unwrap();
        match is_taken {
            true => assert_eq!(told, Ok(())),
            false => assert!(told.unwrap_err().contains("longer than 120 s")),
        }
    }
}
