//! Whisper with the model that `trunkline models fetch` brings.
#![cfg(feature = "whisper")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use trunkline_audio::tone::Tone;
use trunkline_speech::whisper::{Error, Model, Whisper};

mod support;

use support::{over_the_line, voice};

/// What the recordings say; `fixtures/speech/README.md` has the words.
const SAID: [(&str, &str); 2] = [
    (
        "slt",
        "good morning and thank you for calling the office is open from nine to five on weekdays \
         please tell me in a few words how i can help you today",
    ),
    (
        "awb",
        "the train for the coast leaves at a quarter past six from platform two would you rather \
         have a seat by the window or one that is close to the door",
    ),
];

fn model() -> PathBuf {
    support::model("whisper-tiny.en-q8_0.bin")
}

fn words(text: &str) -> Vec<String> {
    let text = text
        .to_lowercase()
        .replace("9", "nine")
        .replace("5", "five");
    let words = text.split_whitespace();
    let bare = words.map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect());
    bare.collect()
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn recorded_voices_are_understood_over_the_telephone() {
    let mut whisper = Whisper::open(&model()).expect("the model");
    for (name, said) in SAID {
        let heard = whisper.transcribe(&over_the_line(&voice(name)));
        let heard = words(&heard.expect("a transcript"));
        let said = words(said);
        let missing = said.iter().filter(|word| !heard.contains(word)).count();
        // A word in ten.
        assert!(
            missing * 10 <= said.len(),
            "{name}: {missing} missing of {heard:?}"
        );
        assert!(heard.len() <= said.len() + 3, "{name}: {heard:?}");
    }
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn the_same_sound_is_the_same_words_whatever_was_heard_before() {
    let model = Model::open(&model()).expect("the model");
    let (one, two) = (voice("slt"), voice("rms"));
    let mut listener = model.listener().expect("memory");
    let first = listener.transcribe(&one[..48_000]).expect("a transcript");
    assert!(!first.is_empty());
    listener.transcribe(&two).expect("a transcript");
    let again = listener.transcribe(&one[..48_000]).expect("a transcript");
    assert_eq!(first, again);
    // On however many threads.
    listener.set_threads(3);
    let again = listener.transcribe(&one[..48_000]).expect("a transcript");
    assert_eq!(first, again);
    // And whoever listens beside it.
    let beside = thread::spawn(move || {
        let mut listener = model.listener().expect("memory");
        listener.transcribe(&one[..48_000]).expect("a transcript")
    });
    assert_eq!(beside.join().expect("no panic"), first);
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn where_nobody_speaks_there_are_no_words() {
    let mut whisper = Whisper::open(&model()).expect("the model");
    let mut keys = Vec::new();
    for key in ['4', '7', '#'] {
        let mut tone = [0; 2_400];
        Tone::dtmf(key).expect("a key").fill(&mut tone);
        keys.extend(tone);
        keys.extend([0; 1_600]);
    }
    let mut ringing = vec![0; 40_000];
    Tone::ringback().fill(&mut ringing);
    let mut random = 1_u32;
    let mut noise = |loudness: i32| {
        let sample = |_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (((random >> 16) as i32 - 32_768) * loudness / 32_768) as i16
        };
        (0..32_000).map(sample).collect::<Vec<i16>>()
    };
    for (what, sound) in [
        ("no sound", Vec::new()),
        ("silence", vec![0; 48_000]),
        ("a line's hiss", noise(30)),
        ("noise", noise(3_000)),
        ("keys", keys),
        ("ringing", ringing),
    ] {
        let heard = whisper.transcribe(&over_the_line(&sound));
        assert_eq!(heard.expect("a transcript"), "", "{what}");
    }
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn speech_of_more_than_30_s_is_heard_to_its_end() {
    let mut whisper = Whisper::open(&model()).expect("the model");
    let long = [voice("awb"), voice("slt"), voice("rms"), voice("kal")].concat();
    assert!(long.len() > 30 * 16_000);
    let heard = words(&whisper.transcribe(&long).expect("a transcript"));
    for word in ["platform", "calling", "goodbye"] {
        assert!(heard.iter().any(|heard| heard == word), "{word}: {heard:?}");
    }
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn what_nobody_wants_any_more_is_given_up() {
    let mut whisper = Whisper::open(&model()).expect("the model");
    let speech = voice("slt");
    let unwanted = Arc::new(AtomicBool::new(true));
    let heard = whisper.transcribe_unless(&speech, &unwanted);
    assert!(matches!(heard, Err(Error::Unwanted)), "{heard:?}");
    unwanted.store(false, Ordering::Relaxed);
    let heard = whisper.transcribe_unless(&speech, &unwanted);
    assert!(!heard.expect("a transcript").is_empty());
}

/// Runs one of these tests in a process of its own.
#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn nothing_is_written_to_standard_error() {
    let tests = std::env::current_exe().expect("these tests");
    let mut alone = Command::new(tests);
    alone.args([
        "--exact",
        "where_nobody_speaks_there_are_no_words",
        "--nocapture",
        "--include-ignored",
    ]);
    let output = alone.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.trim().is_empty(), "{told}");
}
