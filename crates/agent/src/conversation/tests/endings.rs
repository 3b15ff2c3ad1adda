use super::stage::*;
use super::voices::*;
use crate::{Engine, Input, Message, Note, Settings, ToolSpec};
use serde_json::json;
use std::time::Duration;
use trunkline_call::{CallEvent, HangupCause, Target, TransferOutcome};

/// The caller asks, and the model does this.
fn asked(settings: Settings, does: Does) -> Stage {
    asked_and_then(settings, does, Does::Hangs)
}

/// The same, and that when it is asked again.
fn asked_and_then(settings: Settings, does: Does, then: Does) -> Stage {
    let mut stage = Stage::new(settings);
    stage.speech = [Does::Says(60, "Please.")].into();
    stage.language = [does, then].into();
    stage.line.speaks(600);
    stage.run(1_400);
    stage
}

fn with_transfer() -> Settings {
    let target = Target::new("sip:sales@pbx.example.com").expect("a target");
    Settings {
        transfers: vec![("sales".to_owned(), target)],
        ..silent_start()
    }
}

fn with_tool() -> Settings {
    Settings {
        tools: vec![ToolSpec {
            name: "price".to_owned(),
            description: "Of an article.".to_owned(),
            parameters: json!({"type": "object"}),
        }],
        ..silent_start()
    }
}

#[test]
fn the_call_ends_when_goodbye_was_heard() {
    let mut stage = asked(
        silent_start(),
        Does::Calls(40, "Goodbye then!", "hang_up", nothing()),
    );
    stage.run_until("the end", |stage| stage.line.hung_up.is_some());
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
    assert_eq!(stage.said(), ["Goodbye then!"]);
    let last = stage.line.last_sound().unwrap();
    assert!(stage.ms() - last <= 60, "{last} to {}", stage.ms());
    let heard = stage
        .line
        .wire
        .iter()
        .filter(|sample| **sample != 0)
        .count() as u64
        / 16;
    assert_eq!(heard, voice_ms("Goodbye then!"));
}

#[test]
fn a_model_that_hangs_up_without_a_word_says_goodbye_all_the_same() {
    let mut stage = asked(silent_start(), Does::Calls(40, "", "hang_up", nothing()));
    stage.run_until("the end", |stage| stage.line.hung_up.is_some());
    assert_eq!(stage.said(), [Settings::default().phrases.farewell]);
}

#[test]
fn a_caller_who_has_something_to_add_is_not_hung_up_on() {
    let goodbye = "Thank you very much for calling us today, goodbye!";
    let mut stage = asked(
        silent_start(),
        Does::Calls(40, goodbye, "hang_up", nothing()),
    );
    stage.run_until("goodbye", |stage| stage.line.last_sound().is_some());
    stage.run(600);
    stage.speech = [Does::Says(60, "Wait, one more thing.")].into();
    stage.language = [Does::Says(40, "Yes?")].into();
    stage.line.speaks(900);
    stage.run_until_said("Yes?");
    stage.run(3_000);
    assert_eq!(stage.line.hung_up, None);
}

#[test]
fn a_caller_is_handed_over_once_that_was_said() {
    let arguments = json!({"to": "Sales"});
    let mut stage = asked(with_transfer(), Does::Calls(40, "", "transfer", arguments));
    assert_eq!(stage.count("transfer"), 0);
    stage.run_until("the transfer", |stage| stage.count("transfer") == 1);
    assert_eq!(stage.said(), [Settings::default().phrases.hand_over]);
    // While it lasts nobody is asked whether they are still there.
    stage.run(40_000);
    assert_eq!(stage.said().len(), 1);
    let code = 486;
    let text = "Busy Here".to_owned();
    let outcome = TransferOutcome { code, text };
    stage.tell(Input::Call(&CallEvent::Transferred(outcome)));
    assert!(stage.has(&Note::NotTransferred("486 Busy Here".to_owned())));
    assert_eq!(
        stage.said().last(),
        Some(&Settings::default().phrases.not_reached)
    );
}

#[test]
fn nobody_is_handed_over_to_whom_the_settings_do_not_name() {
    let arguments = json!({"to": "+19005551234"});
    let calls = Does::Calls(40, "", "transfer", arguments);
    let then = Does::Says(40, "I cannot do that.");
    let mut stage = asked_and_then(with_transfer(), calls, then);
    stage.run_until_said("I cannot do that.");
    assert_eq!(stage.count("transfer"), 0);
    let result = stage.asked[1].last();
    let told = matches!(result, Some(Message::Tool { result, .. }) if result.contains("sales"));
    assert!(told, "{result:?}");
}

