//! The voice agent hears callers over the telephone: what generated callers say goes over SIP, RTP and
//! G.711 to a gateway, and is detected, transcribed and understood by what this build has in it.
//! `cargo xtask evidence speech` does the same at length.
//!
//! These tests need the models that `trunkline models fetch` brings.
#![cfg(feature = "speech")]

mod callers;
mod desk;
#[path = "../support/in_process.rs"]
#[allow(dead_code, reason = "nobody asks this gateway over HTTP")]
mod in_process;
mod noises;
mod observed;
mod score;
mod sentences;
mod voices;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trunkline::models::{self, HIBARI, WHISPER};
use trunkline_testkit::Seeded;

use callers::{Outcome, Spoken};
use desk::Desk;
use noises::Noise;
use score::is_endless;
use sentences::SENTENCES;
use voices::Voice;

/// Callers at once.
const LINES: usize = 2;

/// The folder of the models.
fn fetched() -> PathBuf {
    let folder = models::directory();
    let is_there = folder.join(WHISPER).exists() && folder.join(HIBARI).exists();
    assert!(is_there, "no models; type `trunkline models fetch`");
    folder
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn callers_are_understood_on_a_line_that_loses_packets() {
    let models = fetched();
    let voice = Voice::hibari(&models);
    let some = SENTENCES.iter().step_by(3);
    let spoken: Vec<Spoken> = some.map(|it| (it, voice.say(it.text))).collect();
    let outcome = Outcome::of(&Desk::open(&models, LINES), &spoken, 0.03);
    let loss = outcome.loss_percent();
    assert!((1.0..6.0).contains(&loss), "{loss} % were lost");
    let is_understood = outcome.errors.percent() <= 10.0 && outcome.answered >= 4;
    assert!(is_understood, "{outcome:?}");
}

#[test]
#[ignore = "needs models: cargo xtask test speech"]
fn nothing_is_answered_where_nobody_speaks() {
    let models = fetched();
    let mut random = Seeded::new(7);
    // A burst, music, and keys: what is taken for speech most often.
    let sounds: Vec<(Noise, Arc<[i16]>)> = Noise::ALL[4..7]
        .iter()
        .map(|noise| (*noise, noise.sound(&mut random).into()))
        .collect();
    let desk = Desk::open(&models, LINES);
    let talks = desk.work_off(&sounds, |line, (_, sound)| desk.call(line, sound, 0.0));
    for ((noise, sound), talk) in sounds.iter().zip(talks) {
        let length = Duration::from_millis(sound.len() as u64 / 16);
        for (text, _) in &talk.seen.transcripts {
            assert!(!is_endless(text, length), "{noise:?}: {text:?}");
        }
        assert_eq!(talk.seen.answer, "", "{noise:?}: {:?}", talk.seen);
    }
}
