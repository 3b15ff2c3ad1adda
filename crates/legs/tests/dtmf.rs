//! Keys, by telephone events where both sides have them and by INFO where one has not.

mod world;

use trunkline_call::{CallCommand, CallEvent, CommandKind, Digit, Why};
use trunkline_legs::{KeyWay, Leg};
use trunkline_sip::Method;
use trunkline_sip::endpoint::{Action, Body, DialogRequest};
use world::{ALICE, BOB, World};

fn digit(key: char) -> Digit {
    Digit::from_char(key).unwrap()
}

fn press(world: &mut World, who: usize, keys: &str) {
    for key in keys.chars() {
        world.command(
            who,
            CallCommand::SendDtmf {
                digit: digit(key),
                duration_ms: 100,
            },
        );
    }
}

fn heard(world: &World, who: usize) -> String {
    let key = |event: &CallEvent| match event {
        CallEvent::Dtmf { digit, .. } => Some(digit.as_char()),
        _ => None,
    };
    world.ends[who].events.iter().filter_map(key).collect()
}

fn without_events() -> World {
    let mut world = World::new();
    world.set(BOB, |settings| settings.telephone_event = false);
    world.come_up();
    world
}

/// Alice's endpoint sends an INFO behind its leg's back.
fn inform(world: &mut World, content_type: &'static str, body: &str) {
    let owner = world.ends[ALICE].leg.as_ref().unwrap().owner();
    let mut request = DialogRequest::new(Method::Info);
    if !body.is_empty() {
        let bytes = body.as_bytes().into();
        request.body = Some(Body {
            content_type: content_type.into(),
            bytes,
        });
    }
    world.act(ALICE, Action::Request { owner, request });
}

#[test]
fn keys_go_as_telephone_events_where_both_sides_have_them() {
    let mut world = World::up();
    assert_eq!(
        world.ends[ALICE].leg.as_ref().unwrap().describe().keys,
        Some(KeyWay::Rtp)
    );
    press(&mut world, ALICE, "1*#D");
    press(&mut world, BOB, "55");
    world.run(3_000);
    assert_eq!(heard(&world, BOB), "1*#D");
    assert_eq!(heard(&world, ALICE), "55");
    assert!(!world.ends[ALICE].has_told("INFO"));
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn keys_go_by_info_where_one_side_has_no_telephone_events() {
    let mut world = without_events();
    assert_eq!(
        world.ends[ALICE].leg.as_ref().unwrap().describe().keys,
        Some(KeyWay::Info)
    );
    press(&mut world, ALICE, "1*#D");
    press(&mut world, BOB, "55");
    world.run(3_000);
    assert_eq!(heard(&world, BOB), "1*#D");
    assert_eq!(heard(&world, ALICE), "55");
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn keys_by_info_keep_their_order_over_a_network_that_does_not() {
    let mut world = without_events();
    world.network.set_conditions(world::bad());
    press(&mut world, ALICE, "1234567890");
    world.run(60_000);
    assert_eq!(heard(&world, BOB), "1234567890");
    world.network.set_conditions(world::good());
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn more_keys_than_can_wait_are_refused_not_dropped() {
    let mut world = without_events();
    press(&mut world, ALICE, &"7".repeat(80));
    let full = CallEvent::Refused {
        command: CommandKind::SendDtmf,
        why: Why::Full,
    };
    let refused = world.ends[ALICE]
        .events
        .iter()
        .filter(|event| **event == full)
        .count();
    world.run(10_000);
    assert_eq!(heard(&world, BOB).len() + refused, 80);
    assert_eq!(refused, 80 - 65, "one on its way and sixty-four waiting");
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn a_key_told_by_packets_and_by_info_is_one_key() {
    let mut world = World::up();
    press(&mut world, ALICE, "5");
    world.run(300);
    inform(
        &mut world,
        "application/dtmf-relay",
        "Signal=5\r\nDuration=160\r\n",
    );
    world.run(3_000);
    assert_eq!(heard(&world, BOB), "5");
    inform(
        &mut world,
        "application/dtmf-relay",
        "Signal=5\r\nDuration=160\r\n",
    );
    world.run(100);
    assert_eq!(heard(&world, BOB), "55", "long after, it is another");
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn an_info_is_answered_for_what_it_is() {
    let infos = [
        ("application/dtmf-relay", "Signal=hf\r\n", "200 INFO"),
        ("application/media_control+xml", "<x/>", "415 INFO"),
        ("", "", "200 INFO"),
    ];
    for (content_type, body, answer) in infos {
        let mut world = World::up();
        inform(&mut world, content_type, body);
        world.run(100);
        assert_eq!(world.ends[BOB].told(), [answer], "{content_type}");
        assert_eq!(heard(&world, BOB), "");
        world.hang_up(BOB);
        world.assert_nothing_is_left();
    }
}
