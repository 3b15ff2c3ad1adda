//! What a call is like whose engine hears, thinks and speaks.

mod stage;

use std::time::Duration;

use serde_json::json;
use trunkline_call::{CallEvent, Digit, FRAME_SAMPLES, HangupCause, Target};

use super::{Ask, Event, Input};
use crate::settings::{Phrases, ToolSpec};
use crate::{Engine, Note, Settings};
use stage::{Stage, call, say, silent_start};

#[test]
fn the_caller_is_greeted_once_the_engine_listens_and_heard_from_then_on() {
    let mut stage = Stage::before_session(Settings::default());
    stage.run(400);
    assert_eq!((stage.opened.len(), stage.sound_sent), (1, 0));
    assert_eq!(stage.opened[0], Settings::default().prompt);
    stage.happens(Event::Ready);
    assert_eq!(stage.asked, [say("Hello, how can I help you?")]);
    stage.answers("a", 1_000);
    stage.happens(Event::Done);
    stage.run(2_000);
    assert_eq!(stage.sound_sent, 100 * FRAME_SAMPLES);
    assert_eq!(
        stage.line.wire.iter().filter(|s| **s == 900).count(),
        16_000
    );
    assert!(
        stage.commands.starts_with(&["answer", "play", "mark"]),
        "{:?}",
        stage.commands
    );
    assert_eq!(stage.asked.len(), 1, "greeted once");
}

#[test]
fn an_interruption_is_silence_at_once_and_the_engine_is_told_what_was_heard() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 3_000);
    stage.run(1_000);
    stage.line.speaks(600);
    stage.run(160);
    assert!(
        stage.line.paused,
        "silent before the engine has heard anybody"
    );
    stage.happens(Event::Interrupted);
    let Some(Ask::Heard { item, ms }) = stage.asked.pop() else {
        panic!("{:?}", stage.asked)
    };
    assert_eq!(item, "a");
    assert_eq!(ms, stage.line.played / 16);
    assert!((1_000..1_200).contains(&ms), "{ms}");
    assert!(stage.notes.contains(&Note::Interrupted) && !stage.line.paused);
    // What was on its way of it is not heard any more; what is new is.
    stage.answers("a", 500);
    stage.run(1_000);
    assert_eq!(stage.line.played / 16, ms);
    stage.answers("b", 500);
    stage.run(1_000);
    assert_eq!(stage.line.played / 16, ms + 500);
}

#[test]
fn a_noise_that_the_engine_does_not_hear_interrupts_for_a_moment_only() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 3_000);
    stage.run(1_000);
    stage.line.speaks(1_000);
    stage.run(4_000);
    assert!(stage.notes.contains(&Note::WentOn));
    assert_eq!(stage.line.played / 16, 3_000, "all of it was heard");
    assert_eq!(stage.asked, []);
}

#[test]
fn without_barge_in_a_caller_is_not_heard_while_the_engine_speaks() {
    let settings = Settings {
        barge_in: false,
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.answers("a", 2_000);
    stage.run(500);
    stage.line.speaks(800);
    stage.happens(Event::Interrupted);
    stage.run(3_000);
    assert_eq!(stage.line.played / 16, 2_000);
    assert!(!stage.commands.contains(&"pause") && !stage.commands.contains(&"clear"));
}

#[test]
fn the_call_ends_once_the_goodbye_was_heard() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 1_000);
    stage.calls("hang_up");
    stage.happens(Event::Done);
    stage.run(900);
    assert_eq!(stage.line.hung_up, None);
    stage.run(400);
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
    assert_eq!(stage.asked, [], "the goodbye was said");
}

#[test]
fn an_engine_that_hangs_up_without_a_word_is_asked_for_one_and_a_silent_one_spoken_for() {
    let mut stage = Stage::new(silent_start());
    stage.calls("hang_up");
    stage.happens(Event::Done);
    assert!(matches!(&stage.asked[..], [Ask::Results(results)] if results[0].0.name == "hang_up"));
    stage.answers("b", 1_000);
    stage.happens(Event::Done);
    stage.run(1_500);
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
    let mut stage = Stage::new(silent_start());
    stage.calls("hang_up");
    stage.run(6_000);
    assert_eq!(stage.stood_in, [Phrases::default().farewell]);
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
}