#[test]
fn a_function_is_called_and_its_result_is_told_to_the_model() {
    let arguments = json!({"article": "tea"});
    let does = Does::Calls(40, "Let me look.", "price", arguments.clone());
    let mut stage = asked(with_tool(), does);
    stage.run_until("the function", |stage| !stage.used.is_empty());
    let (job, call) = stage.used[0].clone();
    assert_eq!((call.name.as_str(), &call.arguments), ("price", &arguments));
    stage.language = [Does::Says(40, "Two euros.")].into();
    let result = "2 EUR".to_owned();
    stage.tell(Input::ToolResult { job, result });
    let [
        ..,
        Message::Assistant { said, calls },
        Message::Tool { id, result, .. },
    ] = stage.asked[1].as_slice()
    else {
        panic!("{:?}", stage.asked[1]);
    };
    assert_eq!((said.as_str(), calls.len()), ("Let me look.", 1));
    assert_eq!((id, result.as_str()), (&calls[0].id, "2 EUR"));
    stage.run_until_said("Two euros.");
}

#[test]
fn a_function_that_fails_or_hangs_is_told_of_to_the_model() {
    for hangs in [false, true] {
        let mut stage = asked(with_tool(), Does::Calls(40, "", "price", nothing()));
        stage.language = [Does::Says(40, "I cannot look it up.")].into();
        let (job, _) = stage.used[0].clone();
        if !hangs {
            stage.fail(job);
        }
        stage.run_until_said("I cannot look it up.");
        assert_eq!(stage.failed(Engine::Tool), 1);
    }
}

#[test]
fn a_model_that_only_calls_functions_is_stopped() {
    let calls = Does::Calls(20, "", "price", nothing());
    let mut stage = asked(with_tool(), calls.clone());
    for _ in 0..20 {
        stage.language = [calls.clone()].into();
        let used = stage.used.len();
        if let Some((job, _)) = stage.used.last().cloned() {
            let result = "2".to_owned();
            stage.tell(Input::ToolResult { job, result });
        }
        stage.run(100);
        if stage.used.len() == used {
            break;
        }
    }
    assert_eq!(
        stage.used.len(),
        crate::conversation::TOOL_ROUNDS_MAX as usize
    );
    assert_eq!(stage.said(), [Settings::default().phrases.sorry]);
}

#[test]
fn keys_are_pressed_for_the_model() {
    let arguments = json!({"keys": "1 2#"});
    let mut stage = asked(
        silent_start(),
        Does::Calls(40, "Done.", "press_keys", arguments),
    );
    stage.run_until_silent();
    assert_eq!(stage.count("sendDtmf"), 3);
    let mut stage = asked(
        silent_start(),
        Does::Calls(40, "", "press_keys", json!({"keys": "x"})),
    );
    stage.run(200);
    assert_eq!(stage.count("sendDtmf"), 0);
    assert_eq!(stage.asked.len(), 2, "it is told what is wrong");
}

#[test]
fn who_says_nothing_is_asked_and_then_left() {
    let mut stage = Stage::new(Settings::default());
    stage.run_until("the end", |stage| stage.line.hung_up.is_some());
    let Settings {
        greeting, phrases, ..
    } = Settings::default();
    let said = [
        greeting,
        phrases.silence.clone(),
        phrases.silence,
        phrases.farewell,
    ];
    assert_eq!(stage.said(), said);
    assert!(stage.ms() > 30_000, "{}", stage.ms());
    assert_eq!(stage.line.hung_up, Some(HangupCause::Normal));
}

#[test]
fn who_answers_the_question_is_not_left() {
    let mut stage = Stage::new(Settings::default());
    for _ in 0..4 {
        let before = stage.said().len();
        stage.run_until("the question", |stage| stage.said().len() > before);
        stage.run_until_silent();
        stage.speech = [Does::Says(60, "Yes, I am looking for it.")].into();
        stage.language = [Does::Says(40, "Take your time.")].into();
        stage.line.speaks(600);
        stage.run(1_500);
        stage.run_until_silent();
    }
    assert_eq!(stage.line.hung_up, None);
}

#[test]
fn a_caller_on_hold_is_not_asked_for() {
    let mut stage = Stage::new(silent_start());
    stage.tell(Input::Call(&CallEvent::Held));
    stage.run(50_000);
    assert_eq!(stage.said(), Vec::<String>::new());
    stage.tell(Input::Call(&CallEvent::Resumed));
    stage.run(11_000);
    assert_eq!(stage.said().len(), 1);
}

#[test]
fn a_long_call_ends_with_a_word_whatever_the_caller_says() {
    let settings = Settings {
        longest: Duration::from_secs(5),
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.run(4_500);
    stage.line.speaks(9_000);
    stage.run_until("the end", |stage| stage.line.hung_up.is_some());
    let farewell = Settings::default().phrases.farewell;
    assert_eq!(stage.said(), std::slice::from_ref(&farewell));
    let spoken = voice_ms(&farewell);
    assert!(
        (5_000 + spoken..5_400 + spoken).contains(&stage.ms()),
        "{}",
        stage.ms()
    );
}
