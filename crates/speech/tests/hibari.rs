//! The voice against what the package it comes from says, and against whatever a text may be.
#![cfg(feature = "rten")]

use trunkline_audio::wav;
use trunkline_speech::hibari::Hibari;

mod support;

/// As `fixtures/hibari/README.md` tells.
const PHONEMES: &str = include_str!("../../../fixtures/hibari/phonemes.tsv");
const SENTENCE: &[u8] = include_bytes!("../../../fixtures/hibari/sentence.wav");

fn voice() -> Hibari {
    Hibari::open(&support::model("hibari")).expect("the voice")
}

fn spoken(voice: &Hibari, text: &str) -> Vec<i16> {
    let mut heard = Vec::new();
    let spoken = voice.speak(text, &mut |piece| {
        heard.extend_from_slice(piece);
        true
    });
    spoken.expect("it speaks");
    heard
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn it_reads_as_the_original_does() {
    let voice = voice();
    let lines = PHONEMES.lines().filter(|line| !line.starts_with('#'));
    let mut others = Vec::new();
    for line in lines {
        let (text, phonemes) = line.split_once('\t').expect("two columns");
        let ours = voice.phonemes(text);
        if ours != phonemes {
            others.push(format!("{text}\n  {phonemes}\n  {ours}"));
        }
    }
    assert!(
        others.is_empty(),
        "{} differ:\n{}",
        others.len(),
        others.join("\n")
    );
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn it_sounds_as_the_original_does() {
    let voice = voice();
    let original = wav::read(SENTENCE).expect("a WAV file").into_mono();
    let ours = spoken(&voice, "Sure, what name should I put it under?");
    // The original begins with silence, of which ours leaves a breath.
    let silent = original.len().saturating_sub(ours.len());
    assert!((1_600..8_000).contains(&silent), "{silent} samples");
    let original = original[silent..].to_vec();
    // The noise in it is another one, so what is compared is how loud it is in each band over time.
    let (ours, original) = (bands(&ours), bands(&original));
    let alike = correlation(&ours, &original);
    println!("correlation {alike}");
    assert!(alike > 0.98, "{alike}");
    // The measure tells sentences apart.
    let other = bands(&spoken(&voice, "I would like to go home."));
    let count = other.len().min(original.len());
    assert!(correlation(&other[..count], &original[..count]) < 0.8);
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn it_drives_a_telephone_line_well_and_repeats_itself_exactly() {
    let voice = voice();
    let text = "Thank you for calling. The office is open from nine to five on weekdays.";
    let sound = spoken(&voice, text);
    let level = active_level(&sound);
    println!("{level:.1} dB below full scale");
    assert!((-21.0..-17.0).contains(&level), "{level}");
    assert!(sound.iter().all(|sample| sample.unsigned_abs() < 32_700));
    assert_eq!(spoken(&voice, text), sound);
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn sound_comes_in_pieces_until_nobody_listens() {
    let voice = voice();
    let mut pieces = 0;
    let spoken = voice.speak(
        "This sentence is long enough to come in pieces.",
        &mut |piece| {
            assert!(piece.len() <= 1_800, "no piece is long");
            pieces += 1;
            pieces < 3
        },
    );
    assert!(spoken.is_ok());
    assert_eq!(pieces, 3);
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn a_slower_voice_takes_longer() {
    let voice = voice();
    let samples = |speed| {
        let mut count = 0;
        let mut sound = |piece: &[i16]| {
            count += piece.len();
            true
        };
        voice
            .speak_at("One two three four.", speed, &mut sound)
            .expect("it speaks");
        count
    };
    let (slow, own, fast) = (samples(0.5), samples(1.0), samples(2.0));
    assert!(
        slow > own * 3 / 2 && fast < own * 3 / 4,
        "{slow} {own} {fast}"
    );
    assert_eq!(samples(1e9), fast);
    assert_eq!(samples(f32::NAN), own);
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn no_text_is_too_hostile() {
    let voice = voice();
    let texts = [
        String::new(),
        " \n\t\u{0}\u{7}\u{1b}[31m".to_owned(),
        "\u{1F600}\u{1F468}\u{200D}\u{1F469}".to_owned(),
        "1234567890".repeat(300),
        "a".repeat(3_000),
        "-a".repeat(1_500),
        "日本語のテキスト。Русский текст. עברית العربية".to_owned(),
        "[x](/həlˈO/) <break time=\"9s\"/> ${HOME} %s%n".to_owned(),
        "!?.,;:—…\"'()".repeat(60),
        "$9,999,999,999,999,999,999.99 at 99:99 on 99/99/9999".to_owned(),
        "Z̸̢a̷l̶g̵o̷ \u{202E}txet".to_owned(),
    ];
    for text in texts {
        let mut samples = 0;
        let spoken = voice.speak(&text, &mut |piece| {
            samples += piece.len();
            samples < 16_000 * 120
        });
        assert!(spoken.is_ok(), "{text}");
    }
    assert!(
        spoken(&voice, "\u{1F600} \n ...").len() < 16_000,
        "nothing to say takes no time"
    );
}

/// The logarithm of the power in eight bands of 1 kHz, every 20 ms.
fn bands(sound: &[i16]) -> Vec<f32> {
    let mut all = Vec::new();
    for frame in sound.chunks_exact(320) {
        for band in 0..8 {
            let mut power = 0.0;
            for hz in [250.0, 500.0, 750.0].map(|hz| hz + 1_000.0 * band as f32) {
                let (mut re, mut im) = (0.0, 0.0);
                for (at, sample) in frame.iter().enumerate() {
                    let angle = std::f32::consts::TAU * hz * at as f32 / 16_000.0;
                    let window = (std::f32::consts::PI * at as f32 / 320.0).sin();
                    re += f32::from(*sample) * window * angle.cos();
                    im += f32::from(*sample) * window * angle.sin();
                }
                power += re * re + im * im;
            }
            all.push((power + 1e8).log10());
        }
    }
    all
}

fn correlation(one: &[f32], other: &[f32]) -> f32 {
    let count = one.len().min(other.len());
    let (one, other) = (&one[..count], &other[..count]);
    let mean = |values: &[f32]| values.iter().sum::<f32>() / count as f32;
    let (a, b) = (mean(one), mean(other));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other) {
        ab += (x - a) * (y - b);
        aa += (x - a).powi(2);
        bb += (y - b).powi(2);
    }
    ab / (aa * bb).sqrt()
}

/// The level while it speaks, in dB of full scale: pauses do not count.
fn active_level(sound: &[i16]) -> f32 {
    let frames = sound.chunks_exact(320);
    let powers =
        frames.map(|frame| frame.iter().map(|s| f32::from(*s).powi(2)).sum::<f32>() / 320.0);
    let loud: Vec<f32> = powers.filter(|power| *power > 200.0 * 200.0).collect();
    10.0 * (loud.iter().sum::<f32>() / loud.len() as f32 / 32_768.0_f32.powi(2)).log10()
}