#[test]
fn a_caller_who_speaks_into_the_goodbye_keeps_the_call() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 1_000);
    stage.calls("hang_up");
    stage.run(400);
    stage.happens(Event::Interrupted);
    stage.run(2_000);
    assert_eq!(stage.line.hung_up, None);
    let results = stage
        .asked
        .iter()
        .find(|ask| matches!(ask, Ask::Results(_)));
    assert!(
        results.is_some(),
        "an engine may wait for it: {:?}",
        stage.asked
    );
}

#[test]
fn functions_are_carried_out_and_their_results_told_together() {
    let settings = Settings {
        transfers: vec![(
            "sales".to_owned(),
            Target::new("sip:s@h").expect("a target"),
        )],
        tools: vec![ToolSpec {
            name: "price".to_owned(),
            description: String::new(),
            parameters: json!({}),
        }],
        ..silent_start()
    };
    let mut stage = Stage::new(settings.clone());
    let (price, unknown) = (call("price"), call("nothing"));
    stage.happens(Event::Calls(vec![
        price.clone(),
        unknown,
        call("press_keys"),
    ]));
    assert_eq!(stage.asked, [], "one of them is at work");
    let (job, _) = stage.used[0].clone();
    let result = "2 EUR".to_owned();
    stage.tell(Input::ToolResult { job, result });
    let Ask::Results(results) = &stage.asked[0] else {
        panic!("{:?}", stage.asked)
    };
    let texts: Vec<&str> = results.iter().map(|(_, result)| result.as_str()).collect();
    assert_eq!(
        texts,
        ["error: there is no such function", "pressed", "2 EUR"]
    );
    assert_eq!(
        stage
            .commands
            .iter()
            .filter(|it| **it == "sendDtmf")
            .count(),
        3
    );
    // A function that fails or is void is told of, or forgotten.
    stage.happens(Event::Calls(vec![price.clone()]));
    stage.run(11_000);
    assert!(matches!(&stage.asked[1], Ask::Results(results) if results[0].1.starts_with("error")));
    stage.happens(Event::Calls(vec![price]));
    stage.happens(Event::CallsVoid(vec!["c1".to_owned()]));
    let (job, result) = (stage.used[2].0, String::new());
    stage.tell(Input::ToolResult { job, result });
    assert_eq!(stage.asked.len(), 2);
    stage.answers("a", 500);
    stage.calls("transfer");
    stage.run(1_000);
    assert!(stage.commands.contains(&"transfer"), "{:?}", stage.commands);
}

#[test]
fn an_engine_that_only_calls_functions_is_told_so() {
    let mut stage = Stage::new(silent_start());
    for _ in 0..6 {
        stage.calls("press_keys");
    }
    let Some(Ask::Results(results)) = stage.asked.last() else {
        panic!("{:?}", stage.asked)
    };
    assert!(results[0].1.contains("too many"), "{results:?}");
}

#[test]
fn whoever_waits_for_a_silent_engine_hears_something_within_3_s() {
    for has_voice in [true, false] {
        for is_heard in [true, false] {
            let mut stage = Stage::new(silent_start());
            stage.has_voice = has_voice;
            stage.line.speaks(1_000);
            stage.run(200);
            if is_heard {
                stage.happens(Event::Interrupted);
            }
            stage.run(5_000);
            let heard = stage.line.first_sound_after(1_000).expect("a sound");
            assert!(heard <= 4_000, "{heard} {has_voice} {is_heard}");
            let said = [Phrases::default().wait];
            assert_eq!(stage.stood_in == said, is_heard, "a noise is not spoken to");
        }
    }
}

#[test]
fn an_answer_that_comes_drops_what_the_voice_has_not_begun_to_say() {
    let mut stage = Stage::new(silent_start());
    stage.line.speaks(1_000);
    stage.run(200);
    stage.happens(Event::Interrupted);
    while stage.stood_in.is_empty() {
        stage.step();
    }
    stage.answers("a", 500);
    stage.run(1_000);
    assert_eq!(stage.line.played, 8_000);
    let answers = stage
        .notes
        .iter()
        .find(|note| matches!(note, Note::Answers { .. }));
    assert!(answers.is_some(), "{:?}", stage.notes);
}

