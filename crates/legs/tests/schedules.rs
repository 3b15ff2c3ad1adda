//! A thousand random calls over a network that loses, repeats and reorders, with both sides
//! doing at random what an application may do. Whatever they do, the call ends once, for one
//! reason, and nothing is left. And however two holds meet, each side's last word stands.

mod world;

use trunkline_call::{
    CallCommand, CallEvent, Digit, GatewayReason, HangupCause, Headers, Target, TransferMode,
};
use trunkline_legs::{DialNews, Input, Leg};
use world::{ALICE, BOB, World};

const SCHEDULES: u64 = 1_000;

/// Something at random that an application or a driver does.
fn act(world: &mut World, who: usize) {
    let refer = |mode| CallCommand::Transfer {
        target: Target::new("sip:carol@10.0.0.3").unwrap(),
        headers: Headers::default(),
        mode,
    };
    let digit = Digit::from_char('5').unwrap();
    let command = match world.random.below(14) {
        0 => CallCommand::Ring,
        1..=3 => CallCommand::Answer,
        4 | 5 => CallCommand::Hold,
        6 | 7 => CallCommand::Resume,
        8 => refer(TransferMode::Refer),
        9 => refer(TransferMode::Bridge),
        10 => CallCommand::SendDtmf {
            digit,
            duration_ms: 100,
        },
        11 => CallCommand::Hangup(HangupCause::Busy),
        12 => return world.input(who, Input::End(GatewayReason::Shutdown)),
        _ => CallCommand::Hangup(HangupCause::Normal),
    };
    // An application hears of most calls before it ends them.
    if matches!(command, CallCommand::Hangup(_)) && world.random.below(3) > 0 {
        return;
    }
    world.command(who, command);
}

/// Whatever was asked of the driver is carried out, or not.
fn dial(world: &mut World, who: usize) {
    if world.ends[who].dials.pop().is_none() {
        return;
    }
    let news = match world.random.below(4) {
        0 => DialNews::Denied,
        1 => DialNews::Failed {
            code: 486,
            text: "Busy Here".into(),
        },
        2 => DialNews::Progress { code: 180 },
        _ => DialNews::Up,
    };
    world.tell_dial(who, news);
}

fn run(seed: u64) -> World {
    let mut world = World::with(seed, world::bad(), world::busy_threads());
    let by_info = world.random.below(2) == 0;
    let late = world.random.below(4) == 0;
    world.set(ALICE, |settings| settings.late_offer = late);
    world.set(BOB, |settings| settings.telephone_event = !by_info);
    world.dial();
    for _ in 0..12 {
        let pause = world.random.below(2_000);
        world.run(pause);
        let who = world.random.below(2) as usize;
        act(&mut world, who);
        dial(&mut world, who);
    }
    // A call that nobody has ended is ended by the caller.
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
    world
}

fn is_up(world: &World, who: usize) -> bool {
    world.ends[who].has(&CallEvent::Answered)
}

/// Nobody is held twice, nor let go twice.
fn assert_holds_alternate(events: &[CallEvent], seed: u64) {
    let mut is_held = false;
    for event in events {
        let held = match event {
            CallEvent::Held => true,
            CallEvent::Resumed => false,
            _ => continue,
        };
        assert_ne!(held, is_held, "seed {seed}: {events:?}");
        is_held = held;
    }
}

#[test]
fn every_schedule_ends_once_and_leaves_nothing() {
    let (mut up, mut refused, mut lonely, mut held, mut moved) = (0, 0, 0, 0, 0);
    for seed in 1..=SCHEDULES {
        let world = run(seed);
        for end in &world.ends {
            let last = end.events.last();
            let is_end = last.is_none_or(|event| matches!(event, CallEvent::Ended(_)));
            assert!(is_end, "seed {seed}: the last event is {last:?}");
            assert_holds_alternate(&end.events, seed);
        }
        let count = |wanted: fn(&CallEvent) -> bool| {
            usize::from(world.ends.iter().any(|end| end.events.iter().any(wanted)))
        };
        up += usize::from(is_up(&world, ALICE) && is_up(&world, BOB));
        refused += count(|event| matches!(event, CallEvent::Refused { .. }));
        held += count(|event| matches!(event, CallEvent::Held));
        moved += count(|event| matches!(event, CallEvent::Transferred(_)));
        lonely += usize::from(!world.ends[BOB].had_leg);
    }
    println!("{SCHEDULES} schedules: {up} up, {held} held, {moved} moved, {refused} with refusals");
    // The schedules are worth nothing if they do not reach the states they are to try.
    assert!(
        up > 300 && held > 50 && moved > 50 && refused > 300,
        "{up} {held} {moved} {refused}"
    );
    assert!(lonely < 100, "{lonely} INVITEs never arrived");
}

#[test]
fn however_two_holds_meet_the_last_word_of_each_stands() {
    let mut glares = 0;
    for seed in 1..=60 {
        let mut world = World::up();
        world.random = trunkline_testkit::Seeded::new(seed);
        world.network = trunkline_testkit::SeededNet::new(seed, world::bad());
        world.threads.set_conditions(world::busy_threads());
        let mut last = [false; 2];
        for _ in 0..6 {
            let who = world.random.below(2) as usize;
            last[who] = world.random.below(2) == 0;
            world.command(
                who,
                if last[who] {
                    CallCommand::Hold
                } else {
                    CallCommand::Resume
                },
            );
            let pause = world.random.below(60);
            world.run(pause);
        }
        // Glare may meet glare, and each loss of a final response costs half a second and more.
        world.run(30_000);
        glares += usize::from(world.ends.iter().any(|end| end.has_told("491 INVITE")));
        let held = last[ALICE] || last[BOB];
        for who in [ALICE, BOB] {
            let leg = world.ends[who].leg.as_ref();
            let leg = leg.unwrap_or_else(|| panic!("seed {seed}: {:?}", world.ends[who].events));
            assert_eq!(
                leg.describe().held,
                held,
                "seed {seed}, end {who}, {last:?}"
            );
        }
        world.hang_up(ALICE);
        world.assert_nothing_is_left();
    }
    assert!(glares > 20, "{glares} of the 60 met");
}
