//! What the application says: how far ahead, in what order, and what is taken back.

use trunkline_call::{CallCommand, CallEvent, CommandKind, Mark, Why};
use trunkline_legs::stream::{AHEAD_US, Settings};
use trunkline_media::playout::{HIGH_SAMPLES, SAMPLES_MAX};
use trunkline_streams::exotel;
use trunkline_streams::stream::{Encoding, Marks, MediaFormat};

use crate::rig::{self, Did, Rig};

const AHEAD_MS: usize = AHEAD_US as usize / 1_000;

fn mark(name: &str) -> CallCommand<'static> {
    CallCommand::Mark(Mark::new(name).unwrap())
}

fn tone(ms: usize) -> Vec<i16> {
    (0..ms * 16).map(|n| [0, 8_000, 0, -8_000][n % 4]).collect()
}

/// `MarkPlayed` events: when, which, and where.
fn marks(rig: &Rig) -> Vec<(u64, &str, u64)> {
    let marks = rig.events.iter().filter_map(|(ms, event)| match event {
        CallEvent::MarkPlayed { mark, at_ms } => Some((*ms, mark.name(), *at_ms)),
        _ => None,
    });
    marks.collect()
}

#[test]
fn a_long_speech_is_sent_no_further_ahead_than_promised() {
    let mut rig = Rig::new();
    rig.play(&tone(2_000));
    assert_eq!(rig.ahead_ms(), AHEAD_MS, "at once");
    for _ in 0..1_700 {
        rig.run(1);
        assert!(rig.ahead_ms() <= AHEAD_MS + 1, "{} ms", rig.ahead_ms());
        assert!(
            rig.ahead_ms() >= AHEAD_MS - 21,
            "the provider never runs dry"
        );
    }
    rig.run(400);
    assert_eq!((rig.ahead_ms(), rig.sent()), (0, 2_000 * 8));
}

#[test]
fn a_frame_that_comes_alone_leaves_at_once() {
    let mut rig = Rig::new();
    for n in 1..=50 {
        rig.play(&tone(20));
        assert_eq!(rig.sent(), n * 160);
        rig.run(20);
    }
}

#[test]
fn samples_that_fill_no_frame_leave_before_the_provider_runs_dry() {
    let mut rig = Rig::new();
    rig.play(&tone(105));
    assert_eq!(rig.sent(), 100 * 8);
    rig.run(55);
    assert_eq!(rig.sent(), 100 * 8, "more may come");
    rig.run(10);
    assert_eq!(rig.sent(), 120 * 8, "filled up with silence");
}

#[test]
fn a_mark_is_told_when_the_provider_has_played_what_is_before_it() {
    let mut rig = Rig::new();
    rig.play(&tone(1_000));
    rig.command(mark("middle"));
    rig.play(&tone(500));
    rig.command(mark("end"));
    rig.run(3_000);
    assert_eq!(
        marks(&rig),
        [(1_000, "middle", 1_000), (1_500, "end", 1_500)]
    );
}

#[test]
fn a_mark_with_nothing_before_it_is_told_at_once() {
    let mut rig = Rig::new();
    rig.command(mark("here"));
    assert!(rig.has_done(&Did::Mark("1".into())));
    rig.run(1);
    assert_eq!(marks(&rig), [(1, "here", 0)]);
}

#[test]
fn a_dialect_without_marks_tells_them_by_the_clock() {
    let mut rig = Rig::with(|manners| manners.marks = Marks::None);
    rig.play(&tone(300));
    rig.command(mark("end"));
    rig.run(1_000);
    assert!(!rig.did.iter().any(|(_, did)| matches!(did, Did::Mark(_))));
    let [(told, "end", 300)] = marks(&rig)[..] else {
        panic!("{:?}", rig.events)
    };
    assert!((299..=301).contains(&told), "{told}");
}

#[test]
fn a_provider_that_answers_no_mark_keeps_nobody_waiting_for_ever() {
    let mut rig = Rig::new();
    rig.play(&tone(100));
    rig.command(mark("end"));
    rig.forget_marks();
    rig.run(4_000);
    let [(told, "end", 100)] = marks(&rig)[..] else {
        panic!("{:?}", rig.events)
    };
    assert!((2_000..=2_200).contains(&told), "{told}");
}

#[test]
fn clear_takes_back_what_was_not_heard_and_its_marks() {
    for marks_are in [Marks::EchoedWhenCleared, Marks::ForgottenWhenCleared] {
        let mut rig = Rig::with(|manners| manners.marks = marks_are);
        rig.play(&tone(200));
        rig.command(mark("first"));
        rig.play(&tone(100));
        rig.command(mark("second"));
        rig.play(&tone(2_000));
        rig.command(mark("third"));
        rig.run(250);
        rig.command(CallCommand::Clear);
        assert!(rig.has_done(&Did::Clear));
        assert_eq!(rig.ahead_ms(), 0);
        rig.play(&tone(100));
        rig.command(mark("after"));
        rig.run(1_000);
        let cleared = rig.events.iter().find_map(|(ms, event)| match event {
            CallEvent::Cleared { at_ms, unplayed } => Some((*ms, *at_ms, unplayed.clone())),
            _ => None,
        });
        let unplayed = ["second", "third"].map(|name| Mark::new(name).unwrap());
        assert_eq!(cleared, Some((250, 250, unplayed.to_vec())));
        assert_eq!(marks(&rig), [(200, "first", 200), (350, "after", 350)]);
        assert_eq!(rig.played.len(), 350 * 8);
    }
}