#[test]
fn a_session_that_is_lost_is_opened_again_and_knows_what_was_said() {
    let mut stage = Stage::new(Settings::default());
    stage.answers("a", 1_000);
    stage.happens(Event::Said("Hello!".to_owned()));
    stage.happens(Event::Done);
    stage.run(1_500);
    stage.happens(Event::CallerSaid("A table, please.".to_owned()));
    stage.answers("b", 200);
    stage.tell(Input::Lost("it broke".to_owned()));
    assert_eq!(stage.opened.len(), 2, "at once");
    assert!(stage.opened[1].ends_with("\nYou: Hello!\nCaller: A table, please."));
    stage.answers("b", 500);
    stage.run(100);
    stage.happens(Event::Ready);
    assert_eq!(stage.asked.last(), Some(&say(&Phrases::default().sorry)));
    stage.run(500);
    assert_eq!(
        stage.line.played / 16,
        1_200,
        "of the old session nothing more is heard"
    );
    let why = "it broke".to_owned();
    let engine = Engine::Realtime;
    assert!(stage.notes.contains(&Note::Failed { engine, why }));
}

#[test]
fn an_engine_that_cannot_be_had_is_apologised_for_and_the_call_ends() {
    for has_voice in [true, false] {
        let mut stage = Stage::before_session(Settings::default());
        stage.has_voice = has_voice;
        while stage.line.hung_up.is_none() {
            stage.tell(Input::Lost("nobody is there".to_owned()));
            stage.run(500);
            assert!(stage.ms() < 20_000);
        }
        assert_eq!(stage.opened.len(), 3);
        assert_eq!(stage.stood_in.last(), Some(&Phrases::default().failure));
        assert_eq!(stage.line.hung_up, Some(HangupCause::Error));
        let heard = stage.line.first_sound_after(0).expect("a sound");
        assert!(heard < 3_000, "{heard}");
    }
}

#[test]
fn a_session_that_never_listens_or_stops_to_answer_is_replaced() {
    let mut stage = Stage::before_session(silent_start());
    stage.run(6_500);
    assert_eq!(stage.opened.len(), 2);
    stage.happens(Event::Ready);
    stage.line.speaks(1_000);
    stage.happens(Event::Hears);
    stage.run(1_000);
    stage.happens(Event::Hears);
    stage.run(20_000);
    assert_eq!(stage.opened.len(), 3);
}

#[test]
fn an_engine_without_an_answer_is_apologised_for() {
    let mut stage = Stage::new(silent_start());
    stage.happens(Event::NoAnswer("rate limit".to_owned()));
    assert_eq!(stage.stood_in, [Phrases::default().sorry]);
    stage.run(500);
    stage.happens(Event::NoAnswer("rate limit".to_owned()));
    stage.happens(Event::NoAnswer("rate limit".to_owned()));
    stage.run(20_000);
    assert_eq!(stage.line.hung_up, Some(HangupCause::Error));
}

#[test]
fn keys_are_told_as_one_entry_and_silence_us() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 3_000);
    stage.run(500);
    for key in ['1', '2', '#'] {
        let (digit, duration_ms) = (Digit::from_char(key).expect("a key"), 100);
        stage.tell(Input::Call(&CallEvent::Dtmf { digit, duration_ms }));
    }
    let did = Ask::Did("[keys pressed: 12#]".to_owned());
    assert!(stage.asked.contains(&did), "{:?}", stage.asked);
    assert!(stage.commands.contains(&"clear"));
}

#[test]
fn a_silent_line_is_asked_after_and_left() {
    let mut stage = Stage::new(silent_start());
    let phrases = Phrases::default();
    for (phrase, item) in [
        (&phrases.silence, "a"),
        (&phrases.silence, "b"),
        (&phrases.farewell, "c"),
    ] {
        stage.run(10_700);
        assert_eq!(stage.asked.last(), Some(&say(phrase)));
        stage.answers(item, 500);
        stage.happens(Event::Done);
    }
    stage.run(1_000);
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
}

#[test]
fn a_long_call_ends_with_a_goodbye() {
    let settings = Settings {
        longest: Duration::from_secs(5),
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.run(5_100);
    assert_eq!(stage.asked, [say(&Phrases::default().farewell)]);
    stage.answers("a", 500);
    stage.happens(Event::Done);
    stage.run(1_000);
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
}
