use std::time::Duration;

use proptest::prelude::*;
use trunkline_audio::FRAME_SAMPLES;

use super::{Came, Finding, Stages, TurnTimer};

/// 20 ms of a 200 Hz square wave, or silence.
fn sound(level: i16) -> [i16; FRAME_SAMPLES] {
    std::array::from_fn(|sample| {
        if sample % 80 < 40 {
            level
        } else {
            level.saturating_neg()
        }
    })
}

/// A wire without jitter and filters: what the caller says in a frame is here at its end, and what we
/// say in it leaves at its start.
#[derive(Default)]
struct Talk {
    timer: TurnTimer,
    frames: i64,
}

impl Talk {
    fn deaf_after(seconds: u64) -> Self {
        Self {
            timer: TurnTimer::new(Some(Duration::from_secs(seconds))),
            frames: 0,
        }
    }

    fn now_us(&self) -> i64 {
        self.frames * 20_000
    }

    /// Plays a conversation: a character a frame, `c` the caller speaks, `o` we sound, `b` both, `e` we
    /// sound and hear our echo at -20 dB; `!` clears before the next frame.
    fn play(&mut self, talk: &str) {
        for who in talk.chars() {
            let now_us = self.now_us();
            if who == '!' {
                self.timer.cleared(now_us, i64::MAX);
                continue;
            }
            let position = self.frames.unsigned_abs() * FRAME_SAMPLES as u64;
            let ours = matches!(who, 'o' | 'b' | 'e');
            if ours {
                self.timer.given(now_us, position);
            }
            let samples = sound(if ours { 5_000 } else { 0 });
            self.timer.sent(now_us, now_us, position, &samples, 0);
            self.frames += 1;
            let theirs = match who {
                'c' | 'b' => 5_000,
                'e' => 500,
                _ => 0,
            };
            let came = Came {
                at_us: self.now_us(),
                beyond_us: 0,
                filter_us: 0,
            };
            self.timer.heard(came.at_us, position, &sound(theirs), came);
        }
    }

    fn findings(&mut self) -> Vec<Finding> {
        std::iter::from_fn(|| self.timer.next_finding()).collect()
    }
}

fn found(talk: &str) -> Vec<Finding> {
    let mut talking = Talk::default();
    talking.play(talk);
    talking.findings()
}

/// The waits of a conversation in ms.
fn waits(talk: &str) -> Vec<u128> {
    let turns = found(talk).into_iter().filter_map(|finding| match finding {
        Finding::Turn { stages, .. } => Some(stages.total().as_millis()),
        _ => None,
    });
    turns.collect()
}

/// When interruptions began and how long we went on, in ms.
fn interruptions(talk: &str) -> Vec<(u128, Option<u128>)> {
    let found = found(talk).into_iter();
    let interruptions = found.filter_map(|finding| match finding {
        Finding::Interrupted { at, yielded } => {
            Some((at.as_millis(), yielded.map(|it| it.total().as_millis())))
        }
        _ => None,
    });
    interruptions.collect()
}

#[test]
fn a_wait_runs_from_the_last_word_to_our_first_sound() {
    assert_eq!(waits("cccccccc..........oooo"), [200]);
    assert_eq!(waits("cccccccc...oooo"), [60]);
    assert_eq!(waits("ccccccccoooo"), [0]);
    assert_eq!(
        waits("cccccc....cccc.....oooo"),
        [100],
        "a caller who goes on has not finished"
    );
}

#[test]
fn what_is_played_without_the_application_answers_nobody() {
    let mut talk = Talk::deaf_after(1);
    talk.play("cccccccc....");
    talk.timer.watch(false);
    // Music, into which the caller speaks for longer than an application may be silent.
    talk.play("oooo");
    talk.play(&"b".repeat(60));
    talk.play(&"o".repeat(60));
    talk.timer.watch(true);
    talk.play("....oooo....");
    assert_eq!(talk.findings(), [], "nobody was asked since it is back");
    talk.play("cccccccc....oooo..");
    let found = talk.findings();
    let [Finding::Turn { stages, .. }] = found.as_slice() else {
        panic!("one turn: {found:?}");
    };
    assert_eq!(stages.total().as_millis(), 80);
}

#[test]
fn a_greeting_and_our_own_pauses_are_no_answers() {
    assert!(waits("....ooooo").is_empty());
    assert_eq!(waits("cccccc.....oooo.....oooo.............oooo"), [100]);
}

#[test]
fn a_click_is_no_turn_and_moves_none() {
    assert!(waits("cccc.....oooo").is_empty());
    assert_eq!(waits("cccccccc............cc....oooo"), [360]);
}

#[test]
fn talking_over_the_caller_is_no_answer() {
    assert!(waits("ccccccccbbbbbbcccccccccc").is_empty());
    assert_eq!(
        waits("ccccccccbbbbbbcccccccccccccc......oooo"),
        [120],
        "but what follows is"
    );
}

