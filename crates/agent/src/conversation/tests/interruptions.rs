use super::stage::*;
use super::voices::*;
use crate::{Message, Note, Settings};

const LONG: &str = "Our opening hours are from nine in the morning until five in the afternoon.";

/// We are in the middle of a long sentence, which began at this time.
fn speaking() -> (Stage, u64) {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "When do you open?")].into();
    stage.language = [Does::Says(40, LONG)].into();
    stage.line.speaks(600);
    let began = stage.run_until("an answer", |stage| stage.line.last_sound().is_some());
    stage.run(1_500);
    (stage, began)
}

#[test]
fn speech_silences_us_at_once_and_the_answer_is_taken_back() {
    let (mut stage, _) = speaking();
    stage.speech = [Does::Says(60, "No, on Sundays.")].into();
    stage.language = [Does::Says(40, "Closed.")].into();
    let onset = stage.ms();
    stage.line.speaks(1_500);
    stage.run(1_500);
    let silent = stage.line.last_sound().unwrap();
    assert!(
        silent <= onset + 60,
        "{} ms after the onset",
        silent - onset
    );
    assert!(stage.has(&Note::Interrupted));
    stage.run_until_said("Closed.");
}

#[test]
fn the_model_is_told_what_was_heard_of_it_and_no_more() {
    let (mut stage, began) = speaking();
    stage.speech = [Does::Says(60, "And on Sundays?")].into();
    stage.language = [Does::Says(40, "Closed.")].into();
    let heard_ms = stage.ms() - began;
    stage.line.speaks(900);
    stage.run_until_said("Closed.");
    let asked = &stage.asked[1];
    let Message::Assistant { said, .. } = &asked[2] else {
        panic!("{asked:?}");
    };
    assert!(LONG.starts_with(said.as_str()), "{said}");
    // 60 ms a byte; a word that was begun is not counted, and 60 ms pass until we are silent.
    let most = (heard_ms + 100) / 60;
    let least = (heard_ms - 100) / 60 - "afternoon.".len() as u64;
    assert!(
        (least..=most).contains(&(said.len() as u64)),
        "{said}: {least} to {most}"
    );
    assert_eq!(asked[3], user("And on Sundays?"));
}

#[test]
fn we_go_on_where_we_stopped_after_a_backchannel() {
    let (mut stage, began) = speaking();
    stage.speech = [Does::Says(60, "Mm-hmm.")].into();
    let onset = stage.ms();
    stage.line.speaks(300);
    stage.run_until_silent();
    assert!(stage.has(&Note::WentOn) && !stage.has(&Note::Interrupted));
    assert_eq!(
        (
            stage.count("pause"),
            stage.count("continue"),
            stage.count("clear")
        ),
        (1, 1, 0)
    );
    let wire: Vec<i16> = stage
        .line
        .wire
        .iter()
        .copied()
        .filter(|sample| *sample != 0)
        .collect();
    assert_eq!(wire, voice(LONG), "every sample of it was heard once");
    let pause = stage.line.last_sound().unwrap() - began - voice_ms(LONG);
    // From 40 ms after the onset, over 300 ms of "mm-hmm" and 200 ms of silence, to its transcript.
    assert!((300..=620).contains(&pause), "{pause} ms from {onset}");
    assert_eq!(stage.asked.len(), 1);
}

#[test]
fn we_go_on_after_a_cough_without_asking_what_it_was() {
    let (mut stage, _) = speaking();
    let before = stage.transcribed;
    stage.line.speaks(100);
    stage.run_until_silent();
    assert_eq!(stage.transcribed, before);
    let wire: Vec<i16> = stage
        .line
        .wire
        .iter()
        .copied()
        .filter(|sample| *sample != 0)
        .collect();
    assert_eq!(wire, voice(LONG));
}

#[test]
fn stop_is_short_and_means_it() {
    let (mut stage, _) = speaking();
    stage.speech = [Does::Says(60, "Stop.")].into();
    stage.language = [Does::Says(40, "Okay.")].into();
    stage.line.speaks(350);
    stage.run_until_said("Okay.");
    assert!(stage.has(&Note::Interrupted));
}

#[test]
fn yes_in_our_last_words_is_an_answer() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "A table."), Does::Says(60, "Yes.")].into();
    stage.language = [Does::Says(40, "For two?"), Does::Says(40, "Done.")].into();
    stage.line.speaks(600);
    stage.run_until("an answer", |stage| stage.line.last_sound().is_some());
    stage.run(voice_ms("For two?") - 200);
    stage.line.speaks(400);
    stage.run_until_said("Done.");
    assert_eq!(stage.asked[1].last(), Some(&user("Yes.")));
}

#[test]
fn a_caller_who_goes_on_before_we_were_heard_said_one_thing() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "I would like"), Does::Says(60, "a table.")].into();
    stage.language = [
        Does::Says(700, "What would you like?"),
        Does::Says(40, "For two?"),
    ]
    .into();
    stage.line.speaks(600);
    stage.line.pauses(700);
    stage.line.speaks(900);
    stage.run_until_said("For two?");
    assert_eq!(stage.asked[1][1..], [user("I would like a table.")]);
    let heard = stage.run_until("a sound", |stage| stage.line.last_sound().is_some());
    assert!(heard > 2_200, "before they had said all: {heard}");
}

#[test]
fn without_barge_in_we_finish_and_then_answer() {
    let settings = Settings {
        barge_in: false,
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.speech = [Does::Says(60, "Hours?"), Does::Says(60, "And Sundays?")].into();
    stage.language = [Does::Says(40, LONG), Does::Says(40, "Closed.")].into();
    stage.line.speaks(600);
    stage.run_until("an answer", |stage| stage.line.last_sound().is_some());
    stage.run(500);
    stage.line.speaks(900);
    stage.run_until_said("Closed.");
    stage.run_until_silent();
    assert_eq!((stage.count("pause"), stage.count("clear")), (0, 0));
    let wire: Vec<i16> = stage
        .line
        .wire
        .iter()
        .copied()
        .filter(|sample| *sample != 0)
        .collect();
    assert_eq!(wire, [voice(LONG), voice("Closed.")].concat());
}
