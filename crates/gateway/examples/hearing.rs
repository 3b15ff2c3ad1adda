//! Measures how well the voice agent hears, for `cargo xtask evidence speech`: prints the body of its
//! page, with the word MISSED where a figure is not what it should be.
//!
//! `hearing [--quick]`, after `trunkline models fetch`. Generated voices call a gateway in this process
//! over SIP and RTP with G.711; `--quick` has few of them.

#[path = "../tests/hearing/callers.rs"]
mod callers;
#[path = "../tests/hearing/desk.rs"]
mod desk;
#[path = "../tests/support/in_process.rs"]
#[allow(dead_code, reason = "nobody asks this gateway over HTTP")]
mod in_process;
#[path = "../tests/hearing/noises.rs"]
mod noises;
#[path = "../tests/hearing/observed.rs"]
mod observed;
#[path = "../tests/hearing/score.rs"]
mod score;
#[path = "../tests/hearing/sentences.rs"]
mod sentences;
#[path = "../tests/hearing/voices.rs"]
mod voices;

use std::sync::Arc;
use std::time::Duration;

use trunkline::models;
use trunkline_speech::whisper::Model;
use trunkline_testkit::Seeded;

use callers::{Outcome, Spoken};
use desk::{Desk, Talk};
use noises::Noise;
use score::is_endless;
use sentences::SENTENCES;
use voices::Voice;

/// Callers at once.
const LINES: usize = 7;
/// Packets that are lost on a bad line.
const LOSS: f64 = 0.03;
/// Words that may be heard wrongly, in percent: of hibari on a good line, and of anybody else.
const BEST_MAX: f64 = 5.0;
const WRONG_MAX: f64 = 10.0;
/// Of the voices of Flite, which speak less clearly than people, so many are to be understood.
const FLITE_LEAST: usize = 2;
/// Utterances of each kind, of which there are eleven.
const UTTERANCES: usize = 46;