#[test]
fn an_interrupted_application_is_timed_when_it_speaks_again() {
    assert_eq!(
        waits("oooooobbbccccccc..........................oooo"),
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
fn a_turn_says_when_its_answer_began() {
    let turns = found("cccccccc..........oooo");
    let Some(Finding::Turn { at, stages }) = turns.first() else {
        panic!("{turns:?}");
    };
    assert_eq!(at.as_millis(), 360);
    assert_eq!(stages.application.as_millis(), 200);
}

#[test]
fn an_application_that_stops_for_the_caller_is_timed_to_its_last_sound() {
    let talk = format!(
        "{}bbbbbb!{}{}",
        "o".repeat(50),
        "c".repeat(30),
        ".".repeat(30)
    );
    assert_eq!(interruptions(&talk), [(1_000, Some(120))]);
}

#[test]
fn a_new_answer_right_after_a_clear_is_not_the_old_one_going_on() {
    let talk = format!("{}bbbbbb!bbbb{}", "o".repeat(50), "b".repeat(200));
    assert_eq!(interruptions(&talk), [(1_000, Some(120))]);
}

#[test]
fn an_application_that_just_ends_is_timed_where_the_caller_meant_it() {
    let ends = |caller: usize| {
        let (over, after) = (caller.min(20), caller.saturating_sub(20));
        let rest = "o".repeat(20 - over);
        let (over, after) = ("b".repeat(over), "c".repeat(after));
        interruptions(&format!(
            "{}{over}{rest}{after}{}",
            "o".repeat(50),
            ".".repeat(40)
        ))
    };
    assert_eq!(ends(40), [(1_000, Some(400))]);
    assert!(ends(10).is_empty(), "a word of assent");
}

#[test]
fn an_application_that_talks_on_does_not_yield() {
    let talk = format!("{}{}", "o".repeat(50), "b".repeat(150));
    assert_eq!(interruptions(&talk), [(1_000, None)]);
    let cough = format!("{}bbbbbb{}", "o".repeat(50), "o".repeat(150));
    assert!(interruptions(&cough).is_empty());
}

#[test]
fn what_follows_a_cough_is_the_interruption() {
    let talk = format!(
        "{}bbbb{}{}!{}",
        "o".repeat(50),
        "o".repeat(20),
        "b".repeat(10),
        "c".repeat(60)
    );
    assert_eq!(interruptions(&talk), [(1_480, Some(200))]);
}

#[test]
fn our_own_echo_neither_interrupts_us_nor_asks_anything() {
    let talk = format!("{}{}", "e".repeat(100), "....ooooo".repeat(5));
    assert_eq!(found(&talk), []);
}

#[test]
fn a_caller_is_heard_through_the_echo() {
    let talk = format!("{}{}!{}", "e".repeat(50), "b".repeat(10), "c".repeat(60));
    assert_eq!(interruptions(&talk), [(1_000, Some(200))]);
}

mod deafness {
    use super::*;

    fn deaf(talk: &str) -> Vec<(u128, u128)> {
        let mut talking = Talk::deaf_after(10);
        talking.play(talk);
        let found = talking.findings().into_iter();
        let deaf = found.filter_map(|finding| match finding {
            Finding::Deaf { at, silence } => Some((at.as_millis(), silence.as_millis())),
            _ => None,
        });
        deaf.collect()
    }

    #[test]
    fn an_application_that_says_nothing_is_deaf_after_the_time_that_was_set() {
        let asked = "c".repeat(50);
        assert_eq!(
            deaf(&format!("{asked}{}", ".".repeat(600))),
            [(1_000, 10_000)]
        );
        assert!(deaf(&format!("{asked}{}", ".".repeat(499))).is_empty());
    }

    #[test]
    fn it_is_told_once_until_the_application_sounds() {
        let round = format!("{}{}", "c".repeat(50), ".".repeat(600));
        assert_eq!(deaf(&round.repeat(3)).len(), 1);
        assert_eq!(deaf(&format!("{round}ooooo....{round}")).len(), 2);
    }

    #[test]
    fn asking_again_does_not_make_it_hear() {
        let hello = format!("{}{}", "c".repeat(30), ".".repeat(170)); // every 4 s
        assert_eq!(deaf(&hello.repeat(4)), [(600, 10_000)]);
    }

    #[test]
    fn who_listens_to_a_long_story_is_not_deaf() {
        let story = format!("{}{}", "c".repeat(100), ".".repeat(30)).repeat(10);
        assert!(deaf(&format!("{story}{}ooooo", ".".repeat(50))).is_empty());
    }

    #[test]
    fn who_has_answered_may_be_silent() {
        assert!(deaf(&format!("ccccccccc.....ooooooo{}", ".".repeat(900))).is_empty());
        assert!(deaf(&".".repeat(900)).is_empty());
    }

    #[test]
    fn it_is_told_only_where_that_is_asked() {
        assert_eq!(found(&format!("ccccccccc{}", ".".repeat(5_000))), []);
    }
}

/// What happens to one turn, in microseconds, of multiples of 5 ms where a position is meant.
#[derive(Clone, Debug)]
struct Journey {
    last_block: u64,
    beyond_us: i64,
    held_us: i64,
    decode_us: i64,
    thinking_us: i64,
    queued_us: i64,
    first_block: u64,
    encode_us: i64,
}

prop_compose! {
    fn journey()(
        last_block in 1_u64..=4,
        beyond_us in 0_i64..40_000,
        held_us in 0_i64..200_000,
        decode_us in 0_i64..1_000,
        thinking_us in 300_000_i64..3_000_000,
        queued_us in 0_i64..500_000,
        first_block in 0_u64..4,
        encode_us in 0_i64..7_000,
    ) -> Journey {
        Journey {
            last_block, beyond_us, held_us, decode_us, thinking_us, queued_us, first_block, encode_us,
        }
    }
}

impl Journey {
    /// What the timer makes of it, and the times of the last word and the first sound.
    fn go(&self) -> (Stages, i64, i64) {
        let mut timer = TurnTimer::default();
        let came = |frame: i64| Came {
            at_us: frame * 20_000 + self.beyond_us,
            beyond_us: self.beyond_us,
            filter_us: self.decode_us,
        };
        let mut hear = |frame: i64, samples: &[i16; FRAME_SAMPLES]| {
            let came = came(frame);
            let position = frame.unsigned_abs() * FRAME_SAMPLES as u64;
            timer.heard(came.at_us + self.held_us, position, samples, came);
        };
        let mut last = sound(5_000);
        last[self.last_block as usize * 80..].fill(0);
        (1..30).for_each(|frame| hear(frame, &sound(5_000)));
        hear(30, &last);
        let heard_us = came(30).at_us + self.held_us;
        let word_us = 29 * 20_000 + self.last_block as i64 * 5_000 - self.decode_us;
        let given_us = heard_us + self.thinking_us;
        let sent_us = given_us + self.queued_us;
        let frames = sent_us / 20_000 + 20;
        (31..frames).for_each(|frame| hear(frame, &sound(0)));
        // The application gives silence first, in pieces of its own.
        let silence = self.first_block * 80;
        timer.given(given_us - 7_000, 0);
        timer.given(given_us, silence);
        let mut first = sound(5_000);
        first[..silence as usize].fill(0);
        timer.sent(sent_us, sent_us, 0, &first, self.encode_us);
        timer.sent(
            sent_us + 20_000,
            sent_us + 20_000,
            320,
            &sound(5_000),
            self.encode_us,
        );
        let sound_us = sent_us + self.first_block as i64 * 5_000 + self.encode_us;
        match timer.next_finding() {
            Some(Finding::Turn { stages, .. }) => (stages, word_us, sound_us),
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn the_stages_are_what_was_done_and_add_up_to_the_wait(journey in journey()) {
        let (stages, word_us, sound_us) = journey.go();
        let us = |time: Duration| time.as_micros() as i64;
        prop_assert_eq!(us(stages.total()), sound_us - word_us);
        prop_assert_eq!(us(stages.packet), (4 - journey.last_block as i64) * 5_000 + journey.beyond_us);
        prop_assert_eq!(us(stages.jitter_buffer), journey.held_us);
        prop_assert_eq!(us(stages.decode), journey.decode_us);
        // Where the answer begins with its piece, its piece is what counts.
        prop_assert_eq!(us(stages.application), journey.thinking_us);
        prop_assert_eq!(us(stages.queue), journey.queued_us + journey.first_block as i64 * 5_000);
        prop_assert_eq!(us(stages.encode), journey.encode_us);
    }

    #[test]
    fn nothing_that_comes_in_any_order_breaks_it(
        pieces in prop::collection::vec((0_u8..6, any::<i32>(), any::<i16>()), 0..300)
    ) {
        let mut timer = TurnTimer::new(Some(Duration::from_secs(1)));
        for (what, time, level) in pieces {
            let now_us = i64::from(time);
            let frame = sound(level);
            let came = Came { at_us: now_us, beyond_us: i64::from(level), filter_us: 800 };
            match what {
                0 => timer.heard(now_us, 0, &frame, came),
                1 => timer.sent(now_us, now_us, 0, &frame, 900),
                2 => timer.given(now_us, u64::from(time.unsigned_abs())),
                3 => timer.cleared(now_us, now_us),
                4 => timer.stopped(now_us, now_us),
                _ => timer.missed(now_us),
            }
            while let Some(finding) = timer.next_finding() {
                if let Finding::Turn { stages, .. } = finding {
                    prop_assert_eq!(stages.total(), stages.each().iter().sum());
                }
            }
        }
    }
}
