//! Ten thousand calls over a bad network in virtual time, each from a seed: every one must end as
//! RFC 3261 says, with nothing left.

// Tests need some instant to count from.
#![allow(clippy::disallowed_methods)]

mod phone;
mod plan;
mod verdict;
mod world;

use plan::{Plan, Shape};
use std::time::Instant;
use trunkline_sip::Timer;
use trunkline_sip::endpoint::Fault;
use world::World;

const SCHEDULES: u64 = 10_000;
/// Enough for each defect to show itself many times.
const SCHEDULES_OF_A_MUTANT: u64 = 500;

/// What a run of many schedules came to.
#[derive(Default)]
struct Tally {
    lost_one_that_matters: u64,
    glares: u64,
    transfers_told: u64,
    refreshed: u64,
    byes: u64,
    cancelled: u64,
    timers: [u64; Timer::COUNT],
    wrong: Vec<String>,
}

fn run(numbers: std::ops::Range<u64>, fault: Option<Fault>) -> Tally {
    let start = Instant::now();
    let mut tally = Tally::default();
    for number in numbers {
        let mut world = World::new(Plan::draw(number), fault, start);
        if let Err(why) = world.run().and_then(|()| verdict::judge(&world)) {
            let Plan { shape, tcp, .. } = world.plan;
            let after = world.elapsed();
            tally
                .wrong
                .push(format!("{number} ({shape:?}, tcp {tcp}, {after:?}): {why}"));
        }
        tally.lost_one_that_matters += u64::from(world.lost_one_that_matters);
        for side in &world.sides {
            let seen = &side.phone.seen;
            tally.glares += u64::from(seen.glares);
            tally.transfers_told += u64::from(seen.transfer_told);
            tally.refreshed += u64::from(seen.refreshed);
            tally.byes += u64::from(seen.byes);
            tally.cancelled += u64::from(seen.cancelled);
        }
        for (total, fired) in tally.timers.iter_mut().zip(world.timers_fired()) {
            *total += fired;
        }
    }
    tally
}

#[test]
fn every_schedule_ends_as_the_rfc_says_and_leaves_nothing() {
    let tally = run(0..SCHEDULES, None);
    for timer in Timer::ALL {
        println!(
            "timer {timer:?} fired {} times",
            tally.timers[timer as usize]
        );
    }
    let Tally {
        glares,
        transfers_told,
        refreshed,
        byes,
        cancelled,
        ..
    } = tally;
    println!("{glares} glares, {refreshed} refreshes, {transfers_told} transfers told to the end");
    println!("{byes} BYEs and {cancelled} CANCELs that met a call");
    println!(
        "{} schedules lost a final response or an ACK",
        tally.lost_one_that_matters
    );

    let wrong = &tally.wrong;
    let first: Vec<_> = wrong.iter().take(10).collect();
    assert!(
        wrong.is_empty(),
        "{} schedules ended wrongly, such as {first:#?}",
        wrong.len()
    );
    assert!(
        tally.lost_one_that_matters * 10 >= SCHEDULES * 3,
        "the network is too kind"
    );
    for timer in Timer::ALL {
        assert!(
            tally.timers[timer as usize] > 0,
            "timer {timer:?} never fired"
        );
    }
    for (what, times) in [
        ("glare", glares),
        ("refresh", refreshed),
        ("transfer", transfers_told),
    ] {
        assert!(times > 50, "{what} happened {times} times");
    }
}

#[test]
fn the_same_schedule_runs_the_same_way() {
    let (one, two) = (run(0..200, None), run(0..200, None));
    assert_eq!(one.timers, two.timers);
    assert_eq!(one.lost_one_that_matters, two.lost_one_that_matters);
}

fn assert_caught(fault: Fault) {
    let wrong = run(0..SCHEDULES_OF_A_MUTANT, Some(fault)).wrong.len();
    println!("{fault:?}: {wrong} of {SCHEDULES_OF_A_MUTANT} schedules ended wrongly");
    assert!(wrong > 0, "{fault:?} was not found");
}

#[test]
fn an_endpoint_that_does_not_repeat_its_ack_is_caught() {
    assert_caught(Fault::NoReAck);
}

#[test]
fn an_endpoint_that_ignores_a_2xx_that_crosses_its_cancel_is_caught() {
    assert_caught(Fault::NoCancelRace);
}

#[test]
fn an_endpoint_that_sends_its_2xx_once_is_caught() {
    assert_caught(Fault::No2xxRetransmission);
}

#[test]
fn every_shape_is_drawn() {
    let shapes: Vec<_> = (0..200).map(|number| Plan::draw(number).shape).collect();
    for shape in [
        Shape::Answered,
        Shape::Cancelled,
        Shape::Glare,
        Shape::Registers,
    ] {
        assert!(shapes.contains(&shape), "{shape:?}");
    }
}
