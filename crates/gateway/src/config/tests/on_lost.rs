//! What the file says of an application that is lost.

use super::*;
use trunkline_audio::wav;
use trunkline_streams::OnLost;

fn on_lost(text: &str) -> Option<OnLost> {
    let text = format!("apps: {{bot: {{type: websocket, url: \"ws://h/\"{text}}}}}\n");
    let settings = proven(&text, &[]);
    let AppEntry::WebSocket(app) = &settings.apps["bot"] else {
        panic!("bot is a WebSocket application");
    };
    app.on_lost.clone()
}

/// A file in the temporary folder, removed with the value.
struct Sound(PathBuf);

impl Sound {
    fn of(name: &str, rate_hz: u32, samples: usize) -> Self {
        let name = format!("trunkline-{}-{name}.wav", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, wav::write_mono(rate_hz, &vec![100; samples])).unwrap();
        Self(path)
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn without_a_word_of_it_the_call_ends_and_an_empty_mapping_means_the_defaults() {
    assert!(on_lost("").is_none());
    let default = on_lost(", on_lost: {}").unwrap();
    assert_eq!(default.within, Duration::from_secs(10));
    assert!(default.music.is_none() && default.prompt.is_none());
}

#[test]
fn sounds_are_read_at_the_rate_of_a_call() {
    let music = Sound::of("music", 8_000, 8_000);
    let text = format!(", on_lost: {{within: 0, music: \"{}\"}}", music.0.display());
    let lost = on_lost(&text).unwrap();
    assert_eq!(lost.within, Duration::ZERO);
    let samples = lost.music.unwrap().len();
    assert!(
        (15_000..=16_000).contains(&samples),
        "{samples} of a second"
    );
}

#[test]
fn a_sound_that_cannot_be_played_refuses_the_file() {
    let long = Sound::of("long", 8_000, 61 * 8_000);
    for (path, why) in [
        ("/no/such.wav", "No such file"),
        ("/", "no file, or a larger one than a minute needs"),
        ("/dev/null", "no file, or a larger one than a minute needs"),
        (long.0.to_str().unwrap(), "is empty or longer than a minute"),
    ] {
        let text = format!(
            "apps:\n  bot: {{type: websocket, role: server, on_lost: {{prompt: \"{path}\"}}}}\n"
        );
        let told = refused(&text, &[]);
        let start = "t.yaml:2:58: apps.bot.on_lost.prompt: ";
        assert!(told.starts_with(start) && told.contains(why), "{told}");
        assert!(
            told.ends_with("name a WAV file of at most a minute"),
            "{told}"
        );
    }
    let told = refused("apps: {e: {type: echo, on_lost: {}}}\n", &[]);
    assert!(
        told.contains("apps.e.on_lost: is only for `type: websocket`"),
        "{told}"
    );
}
