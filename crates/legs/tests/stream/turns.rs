//! Turns over a provider's stream: the provider plays what it has, and our sound counts from then.

use trunkline_call::turns::{Interruption, Stages, Turn};
use trunkline_call::{CallCommand, CallEvent};
use trunkline_legs::stream::Settings;

use crate::rig::{self, Rig};

/// 20 ms at 8 kHz of a 200 Hz square wave, or of silence.
fn voice(loud: bool) -> [i16; 160] {
    let level = if loud { 5_000 } else { 0 };
    std::array::from_fn(|n| if n % 40 < 20 { level } else { -level })
}

/// The same at 16 kHz for so long.
fn answer(ms: usize) -> Vec<i16> {
    let sample = |n: usize| if n % 80 < 40 { 5_000 } else { -5_000 };
    (0..ms * 16).map(sample).collect()
}

/// A message of the caller every 20 ms, so many of them.
fn caller(rig: &mut Rig, messages: usize, loud: bool) {
    for _ in 0..messages {
        rig.run(20);
        rig.caller(&voice(loud));
    }
}

fn turns(rig: &Rig) -> Vec<Turn> {
    let told = rig.told().into_iter();
    let turns = told.filter_map(|event| match event {
        CallEvent::Turn(turn) => Some(*turn),
        _ => None,
    });
    turns.collect()
}

fn interruptions(rig: &Rig) -> Vec<Interruption> {
    let told = rig.told().into_iter();
    let interruptions = told.filter_map(|event| match event {
        CallEvent::Interrupted(interruption) => Some(*interruption),
        _ => None,
    });
    interruptions.collect()
}

#[test]
fn an_answer_is_timed_from_the_callers_last_word_to_when_the_provider_plays_it() {
    let mut rig = Rig::new();
    caller(&mut rig, 50, true);
    caller(&mut rig, 30, false);
    rig.play(&answer(1_000));
    caller(&mut rig, 100, false);
    let stages = Stages {
        packet_ms: 15,
        jitter_buffer_ms: 0,
        decode_ms: 1,
        application_ms: 580,
        queue_ms: 0,
        encode_ms: 1,
    };
    let at_ms = 1_600;
    assert_eq!(turns(&rig), [Turn { at_ms, stages }]);
}

#[test]
fn what_the_provider_has_still_to_play_counts_as_queued() {
    let mut rig = Rig::new();
    caller(&mut rig, 50, true);
    caller(&mut rig, 30, false);
    // The provider is given the silence ahead of its time.
    rig.play(&[0; 16 * 100]);
    rig.play(&answer(1_000));
    caller(&mut rig, 100, false);
    let [turn] = turns(&rig)[..] else {
        panic!("{:?}", turns(&rig));
    };
    assert_eq!(turn.stages.application_ms, 580);
    assert_eq!(turn.stages.queue_ms, 100);
    assert_eq!(turn.at_ms, 1_700);
}

#[test]
fn what_a_clear_takes_back_from_the_provider_was_not_heard() {
    let mut rig = Rig::new();
    rig.play(&answer(10_000));
    caller(&mut rig, 50, false);
    caller(&mut rig, 11, true);
    assert!(rig.ahead_ms() >= 180, "the provider has more to play");
    rig.command(CallCommand::Clear);
    caller(&mut rig, 60, true);
    let [Interruption { at_ms, yielded }] = interruptions(&rig)[..] else {
        panic!("{:?}", interruptions(&rig));
    };
    let yield_ms = yielded.map(|stages| stages.total_ms());
    assert!((995..=1_000).contains(&at_ms), "{at_ms}");
    assert!((220..=225).contains(&yield_ms.unwrap_or(0)), "{yield_ms:?}");
}

#[test]
fn an_application_that_says_nothing_is_told_so_once() {
    let settings = Settings {
        deaf_after: Some(std::time::Duration::from_secs(5)),
        ..Settings::default()
    };
    let mut rig = Rig::of(rig::dialect(|_| ()), rig::start(), settings);
    caller(&mut rig, 50, true);
    caller(&mut rig, 500, false);
    let told = rig.told().into_iter();
    let deaf: Vec<_> = told
        .filter(|event| matches!(event, CallEvent::AppDeaf(_)))
        .collect();
    let [CallEvent::AppDeaf(deaf)] = deaf[..] else {
        panic!("{deaf:?}");
    };
    // It is looked at with every message.
    assert!((5_000..5_020).contains(&deaf.silent_ms), "{deaf:?}");
}