fn main() {
    let is_quick = std::env::args().nth(1).as_deref() == Some("--quick");
    let models = models::directory();
    let voices = [
        Voice::hibari(&models),
        Voice::flite("Flite rms", "rms"),
        Voice::flite("Flite awb", "awb"),
        Voice::flite("Flite slt", "slt"),
    ];
    let desk = Desk::open(&models, LINES);
    words(&desk, &voices, is_quick);
    let whisper = Model::open(&models.join(models::WHISPER)).expect("the model");
    let count = if is_quick { 1 } else { UTTERANCES };
    no_words(&desk, &whisper, &voices, count);
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

/// How many words are wrong, and how many callers are answered as they should be.
fn words(desk: &Desk, voices: &[Voice], is_quick: bool) {
    println!("## Words and intents\n");
    println!(
        "| voice | packets lost | calls | words wrong | asked | answered rightly | asked | kept |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let (mut missed, mut slowest) = (String::new(), Duration::ZERO);
    let (mut late, mut apologies) = (0, 0);
    let some = if is_quick { 5 } else { 1 };
    let mut understood = Vec::new();
    for voice in voices {
        let sentences = SENTENCES.iter().step_by(some);
        let once: Vec<Spoken> = sentences.map(|it| (it, voice.say(it.text))).collect();
        let is_best = voice.name == voices[0].name;
        let most = if is_best { BEST_MAX } else { WRONG_MAX };
        let mut is_understood = true;
        for (loss, most) in [(0.0, most), (LOSS, WRONG_MAX)] {
            let outcome = Outcome::of(desk, &once, loss);
            is_understood &= row(voice.name, &outcome, most);
            late += outcome.late;
            apologies += outcome.apologies;
            slowest = slowest.max(outcome.slowest);
            if !outcome.missed.is_empty() {
                let lost = outcome.loss_percent();
                missed += &format!("\n{}, {lost:.1} % lost:\n\n{}", voice.name, outcome.missed);
            }
        }
        understood.push(is_understood);
    }
    let flite = understood[1..].iter().filter(|is| **is).count();
    println!(
        "\nhibari on both lines: {}. Voices of Flite that keep to it on both lines: {flite}, and {FLITE_LEAST} are asked \
         for: {}.",
        verdict(understood[0]),
        verdict(flite >= FLITE_LEAST)
    );
    println!(
        "\n{late} packets came too late to be heard. The slowest transcript took {:.1} s. The agent \
         apologised {apologies} times for one that did not come within 6 s, as this machine had other \
         work; the caller then tried again.",
        slowest.as_secs_f64()
    );
    println!("\nWhat was not heard word by word:\n{missed}");
}

/// Whether the voice was understood well enough on this line.
fn row(voice: &str, outcome: &Outcome, most: f64) -> bool {
    let Outcome {
        calls,
        errors,
        answered,
        ..
    } = outcome;
    // 13 of 14.
    let least = calls - calls.div_ceil(14);
    let (percent, lost) = (errors.percent(), outcome.loss_percent());
    let is_met = percent <= most && *answered >= least;
    let met = if is_met { "yes" } else { "no" };
    println!(
        "| {voice} | {lost:.1} % | {calls} | {percent:.1} % ({} of {}) | ≤ {most:.0} % | {answered} | ≥ {least} | {met} |",
        errors.wrong, errors.said
    );
    is_met
}

/// Sounds without words, and speech that is hard to understand: nothing of it may come out endless.
fn no_words(desk: &Desk, whisper: &Model, voices: &[Voice], count: usize) {
    let mut random = Seeded::new(20);
    let mut kinds: Vec<Kind> = Noise::ALL.map(|noise| Kind::new(noise.word())).into();
    kinds.push(Kind::new("speech that breaks off"));
    kinds.push(Kind::new("speech with 20 % of it missing"));
    let all: Vec<(usize, Arc<[i16]>)> = (0..count * kinds.len())
        .map(|number| {
            let kind = number % kinds.len();
            let sound = match Noise::ALL.get(kind) {
                Some(noise) => noise.sound(&mut random),
                None => broken_speech(&mut random, voices, kind == Noise::ALL.len()),
            };
            (kind, sound.into())
        })
        .collect();
    let talks = desk.work_off(&all, |line, (_, sound)| desk.call(line, sound, 0.0));
    for ((kind, sound), talk) in all.iter().zip(&talks) {
        let kind = &mut kinds[*kind];
        let transcripts = talk.seen.transcripts.iter().map(|(text, _)| text.as_str());
        kind.called.add(kind.name, transcripts, sound);
    }
    let unheard = |talk: &Talk| talk.seen.transcripts.is_empty();
    let silent: Vec<_> = all
        .iter()
        .zip(&talks)
        .filter(|(_, talk)| unheard(talk))
        .collect();
    let texts = desk.work_off(&silent, |_, ((_, sound), _)| {
        let mut whisper = whisper.listener().expect("Whisper has room");
        whisper.transcribe(sound).expect("Whisper listens")
    });
    for (((kind, sound), _), text) in silent.iter().zip(texts) {
        let kind = &mut kinds[*kind];
        kind.straight.add(kind.name, [text.as_str()], sound);
    }
    println!("## What is no speech, or hardly\n");
    println!(
        "| what | utterances | taken for speech | with words | endless | the others, straight to Whisper: with words | endless |"
    );
    println!("|---|---|---|---|---|---|---|");
    for Kind {
        name,
        called,
        straight,
    } in &kinds
    {
        println!(
            "| {name} | {count} | {} | {} | {} | {} | {} |",
            called.heard, called.worded, called.endless, straight.worded, straight.endless
        );
    }
    let endless: usize = kinds
        .iter()
        .map(|kind| kind.called.endless + kind.straight.endless)
        .sum();
    let met = verdict(endless == 0);
    println!(
        "\n{} utterances, {endless} of them endless: {met}.",
        all.len()
    );
}

/// A sentence that breaks off, or of which every fifth frame of 20 ms is missing.
fn broken_speech(random: &mut Seeded, voices: &[Voice], breaks_off: bool) -> Vec<i16> {
    let voice = &voices[random.below(voices.len() as u64) as usize];
    let sentence = &SENTENCES[random.below(SENTENCES.len() as u64) as usize];
    let mut sound = voice.say(sentence.text).to_vec();
    if breaks_off {
        let length = sound.len() / 5 + random.below(sound.len() as u64 / 2) as usize;
        sound.truncate(length);
        return sound;
    }
    for frame in sound.chunks_mut(320) {
        if random.chance(0.2) {
            frame.fill(0);
        }
    }
    sound
}

/// What came of one kind of sound: in calls, and straight to Whisper.
struct Kind {
    name: &'static str,
    called: Counted,
    straight: Counted,
}

/// Utterances.
#[derive(Default)]
struct Counted {
    /// In which Whisper was asked for words.
    heard: usize,
    /// In which it found some.
    worded: usize,
    /// In which those had no end.
    endless: usize,
}

impl Kind {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            called: Counted::default(),
            straight: Counted::default(),
        }
    }
}

impl Counted {
    fn add<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t str>, sound: &[i16]) {
        let length = Duration::from_millis(sound.len() as u64 / 16);
        let texts: Vec<&str> = texts.into_iter().collect();
        let is_endless = texts.iter().any(|text| is_endless(text, length));
        let has_words = texts.iter().any(|text| !text.is_empty());
        if is_endless || has_words && !name.starts_with("speech") {
            eprintln!("{name}: {texts:?}");
        }
        self.heard += usize::from(!texts.is_empty());
        self.worded += usize::from(has_words);
        self.endless += usize::from(is_endless);
    }
}
