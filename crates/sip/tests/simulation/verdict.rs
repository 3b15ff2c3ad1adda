//! Whether a schedule ended as RFC 3261 says.

use crate::phone::Role;
use crate::plan::Shape;
use crate::world::{Side, World};
use trunkline_sip::endpoint::Gauges;

/// A 2xx goes out at 0, 0.5, 1.5, 3.5 and then every 4 seconds until 32 are over (§13.3.1.4).
const ACCEPTED_SENT: u32 = 11;

pub fn judge(world: &World) -> Result<(), String> {
    if world.left() != [Gauges::default(); 2] {
        return Err(format!("something is left: {:?}", world.left()));
    }
    for side in &world.sides {
        every_owner_closes_once(side)?;
        every_final_response_gets_its_ack(side)?;
        a_2xx_is_repeated_until_its_ack(side)?;
    }
    one_call_is_one_invite(world)?;
    what_one_side_knows_the_other_knows(world)
}

fn every_owner_closes_once(side: &Side) -> Result<(), String> {
    let seen = &side.phone.seen;
    let once = seen.closed.values().all(|times| *times == 1);
    let all = seen.closed.len() as u32 == side.phone.owners();
    match once && all && seen.after_close == 0 {
        true => Ok(()),
        false => Err(format!(
            "{:?}: owners were not closed once each: {seen:?}",
            side.phone.role
        )),
    }
}

/// §13.2.2.4 and §17.1.1.3: each time a final response arrives, not only the first.
fn every_final_response_gets_its_ack(side: &Side) -> Result<(), String> {
    for (number, finals) in &side.traffic.finals_in {
        let acks = side
            .traffic
            .acks_out
            .get(number)
            .copied()
            .unwrap_or_default();
        if acks != *finals && !side.phone.seen.gave_up {
            let role = side.phone.role;
            return Err(format!("{role:?}: {finals} final responses, {acks} ACKs"));
        }
    }
    Ok(())
}

fn a_2xx_is_repeated_until_its_ack(side: &Side) -> Result<(), String> {
    for (number, acks) in &side.traffic.unacknowledged {
        let sent = side
            .traffic
            .accepted_out
            .get(number)
            .copied()
            .unwrap_or_default();
        if sent != ACCEPTED_SENT || *acks > 0 {
            let role = side.phone.role;
            return Err(format!(
                "{role:?}: gave up after {sent} 2xx and {acks} ACKs"
            ));
        }
    }
    Ok(())
}

/// However often an INVITE arrives, the callee hears of it once and the caller of its end once.
fn one_call_is_one_invite(world: &World) -> Result<(), String> {
    let [caller, callee] = &world.sides;
    let calls = world.plan.shape != Shape::Registers;
    let cancelled = caller.phone.hung_up();
    let outcomes = caller.phone.seen.outcomes;
    let right = match calls {
        // A call that was given up may be ended by what its user is not shown: a late 2xx.
        true => outcomes == 1 || (outcomes == 0 && cancelled),
        false => outcomes == 0,
    };
    match right && callee.phone.seen.invites <= 1 {
        true => Ok(()),
        false => Err(format!("{outcomes} outcomes, {:?}", callee.phone.seen)),
    }
}

fn what_one_side_knows_the_other_knows(world: &World) -> Result<(), String> {
    let [caller, callee] = &world.sides;
    let sent = |side: &Side| side.traffic.acks_out.values().sum::<u32>();
    if callee.phone.seen.acknowledged > 0 && sent(caller) == 0 {
        return Err("the callee saw an ACK that nobody sent".to_owned());
    }
    if world.plan.dead_after.is_some() {
        return Ok(());
    }
    let accepted = !callee.traffic.accepted_out.is_empty();
    let knows = !caller.traffic.finals_in.is_empty();
    if accepted && knows && caller.phone.seen.gave_up && caller.phone.role == Role::Caller {
        // Only a call cancelled at the very edge, or a refresh, may end so on a living network.
        let edge = caller.phone.hung_up() || world.plan.shape == Shape::Glare;
        return edge
            .then_some(())
            .ok_or("the caller gave up on a call it has".to_owned());
    }
    if world.plan.shape == Shape::Registers && !caller.phone.seen.unregistered {
        return Err("the caller is still registered".to_owned());
    }
    Ok(())
}
