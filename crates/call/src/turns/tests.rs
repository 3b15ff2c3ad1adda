use super::{TURNS_KEPT_MAX, TurnTimer};
use crate::FRAME_SAMPLES;

/// Plays a conversation: a character a frame, `c` the caller speaks, `o` we sound, `b` both.
fn waits(talk: &str) -> Vec<u32> {
    let mut timer = TurnTimer::default();
    for (frame, who) in talk.chars().enumerate() {
        let at = (frame * FRAME_SAMPLES) as u64;
        timer.caller(at, matches!(who, 'c' | 'b'));
        timer.ours(at, matches!(who, 'o' | 'b'));
    }
    timer.turns().each_ms().to_vec()
}

#[test]
fn a_wait_runs_from_the_last_word_to_our_first_sound() {
    assert_eq!(waits("cccccccc..........ooo"), [200]);
    assert_eq!(waits("ccccccccoo"), [0]);
    assert_eq!(
        waits("cccccc....cccc.....ooo"),
        [100],
        "a caller who goes on has not finished"
    );
}

#[test]
fn a_greeting_and_our_own_pauses_are_no_answers() {
    assert!(waits("....ooooo").is_empty());
    assert_eq!(waits("cccccc.....oooo.....oooo.........ooo"), [100]);
}

#[test]
fn a_click_is_no_turn() {
    assert!(waits("cccc.....ooo").is_empty());
}

#[test]
fn talking_over_the_caller_is_no_answer() {
    assert!(waits("ccccccccbbbbbbcccccc").is_empty());
}

#[test]
fn an_interrupted_application_is_timed_when_it_speaks_again() {
    assert_eq!(
        waits("oooooobbbccccccc..........................ooo"),
        [520]
    );
}

#[test]
fn each_turn_is_timed_by_itself() {
    assert_eq!(
        waits(&"cccccc.....oooooo...............".repeat(3)),
        [100, 100, 100]
    );
}

#[test]
fn the_figures_are_those_of_the_waits() {
    let mut timer = TurnTimer::default();
    assert_eq!(
        (timer.turns().median_ms(), timer.turns().max_ms()),
        (None, None)
    );
    let mut at = 0;
    for turn in 0..TURNS_KEPT_MAX as u64 + 10 {
        for _ in 0..5 {
            timer.caller(at, true);
            at += 320;
        }
        at += (turn % 5) * 16_000; // 0 to 4 s
        timer.ours(at, true);
        at += 8_000;
    }
    let turns = timer.turns();
    assert_eq!(
        (turns.count(), turns.each_ms().len()),
        (210, TURNS_KEPT_MAX)
    );
    assert_eq!(
        (turns.median_ms(), turns.max_ms()),
        (Some(2_000), Some(4_000))
    );
}
