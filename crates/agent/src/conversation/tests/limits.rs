//! What a caller, an engine or a function may say at once.

use super::super::functions::TOOL_RESULT_BYTES_MAX;
use super::super::mouth::SENTENCES_MAX;
use super::stage::*;
use super::voices::*;
use crate::conversation::{KEYS_MAX, REPLY_BYTES_MAX, TRANSCRIPT_BYTES_MAX};
use crate::{Input, Message, Settings, ToolSpec};
use serde_json::json;

/// So many copies of a text; tests hold their engines' words for as long as they run.
fn many(text: &str, count: usize) -> &'static str {
    text.repeat(count).leak()
}

#[test]
fn a_transcript_that_is_too_long_is_cut() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, many("word ", 2_000))].into();
    stage.line.speaks(600);
    stage.run(1_400);
    let Some(Message::User(heard)) = stage.asked[0].last() else {
        panic!("{:?}", stage.asked)
    };
    assert!(heard.starts_with("word word"), "{heard}");
    assert_eq!(heard.len(), TRANSCRIPT_BYTES_MAX);
}

#[test]
fn an_entry_of_keys_is_complete_with_its_last_one() {
    let mut stage = Stage::new(silent_start());
    stage.presses(&"5".repeat(KEYS_MAX - 1));
    assert_eq!(stage.asked.len(), 0, "one more may come");
    stage.presses("5");
    let entry = format!("[keys pressed: {}]", "5".repeat(KEYS_MAX));
    assert_eq!(stage.asked[0].last(), Some(&user(&entry)));
}

#[test]
fn an_answer_that_does_not_end_is_said_as_far_as_its_limit() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "Tell me all.")].into();
    let endless = many("This goes on and on and on and on. ", 100);
    stage.language = [Does::Says(40, endless)].into();
    stage.line.speaks(600);
    stage.run(20_000);
    let said: usize = stage.said().iter().map(String::len).sum();
    assert!(
        (REPLY_BYTES_MAX - 100..=REPLY_BYTES_MAX).contains(&said),
        "{said}"
    );
    assert_eq!(stage.cancelled.len(), 1, "the model is not listened to");
}

#[test]
fn of_very_many_sentences_the_first_are_said() {
    let mut stage = Stage::new(silent_start());
    stage.voices = Voices::Hang;
    stage.speech = [Does::Says(60, "Tell me all.")].into();
    stage.language = [Does::Says(0, many("Yes. ", 150))].into();
    stage.line.speaks(600);
    stage.run(5_500);
    assert_eq!(stage.said().len(), SENTENCES_MAX);
}

#[test]
fn a_functions_result_that_is_too_long_is_cut() {
    let mut stage = Stage::new(Settings {
        tools: vec![ToolSpec {
            name: "price".to_owned(),
            description: "Of an article.".to_owned(),
            parameters: json!({"type": "object"}),
        }],
        ..silent_start()
    });
    stage.speech = [Does::Says(60, "How much is it?")].into();
    let asks = Does::Calls(40, "", "price", nothing());
    stage.language = [asks, Does::Hangs].into();
    stage.line.speaks(600);
    stage.run(1_400);
    let job = stage.used[0].0;
    // Of two bytes each, so that the limit is in none.
    let result = "é".repeat(TOOL_RESULT_BYTES_MAX);
    stage.tell(Input::ToolResult { job, result });
    let Some(Message::Tool { result, .. }) = stage.asked[1].last() else {
        panic!("{:?}", stage.asked[1])
    };
    assert_eq!(result.len(), TOOL_RESULT_BYTES_MAX);
}
