//! Lines that send back what we say, 20 dB weaker: nothing of it may take back an answer.

use super::stage::*;
use super::voices::*;
use crate::{Input, Job, Note};
use trunkline_audio::g711::ulaw;
use trunkline_audio::wav;

/// 1.5 s of speech an answer.
const ANSWER: usize = 24_000;
/// Time for all of an answer and its echo, in frames.
const TURN_FRAMES: usize = 110;

fn speech(name: &str) -> Vec<i16> {
    let path = format!(
        "{}/../../fixtures/speech/{name}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read(path).expect("the fixture");
    wav::read(&file).expect("a WAV file").into_mono()
}

/// Gives so many answers, other parts of a recording each time, into a line that sends them back.
/// `late` is how late it is in each frame of each answer, in samples.
fn answers(name: &str, count: usize, late: impl Fn(usize, usize) -> usize) -> Stage {
    let speech = speech(name);
    let mut stage = Stage::new(silent_start());
    for turn in 0..count {
        stage.speech = [Does::Says(60, "Hours?")].into();
        stage.language = [Does::Hangs].into();
        stage.line.speaks(400);
        stage.run_until("a question", |stage| stage.asked.len() > turn);
        let job = Job(stage.newest_job());
        stage.voices = Voices::Hang;
        let text = format!("Answer number {turn}.");
        stage.tell(Input::Words { job, text });
        stage.tell(Input::Finished(job));
        let job = Job(stage.newest_job());
        let from = turn * 1_000 % (speech.len() - ANSWER);
        let samples = &speech[from..from + ANSWER];
        stage.tell(Input::Sound { job, samples });
        stage.tell(Input::Finished(job));
        // What an echo is taken for, if it is.
        stage.speech = [Does::Says(60, "What is heard of ourselves.")].into();
        let began = stage.line.wire.len();
        for frame in 0..TURN_FRAMES {
            let from = stage.line.wire.len().checked_sub(late(turn, frame));
            let echo = from.filter(|at| *at >= began).map_or(vec![0; 320], |at| {
                let back = stage.line.wire[at..at + 320].iter();
                back.map(|s| ulaw::decode(ulaw::encode(s / 10))).collect()
            });
            stage.line.says(&echo);
            stage.step();
        }
    }
    stage
}

/// Nothing was taken back, and no pause was longer than 300 ms. How often there was one.
fn pauses(stage: &Stage) -> usize {
    let pauses = stage.times("pause");
    let ends = stage.times("continue");
    assert!(!stage.has(&Note::Interrupted), "{:?}", stage.notes);
    assert_eq!(pauses.len(), ends.len());
    let longest = pauses.iter().zip(&ends).map(|(from, to)| to - from).max();
    assert!(longest.is_none_or(|ms| ms <= 300), "{longest:?} ms");
    pauses.len()
}

#[test]
fn our_own_echo_takes_nothing_back_in_a_hundred_answers() {
    let stage = answers("rms", 100, |_, _| 3_200);
    let pauses = pauses(&stage);
    assert!(pauses <= 15, "mostly it does not even pause us: {pauses}");
}

#[test]
fn an_echo_may_come_earlier_or_later_in_every_answer() {
    for name in ["slt", "kal", "awb"] {
        let stage = answers(name, 60, |turn, _| 960 + turn * 1_237 % 4_000);
        pauses(&stage);
    }
}

/// A telephone's jitter buffer grows and shrinks while it plays, by whole packets.
#[test]
fn an_echo_may_jump_in_the_middle_of_an_answer() {
    for name in ["slt", "rms", "kal", "awb"] {
        for jump in [320, 1_280] {
            let stage = answers(name, 40, |turn, frame| {
                let jumps_at = 10 + turn * 7 % 60;
                let is_late = (frame >= jumps_at) == (turn % 2 == 0);
                1_600 + if is_late { jump } else { 0 }
            });
            pauses(&stage);
        }
    }
}
