use super::{TURNS_KEPT_MAX, TurnTimer};
use crate::FRAME_SAMPLES;

/// 20 ms of a 200 Hz square wave, or silence.
fn sound(loud: bool) -> [i16; FRAME_SAMPLES] {
    let level = if loud { 5_000 } else { 0 };
    std::array::from_fn(|sample| if sample % 80 < 40 { level } else { -level })
}

#[derive(Default)]
struct Talk {
    timer: TurnTimer,
    frames: usize,
}

impl Talk {
    /// Plays a conversation: a character a frame, `c` the caller speaks, `o` we sound, `b` both.
    fn play(&mut self, talk: &str) {
        for who in talk.chars() {
            let at = (self.frames * FRAME_SAMPLES) as u64;
            self.timer.heard(at, &sound(matches!(who, 'c' | 'b')));
            self.timer.sent(at, &sound(matches!(who, 'o' | 'b')));
            self.frames += 1;
        }
    }
}

fn waits(talk: &str) -> Vec<u32> {
    let mut talking = Talk::default();
    talking.play(talk);
    talking.timer.turns().each_ms().to_vec()
}

#[test]
fn a_wait_runs_from_the_last_word_to_our_first_sound() {
    assert_eq!(waits("cccccccc..........ooo"), [200]);
    assert_eq!(waits("cccccccc...ooo"), [60]);
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
    assert_eq!(waits("cccccc.....oooo.....oooo.............ooo"), [100]);
}

#[test]
fn a_click_is_no_turn() {
    assert!(waits("cccc.....ooo").is_empty());
}

#[test]
fn talking_over_the_caller_is_no_answer() {
    assert!(waits("ccccccccbbbbbbcccccccccc").is_empty());
    assert_eq!(
        waits("ccccccccbbbbbbcccccccccccccc......ooo"),
        [120],
        "but what follows is"
    );
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
fn a_direction_that_was_left_out_for_a_while_keeps_its_place() {
    let mut timer = TurnTimer::default();
    let at = |frame: u64| frame * FRAME_SAMPLES as u64;
    // The caller is heard from the start; we are on the wire from frame 50 on.
    for frame in 0..60 {
        timer.heard(at(frame), &sound(frame < 40));
        if frame >= 50 {
            timer.sent(at(frame), &sound(true));
        }
    }
    assert_eq!(timer.turns().each_ms(), [200]);
}

#[test]
fn the_figures_are_those_of_the_waits() {
    let mut talking = Talk::default();
    let turns = talking.timer.turns();
    assert_eq!((turns.median_ms(), turns.max_ms()), (None, None));
    for turn in 0..TURNS_KEPT_MAX + 10 {
        let wait = ".".repeat(turn % 5 * 10); // 0 to 800 ms
        talking.play(&format!("cccccc{wait}ooooo............"));
    }
    let turns = talking.timer.turns();
    assert_eq!(
        (turns.count(), turns.each_ms().len()),
        (210, TURNS_KEPT_MAX)
    );
    assert_eq!((turns.median_ms(), turns.max_ms()), (Some(400), Some(800)));
}
