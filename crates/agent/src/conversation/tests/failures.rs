use super::stage::*;
use super::voices::*;
use crate::{Engine, Settings};
use trunkline_call::HangupCause;

/// The caller has just finished a sentence; the time of its last word.
fn asked(settings: Settings) -> (Stage, u64) {
    let mut stage = Stage::new(settings);
    stage.speech = [Does::Says(60, "When do you open?")].into();
    stage.line.speaks(800);
    stage.run(800);
    let last_word = stage.ms();
    (stage, last_word)
}

/// What we are to hear within 3 s of the last word, whatever is dead.
fn assert_heard_in_time(stage: &Stage, last_word: u64) {
    let first = stage.line.first_sound_after(last_word);
    assert!(
        first.is_some_and(|at| at <= last_word + 3_000),
        "{first:?}: {:?} {:?}",
        stage.notes,
        stage.commands
    );
}

#[test]
fn a_language_model_that_fails_is_apologised_for() {
    let (mut stage, last_word) = asked(silent_start());
    stage.language = [Does::Fails(100)].into();
    stage.run(3_000);
    assert_heard_in_time(&stage, last_word);
    assert_eq!(stage.said(), [Settings::default().phrases.sorry]);
    assert_eq!(stage.failed(Engine::Language), 1);
}

#[test]
fn a_language_model_that_says_nothing_is_covered_for_and_then_apologised_for() {
    let (mut stage, last_word) = asked(silent_start());
    stage.language = [Does::Hangs].into();
    stage.run(3_000);
    assert_heard_in_time(&stage, last_word);
    let phrases = Settings::default().phrases;
    assert_eq!(stage.said(), std::slice::from_ref(&phrases.wait));
    stage.run(12_000);
    assert_eq!(stage.said(), [phrases.wait, phrases.sorry]);
}

#[test]
fn a_slow_language_model_is_waited_for() {
    let (mut stage, _) = asked(silent_start());
    stage.language = [Does::Says(6_000, "At nine.")].into();
    stage.run_until_said("At nine.");
    stage.run_until_silent();
    assert_eq!(
        stage.said(),
        [Settings::default().phrases.wait, "At nine.".to_owned()]
    );
}

#[test]
fn an_answer_that_breaks_off_is_heard_as_far_as_it_came() {
    let (mut stage, _) = asked(silent_start());
    stage.language = [Does::Breaks(40, "We open at nine. We cl")].into();
    stage.run(1_000);
    stage.run_until_silent();
    assert_eq!(
        stage.said(),
        [
            "We open at nine.".to_owned(),
            Settings::default().phrases.sorry
        ]
    );
}

#[test]
fn a_speech_engine_that_fails_or_hangs_is_apologised_for() {
    for does in [Does::Fails(60), Does::Hangs] {
        let mut stage = Stage::new(silent_start());
        stage.speech = [does.clone()].into();
        stage.line.speaks(800);
        stage.run(800);
        let last_word = stage.ms();
        stage.run(8_000);
        assert_heard_in_time(&stage, last_word);
        assert!(
            stage.said().contains(&Settings::default().phrases.sorry),
            "{does:?}"
        );
        assert_eq!(stage.failed(Engine::Speech), 1);
    }
}

#[test]
fn a_dead_voice_leaves_no_dead_line() {
    for voices in [Voices::Fail, Voices::Hang] {
        let (mut stage, last_word) = asked(silent_start());
        stage.voices = voices;
        stage.language = [Does::Says(40, "At nine. Or ten.")].into();
        stage.run(3_200);
        assert_heard_in_time(&stage, last_word);
        assert!(stage.failed(Engine::Voice) > 0, "{voices:?}");
    }
}

#[test]
fn a_greeting_without_a_voice_is_a_sound() {
    let mut stage = Stage::before_answer(Settings::default());
    stage.voices = Voices::Hang;
    stage.tell(crate::Input::Call(&trunkline_call::CallEvent::Answered));
    stage.run(3_000);
    assert_heard_in_time(&stage, 0);
}

#[test]
fn everything_dead_at_once_is_still_no_dead_line() {
    let mut stage = Stage::new(silent_start());
    (stage.speech, stage.language) = ([Does::Hangs].into(), [Does::Hangs].into());
    stage.voices = Voices::Hang;
    stage.line.speaks(800);
    stage.run(800);
    let last_word = stage.ms();
    stage.run(4_000);
    assert_heard_in_time(&stage, last_word);
}

#[test]
fn half_a_sentence_is_followed_by_the_next() {
    let (mut stage, _) = asked(silent_start());
    stage.voices = Voices::Break;
    stage.language = [Does::Says(40, "We open at nine. We close at five.")].into();
    stage.run(2_000);
    stage.run_until_silent();
    let halves = (voice_ms("We open at nine.") + voice_ms("We close at five.")) / 2;
    let heard = stage
        .line
        .wire
        .iter()
        .filter(|sample| **sample != 0)
        .count() as u64
        / 16;
    assert_eq!(heard, halves);
}

#[test]
fn a_third_failure_in_a_row_ends_the_call_with_a_word() {
    let mut stage = Stage::new(silent_start());
    for _ in 0..3 {
        stage.speech = [Does::Says(60, "Hello?")].into();
        stage.language = [Does::Fails(40)].into();
        stage.line.speaks(600);
        stage.run(1_500);
        stage.run_until_silent();
    }
    let phrases = Settings::default().phrases;
    assert_eq!(stage.said().last(), Some(&phrases.failure));
    stage.run_until("the end", |stage| stage.line.hung_up.is_some());
    assert_eq!(stage.line.hung_up, Some(HangupCause::Error));
    let (last, end) = (stage.line.last_sound().unwrap(), stage.times("hangup")[0]);
    assert!((last..last + 60).contains(&end), "{last}, {end}");
}

#[test]
fn one_that_works_again_is_forgiven() {
    let mut stage = Stage::new(silent_start());
    for does in [
        Does::Fails(40),
        Does::Fails(40),
        Does::Says(40, "Yes?"),
        Does::Fails(40),
        Does::Fails(40),
    ] {
        stage.speech = [Does::Says(60, "Hello?")].into();
        stage.language = [does].into();
        stage.line.speaks(600);
        stage.run(1_500);
        stage.run_until_silent();
    }
    assert_eq!(stage.line.hung_up, None);
    assert!(!stage.said().contains(&Settings::default().phrases.failure));
}
