//! Two calls joined: Alice of one world talks to Bob of the other through the two legs between.

mod world;

use trunkline_audio::tone::Tone;
use trunkline_call::{CallCommand, CallEvent, Digit, EndReason, HangupCause};
use trunkline_legs::bridge::{Bridge, Side};
use world::{ALICE, BOB, World};

/// Where a joined leg is: which world, which end, which side of the bridge.
const LEGS: [(usize, usize, Side); 2] = [(0, BOB, Side::Caller), (1, ALICE, Side::Callee)];

struct Joined {
    worlds: [World; 2],
    bridge: Bridge,
}

impl Joined {
    fn new() -> Self {
        let mut worlds = [World::up(), World::up()];
        for (world, end, _) in LEGS {
            worlds[world].ends[end].tapped = Some(Vec::new());
        }
        Self {
            worlds,
            bridge: Bridge::new(),
        }
    }

    /// Lets time pass in both worlds, in steps shorter than a frame.
    fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            for (world, end, side) in LEGS {
                self.worlds[world].run(1);
                let events = self.worlds[world].ends[end]
                    .tapped
                    .as_mut()
                    .map(std::mem::take);
                let (far, far_end, _) = LEGS[1 - world];
                for event in events.into_iter().flatten() {
                    if let Some(command) = self.bridge.on_event(side, &event) {
                        self.worlds[far].command(far_end, command);
                    }
                }
            }
        }
    }

    fn finish(&mut self) {
        self.run(2_000);
        assert!(self.bridge.is_over());
        for world in &mut self.worlds {
            world.assert_nothing_is_left();
        }
    }
}

/// How often the signal crosses zero upwards in a second: its frequency, for a clean tone.
fn frequency(samples: &[i16]) -> usize {
    let loud = samples
        .iter()
        .position(|s| s.unsigned_abs() > 4_000)
        .unwrap_or(samples.len());
    let second = samples.get(loud + 1_600..loud + 17_600).unwrap_or_default();
    second
        .windows(2)
        .filter(|pair| pair[0] < 0 && pair[1] >= 0)
        .count()
}

#[test]
fn each_far_end_hears_the_other() {
    let mut joined = Joined::new();
    for (world, end, hz) in [(0, ALICE, 440.0), (1, BOB, 1_000.0)] {
        let mut tone = vec![0; 32_000];
        Tone::sine(hz, 8_000).fill(&mut tone);
        joined.worlds[world].command(end, CallCommand::Play(tone.into()));
    }
    joined.run(2_500);
    let heard_by_alice = frequency(&joined.worlds[0].ends[ALICE].heard);
    let heard_by_bob = frequency(&joined.worlds[1].ends[BOB].heard);
    assert!(heard_by_alice.abs_diff(1_000) <= 2, "{heard_by_alice} Hz");
    assert!(heard_by_bob.abs_diff(440) <= 2, "{heard_by_bob} Hz");
    assert!(joined.bridge.carried_ms(Side::Callee) > 2_000);
    assert!(joined.bridge.carried_ms(Side::Caller) > 2_000);
    joined.worlds[0].hang_up(ALICE);
    joined.finish();
}

#[test]
fn a_key_pressed_at_one_end_arrives_at_the_other() {
    let mut joined = Joined::new();
    let digit = Digit::from_char('9').unwrap();
    let press = CallCommand::SendDtmf {
        digit,
        duration_ms: 120,
    };
    joined.worlds[1].command(BOB, press);
    joined.run(1_000);
    let is_key =
        |event: &CallEvent| matches!(event, CallEvent::Dtmf { digit: d, .. } if *d == digit);
    let keys = joined.worlds[0].ends[ALICE]
        .events
        .iter()
        .filter(|event| is_key(event))
        .count();
    assert_eq!(keys, 1);
    joined.worlds[0].hang_up(ALICE);
    joined.finish();
}

#[test]
fn whoever_hangs_up_ends_both_calls() {
    for (world, end, side) in [(0, ALICE, Side::Caller), (1, BOB, Side::Callee)] {
        let mut joined = Joined::new();
        joined.worlds[world].hang_up(end);
        joined.run(1_000);
        let (far_world, far_end) = (1 - world, 1 - end);
        assert_eq!(
            joined.worlds[far_world].end_reason(far_end),
            Some(EndReason::Remote)
        );
        let first = joined.bridge.first_end().unwrap();
        assert_eq!((first.first, &first.reason), (side, &EndReason::Remote));
        let ours = joined.worlds[far_world].end_reason(1 - far_end);
        assert_eq!(ours, Some(EndReason::App(HangupCause::Normal)));
        joined.finish();
    }
}
