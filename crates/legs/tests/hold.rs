//! Hold and resume, from both sides, through glare, refusals and changes of mind.

mod world;

use trunkline_call::{CallCommand, CallEvent, CommandKind, Why};
use trunkline_legs::Leg;
use world::{ALICE, BOB, World};

fn is_held(world: &World, who: usize) -> bool {
    world.ends[who].leg.as_ref().unwrap().describe().held
}

#[test]
fn the_far_end_learns_of_our_hold_and_of_its_end() {
    for (holder, held) in [(ALICE, BOB), (BOB, ALICE)] {
        let mut world = World::up();
        world.command(holder, CallCommand::Hold);
        world.run(1_000);
        assert_eq!(world.ends[held].events, [CallEvent::Held]);
        assert_eq!(world.ends[holder].events, [CallEvent::Held]);
        assert!(is_held(&world, holder) && is_held(&world, held));
        world.command(holder, CallCommand::Resume);
        world.run(1_000);
        for who in [holder, held] {
            assert_eq!(
                world.ends[who].events,
                [CallEvent::Held, CallEvent::Resumed]
            );
        }
        assert!(!is_held(&world, holder) && !is_held(&world, held));
        world.hang_up(ALICE);
        world.assert_nothing_is_left();
    }
}

#[test]
fn each_may_hold_the_other_and_one_resume_leaves_the_other_hold() {
    let mut world = World::up();
    world.command(ALICE, CallCommand::Hold);
    world.run(1_000);
    world.command(BOB, CallCommand::Hold);
    world.run(1_000);
    assert_eq!(world.ends[ALICE].events, [CallEvent::Held]);
    world.command(ALICE, CallCommand::Resume);
    world.run(1_000);
    assert!(is_held(&world, ALICE), "Bob's hold still stands");
    for who in [ALICE, BOB] {
        assert_eq!(world.ends[who].events, [CallEvent::Held], "and is on hold");
    }
    world.command(BOB, CallCommand::Resume);
    world.run(1_000);
    for who in [ALICE, BOB] {
        assert_eq!(
            world.ends[who].events,
            [CallEvent::Held, CallEvent::Resumed]
        );
    }
    assert!(!is_held(&world, ALICE) && !is_held(&world, BOB));
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn two_holds_that_meet_both_come_about() {
    let mut world = World::up();
    world.command(ALICE, CallCommand::Hold);
    world.command(BOB, CallCommand::Hold);
    world.run(10_000);
    assert!(
        world.ends[ALICE].has_told("491 INVITE"),
        "the two offers crossed"
    );
    assert_eq!(world.ends[ALICE].events, [CallEvent::Held]);
    assert_eq!(world.ends[BOB].events, [CallEvent::Held]);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn an_application_that_changes_its_mind_gets_its_last_word() {
    for changes in 1..6 {
        let mut world = World::up();
        for change in 0..changes {
            let hold = change % 2 == 0;
            world.command(
                ALICE,
                if hold {
                    CallCommand::Hold
                } else {
                    CallCommand::Resume
                },
            );
            world.run(3);
        }
        world.run(5_000);
        assert_eq!(
            is_held(&world, ALICE),
            changes % 2 == 1,
            "{changes} changes"
        );
        assert_eq!(is_held(&world, BOB), changes % 2 == 1, "{changes} changes");
        // Told in turns, and not that anything was refused.
        for (number, event) in world.ends[ALICE].events.iter().enumerate() {
            let turn = [CallEvent::Held, CallEvent::Resumed];
            assert_eq!(*event, turn[number % 2], "{:?}", world.ends[ALICE].events);
        }
        world.hang_up(ALICE);
        world.assert_nothing_is_left();
    }
}

#[test]
fn a_hold_asked_for_right_after_the_answer_waits_for_the_ack() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Answer);
    world.command(BOB, CallCommand::Hold);
    world.run(2_000);
    assert!(world.ends[ALICE].has(&CallEvent::Held));
    assert_eq!(
        world.ends[BOB].events,
        [CallEvent::Answered, CallEvent::Held],
        "nothing was refused"
    );
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_gone_silent_is_found_out_by_a_hold() {
    let mut world = World::up();
    world.network.set_conditions(world::cut());
    world.command(ALICE, CallCommand::Hold);
    world.run(33_000);
    let timeout = trunkline_call::GatewayReason::SignallingTimeout;
    assert_eq!(
        world.end_reason(ALICE),
        Some(trunkline_call::EndReason::Gateway(timeout))
    );
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn a_command_of_a_call_that_is_not_up_is_refused() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Hold);
    let refused = CallEvent::Refused {
        command: CommandKind::Hold,
        why: Why::NotNow,
    };
    assert_eq!(world.ends[BOB].events, [refused]);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}
