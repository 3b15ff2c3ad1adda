use super::stage::*;
use super::voices::*;
use crate::{Input, Note, Output, Settings};
use trunkline_call::{CallCommand, CallEvent, Direction, EndReason};

#[test]
fn the_call_is_answered_and_the_greeting_is_heard_first() {
    let mut stage = Stage::before_answer(Settings::default());
    assert_eq!(stage.commands, [(0, "answer".to_owned())]);
    stage.run(200);
    assert_eq!(stage.said(), Vec::<String>::new(), "nobody hears it yet");
    stage.tell(Input::Call(&CallEvent::Answered));
    stage.run_until_silent();
    assert_eq!(stage.said(), ["Hello, how can I help you?"]);
    assert_eq!(stage.line.first_sound_after(0), Some(240));
}

#[test]
fn a_call_of_ours_is_not_answered_by_us() {
    let settings = std::sync::Arc::new(Settings::default());
    let mut talk = crate::Conversation::new(settings, Direction::Outbound);
    assert_ne!(talk.poll_output(), Output::Call(CallCommand::Answer));
}

#[test]
fn an_answer_is_thought_of_while_its_first_sentence_is_spoken() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(150, "When do you open?")].into();
    stage.language = [Does::Says(100, "We open at nine. We close at five.")].into();
    stage.line.speaks(1_000);
    stage.run(1_000);
    stage.run_until_silent();
    // The last word was at 1,000; 500 ms later the turn was over, and the transcript long there.
    let heard = Note::Heard("When do you open?".to_owned());
    let turn = stage.notes.iter().find(|(_, note)| *note == heard);
    assert!(
        turn.is_some_and(|(at, _)| (1_480..=1_520).contains(at)),
        "{:?}",
        stage.notes
    );
    assert_eq!(stage.said(), ["We open at nine.", "We close at five."]);
    let first = stage.line.first_sound_after(0).unwrap();
    // 100 ms of thought, four words more until the sentence is whole, 40 ms until its voice.
    assert!(first <= 1_800, "{first}");
    let spoken = voice_ms("We open at nine.") + voice_ms("We close at five.");
    let last = stage.line.last_sound().unwrap();
    assert!(
        last - first < spoken + 40,
        "a gap: {first} to {last}, {spoken} ms of speech"
    );
    let after = stage.notes.iter().find_map(|(_, note)| match note {
        Note::Answers { after } => Some(after.as_millis()),
        _ => None,
    });
    assert!(
        after.is_some_and(|after| (600..=800).contains(&after)),
        "{after:?}"
    );
}

#[test]
fn a_pause_in_a_sentence_ends_no_turn_and_what_was_transcribed_of_it_is_dropped() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [
        Does::Says(60, "I would like"),
        Does::Says(60, "I would like a table."),
    ]
    .into();
    stage.language = [Does::Says(40, "For how many?")].into();
    stage.line.speaks(600);
    stage.line.pauses(350);
    stage.line.speaks(600);
    stage.run(1_600);
    stage.run_until_silent();
    assert_eq!(stage.transcribed, 2);
    assert_eq!(stage.asked.len(), 1);
    assert_eq!(stage.asked[0][1..], [user("I would like a table.")]);
}

#[test]
fn noise_and_silence_are_no_turn() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "[BLANK_AUDIO]")].into();
    stage.line.speaks(400);
    stage.run(3_000);
    // And a click.
    stage.line.speaks(30);
    stage.run(3_000);
    assert_eq!((stage.transcribed, stage.asked.len()), (1, 0));
    assert_eq!(stage.said(), Vec::<String>::new());
}

#[test]
fn yes_is_an_answer_when_we_are_silent() {
    let mut stage = Stage::new(Settings::default());
    stage.run(100);
    stage.run_until_silent();
    stage.speech = [Does::Says(60, "Yes.")].into();
    stage.language = [Does::Says(40, "Good.")].into();
    stage.line.speaks(400);
    stage.run(400);
    stage.run_until_silent();
    assert_eq!(
        stage.asked[0][1..],
        [assistant("Hello, how can I help you?"), user("Yes.")]
    );
}

#[test]
fn who_never_pauses_is_answered_after_half_a_minute() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "And then, and then")].into();
    stage.language = [Does::Says(40, "I see.")].into();
    for _ in 0..90 {
        stage.line.speaks(300);
        stage.line.pauses(100);
    }
    stage.run(29_000);
    assert_eq!(stage.transcribed, 0);
    stage.run(2_000);
    assert_eq!((stage.transcribed, stage.asked.len()), (1, 1));
}