#[test]
fn pause_takes_back_what_was_not_heard_and_continue_says_it() {
    let mut rig = Rig::new();
    let said = tone(600);
    rig.play(&said);
    rig.command(mark("end"));
    rig.run(100);
    rig.command(CallCommand::Pause);
    assert_eq!(rig.told().last(), Some(&&CallEvent::Paused { at_ms: 100 }));
    assert_eq!(rig.ahead_ms(), 0);
    rig.run(1_000);
    assert_eq!(rig.played.len(), 100 * 8);
    rig.command(CallCommand::Continue);
    rig.run(600);
    assert_eq!(rig.played.len(), 600 * 8);
    assert_eq!(marks(&rig), [(1_600, "end", 600)]);
}

#[test]
fn five_minutes_are_queued_and_no_more() {
    let mut rig = Rig::new();
    let minute = tone(60_000);
    for _ in 0..5 {
        rig.play(&minute);
    }
    let told = rig.told();
    assert!(
        matches!(told[1], CallEvent::QueueHigh { queued_ms } if *queued_ms >= HIGH_SAMPLES as u64 / 16)
    );
    assert_eq!(told.len(), 2, "{told:?}");
    rig.play(&minute);
    let refused = CallEvent::Refused {
        command: CommandKind::Play,
        why: Why::Full,
    };
    assert_eq!(rig.told().last(), Some(&&refused));
    assert_eq!(SAMPLES_MAX, 5 * minute.len());
    for _ in 0..245 {
        rig.caller(&[0; 160]);
        rig.run(1_000);
    }
    assert!(matches!(
        rig.told().last(),
        Some(CallEvent::QueueLow { .. })
    ));
}

#[test]
fn a_provider_that_plays_what_it_gets_gets_20_ms_every_20_ms() {
    let mut rig = Rig::with(|manners| {
        manners.paced_by_server = true;
        manners.marks = Marks::None;
    });
    rig.run(500);
    rig.play(&tone(1_000));
    rig.command(mark("end"));
    rig.run(2_000);
    let said: Vec<u64> = rig
        .did
        .iter()
        .filter_map(|(ms, did)| (*did == Did::Said(160)).then_some(*ms))
        .collect();
    assert!(said.len().abs_diff(125) <= 2, "{} frames", said.len());
    // Where speech begins and where it ends, and nowhere else, a frame is earlier or later.
    let gaps = said.windows(2).map(|pair| pair[1] - pair[0]);
    let odd: Vec<u64> = gaps.filter(|gap| gap.abs_diff(20) > 1).collect();
    assert!(
        odd.len() <= 3 && odd.iter().all(|gap| *gap <= 30),
        "{said:?}"
    );
    assert_eq!(marks(&rig).len(), 1);
    assert_eq!(marks(&rig)[0].2, 1_000);
}

#[test]
fn a_provider_that_asks_us_to_wait_gets_nothing_until_it_asks_again() {
    let mut rig = Rig::new();
    rig.input(trunkline_legs::Input::Backlog { bytes: 100_000 });
    rig.play(&tone(1_000));
    rig.run(1_000);
    assert_eq!(rig.sent(), 0);
    rig.input(trunkline_legs::Input::Backlog { bytes: 0 });
    rig.run(1_000);
    assert_eq!(rig.sent(), 1_000 * 8);
}

#[test]
fn exotel_gets_messages_that_it_plays_without_gaps() {
    for (rate, bytes) in [(8_000, 3_200), (16_000, 3_200), (24_000, 3_840)] {
        let mut start = rig::start();
        start.up = Some(MediaFormat {
            encoding: Encoding::L16Little,
            rate,
        });
        let mut rig = Rig::of(&exotel::DIALECT, start, Settings::default());
        for _ in 0..50 {
            rig.play(&tone(20));
            rig.run(20);
        }
        rig.play(&tone(130));
        rig.command(mark("end"));
        rig.run(1_000);
        let said = rig.did.iter().filter_map(|(_, did)| match did {
            Did::Said(bytes) => Some(*bytes),
            _ => None,
        });
        let said: Vec<usize> = said.collect();
        assert!(said.iter().all(|size| *size == bytes), "{said:?}");
        let due = rate as usize * 2 * 1_130 / 1_000;
        assert_eq!(said.len(), due.div_ceil(bytes), "{said:?}");
        assert!(bytes % 320 == 0 && (3_200..100_000).contains(&bytes));
    }
}