#[test]
fn keys_are_one_entry_however_slowly_they_are_pressed() {
    let mut stage = Stage::new(silent_start());
    stage.language = [Does::Says(40, "Thank you."), Does::Says(40, "Thanks.")].into();
    stage.presses("12");
    stage.run(1_900);
    stage.presses("3");
    stage.run(1_900);
    assert!(stage.asked.is_empty());
    stage.run(200);
    assert_eq!(stage.asked[0][1..], [user("[keys pressed: 123]")]);
    stage.run_until_silent();
    stage.presses("99#");
    assert_eq!(stage.asked[1].last(), Some(&user("[keys pressed: 99#]")));
}

#[test]
fn a_key_silences_us() {
    let mut stage = Stage::new(Settings::default());
    stage.run(500);
    stage.presses("1");
    stage.run(60);
    let pressed = 500;
    assert!(
        stage.line.last_sound().unwrap() <= pressed + 20,
        "{:?}",
        stage.line.last_sound()
    );
}

#[test]
fn nothing_is_asked_after_the_end() {
    let mut stage = Stage::new(Settings::default());
    stage.run(300);
    let ended = CallEvent::Ended(EndReason::Remote);
    stage.tell(Input::Call(&ended));
    let commands = stage.commands.len();
    stage.line.speaks(2_000);
    stage.run(60_000);
    assert_eq!(stage.commands.len(), commands);
    assert_eq!(stage.talk.poll_output(), Output::Timeout(None));
}

#[test]
fn what_answers_no_order_of_ours_is_dropped() {
    let mut stage = Stage::new(silent_start());
    stage.speech = [Does::Says(60, "One."), Does::Says(60, "One two.")].into();
    stage.line.speaks(400);
    stage.run(640);
    let job = *stage.cancelled.first().unwrap_or(&crate::Job(1));
    for _ in 0..3 {
        let text = "intruder".to_owned();
        stage.tell(Input::Words { job, text });
        stage.tell(Input::Sound {
            job,
            samples: &[1; 320],
        });
        stage.tell(Input::Finished(job));
        let result = "x".to_owned();
        stage.tell(Input::ToolResult { job, result });
    }
    assert_eq!(stage.said(), Vec::<String>::new());
    assert_eq!(stage.line.last_sound(), None);
}

#[test]
fn a_pause_that_sounds_like_an_end_is_one_at_once() {
    let settings = Settings {
        judges_turns: true,
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.judgements = [Does::Says(60, "all")].into();
    stage.speech = [Does::Says(100, "When do you open?")].into();
    stage.language = [Does::Says(40, "At nine.")].into();
    stage.line.speaks(600);
    stage.run_until_said("At nine.");
    let heard = Note::Heard("When do you open?".to_owned());
    let turn = stage.notes.iter().find(|(_, note)| *note == heard);
    // 600 ms of speech, 200 ms until it is a pause, 100 ms until its words are known.
    assert!(turn.is_some_and(|(at, _)| *at <= 960), "{:?}", stage.notes);
}

#[test]
fn a_pause_that_sounds_like_none_waits_no_longer_than_without_a_judge() {
    for judgement in [
        Does::Says(60, "more"),
        Does::Fails(60),
        Does::Says(5_000, "all"),
    ] {
        let mut ends = Vec::new();
        for judges_turns in [false, true] {
            let settings = Settings {
                judges_turns,
                ..silent_start()
            };
            let mut stage = Stage::new(settings);
            stage.judgements = [judgement.clone()].into();
            stage.speech = [Does::Says(100, "When do you open?")].into();
            stage.language = [Does::Says(40, "At nine.")].into();
            stage.line.speaks(600);
            ends.push(stage.run_until_said("At nine."));
        }
        assert_eq!(ends[0], ends[1], "{judgement:?}");
    }
}

#[test]
fn what_was_judged_before_the_caller_went_on_counts_no_more() {
    let settings = Settings {
        judges_turns: true,
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    // Comes while they speak again.
    stage.judgements = [Does::Says(300, "all"), Does::Says(60, "all")].into();
    stage.speech = [Does::Says(60, "I would like"), Does::Says(60, "A table.")].into();
    stage.language = [Does::Says(40, "For two?")].into();
    stage.line.speaks(600);
    stage.line.pauses(350);
    stage.line.speaks(600);
    stage.run_until_said("For two?");
    assert_eq!(stage.asked[0][1..], [user("A table.")]);
}
