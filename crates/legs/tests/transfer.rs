//! Transfers: ours by REFER and by bridge, and the far end's.

mod world;

use trunkline_call::{
    CallCommand, CallEvent, CommandKind, EndReason, HangupCause, Headers, Target, TransferMode,
    TransferOutcome, Why,
};
use trunkline_legs::{DialNews, DialPurpose};
use trunkline_sip::Method;
use trunkline_sip::dialog::notify_transfer;
use trunkline_sip::endpoint::{Action, DialogRequest};
use world::{ALICE, BOB, World};

fn transfer(target: &str, mode: TransferMode) -> CallCommand<'static> {
    let target = Target::new(target).unwrap();
    CallCommand::Transfer {
        target,
        headers: Headers::default(),
        mode,
    }
}

fn refer(target: &str) -> CallCommand<'static> {
    transfer(target, TransferMode::Refer)
}

fn outcome(code: u16, text: &str) -> CallEvent {
    CallEvent::Transferred(TransferOutcome {
        code,
        text: text.to_owned(),
    })
}

fn refused(why: Why) -> CallEvent {
    CallEvent::Refused {
        command: CommandKind::Transfer,
        why,
    }
}

fn ring() -> DialNews {
    DialNews::Progress { code: 180 }
}

fn busy() -> DialNews {
    DialNews::Failed {
        code: 486,
        text: "Busy Here".into(),
    }
}

#[test]
fn a_transfer_is_followed_to_its_good_end_and_then_this_call_is_over() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    let (purpose, target, _) = world.ends[ALICE].dials.pop().unwrap();
    assert_eq!(
        (purpose, target.as_str()),
        (DialPurpose::Replace, "sip:carol@10.0.0.3")
    );
    assert!(
        !world.ends[ALICE].has_told("202 REFER"),
        "not before the driver permits it"
    );
    world.tell_dial(ALICE, DialNews::Progress { code: 100 });
    world.run(100);
    world.tell_dial(ALICE, ring());
    world.run(100);
    assert!(world.ends[BOB].events.is_empty(), "nothing is decided yet");
    world.tell_dial(ALICE, DialNews::Up);
    world.run(1_000);
    let good = [
        outcome(200, "OK"),
        CallEvent::Ended(EndReason::App(HangupCause::Normal)),
    ];
    assert_eq!(world.ends[BOB].events, good);
    assert_eq!(
        world.ends[ALICE].events,
        [CallEvent::Ended(EndReason::Remote)]
    );
    let notifies = world.ends[ALICE]
        .told()
        .iter()
        .filter(|told| *told == "NOTIFY")
        .count();
    assert_eq!(notifies, 3, "100, 180 and 200");
    world.assert_nothing_is_left();
}

#[test]
fn a_transfer_that_fails_leaves_the_call_up() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.tell_dial(ALICE, busy());
    world.run(1_000);
    assert_eq!(world.ends[BOB].events, [outcome(486, "Busy Here")]);
    world.command(BOB, refer("sip:dave@10.0.0.3"));
    world.run(100);
    assert_eq!(world.ends[ALICE].dials.len(), 2, "another may be tried");
    world.tell_dial(ALICE, DialNews::Up);
    world.run(1_000);
    assert!(world.ends[BOB].has(&outcome(200, "OK")));
    world.assert_nothing_is_left();
}

#[test]
fn a_number_is_referred_to_in_our_domain() {
    let targets = [
        ("+15551234", "<sip:+15551234@pbx.example.com>"),
        ("tel:+15551234", "<tel:+15551234>"),
        ("carol@example.org", "<sip:carol@example.org>"),
        (
            "SIP:carol@example.org;transport=tcp",
            "<SIP:carol@example.org;transport=tcp>",
        ),
    ];
    for (target, refer_to) in targets {
        let mut world = World::new();
        world.set(BOB, |settings| settings.domain = "pbx.example.com".into());
        world.come_up();
        world.command(BOB, refer(target));
        world.run(1);
        let sent = world.ends[BOB].sent.last().unwrap();
        assert_eq!(sent.header("Refer-To"), Some(refer_to));
    }
}

#[test]
fn a_target_that_is_no_uri_is_refused_here() {
    let mut world = World::up();
    for target in ["sip:", "sip:a@b@c>", "carol@<x>"] {
        world.command(BOB, refer(target));
        assert_eq!(
            world.ends[BOB].events.pop(),
            Some(refused(Why::Failed(416))),
            "{target}"
        );
    }
    assert!(world.ends[BOB].sent.is_empty());
}

#[test]
fn a_far_end_that_refuses_refer_gets_the_target_joined_to_it_here() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.tell_dial(ALICE, DialNews::Denied);
    world.run(100);
    assert!(world.ends[ALICE].has_told("603 REFER"));
    let (purpose, target, _) = world.ends[BOB].dials.pop().unwrap();
    assert_eq!(
        (purpose, target.as_str()),
        (DialPurpose::Join, "sip:carol@10.0.0.3")
    );
    world.tell_dial(BOB, ring());
    world.tell_dial(BOB, DialNews::Up);
    assert_eq!(world.ends[BOB].events, [outcome(200, "OK")]);
    world.run(10_000);
    assert!(world.end_reason(BOB).is_none(), "the leg lives on, joined");
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn a_bridge_never_asks_the_far_end() {
    let mut world = World::up();
    world.command(BOB, transfer("sip:carol@10.0.0.3", TransferMode::Bridge));
    world.run(100);
    assert!(world.ends[BOB].sent.is_empty());
    assert_eq!(world.ends[BOB].dials.len(), 1);
    world.tell_dial(BOB, busy());
    assert_eq!(world.ends[BOB].events, [outcome(486, "Busy Here")]);
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn where_nothing_may_be_dialled_the_reason_is_told() {
    let mut world = World::up();
    world.command(BOB, transfer("sip:carol@10.0.0.3", TransferMode::Bridge));
    world.tell_dial(BOB, DialNews::Denied);
    assert_eq!(world.ends[BOB].events.pop(), Some(refused(Why::Denied)));
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.tell_dial(ALICE, DialNews::Denied);
    world.run(100);
    world.tell_dial(BOB, DialNews::Denied);
    assert_eq!(
        world.ends[BOB].events.pop(),
        Some(refused(Why::Failed(603)))
    );
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn one_transfer_at_a_time() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.command(BOB, refer("sip:dave@10.0.0.3"));
    assert_eq!(world.ends[BOB].events, [refused(Why::NotNow)]);
    world.command(ALICE, refer("sip:erin@10.0.0.3"));
    world.run(100);
    assert!(world.ends[ALICE].has_told("REFER") && world.ends[BOB].has_told("603 REFER"));
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_leaves_before_it_tells_the_end_is_listened_to_a_little_longer() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.tell_dial(ALICE, DialNews::Progress { code: 100 });
    world.run(100);
    let owner = world.ends[ALICE].leg.as_ref().unwrap().owner();
    world.hang_up(ALICE);
    world.run(100);
    assert!(
        world.ends[BOB].events.is_empty(),
        "the outcome may still come"
    );
    world.act(
        ALICE,
        Action::Request {
            owner,
            request: notify_transfer(200, "OK"),
        },
    );
    world.run(100);
    let events = [outcome(200, "OK"), CallEvent::Ended(EndReason::Remote)];
    assert_eq!(world.ends[BOB].events, events);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_leaves_and_says_nothing_more_has_accepted() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.tell_dial(ALICE, DialNews::Progress { code: 100 });
    world.run(100);
    world.hang_up(ALICE);
    world.run(5_000);
    let events = [
        outcome(202, "Accepted"),
        CallEvent::Ended(EndReason::Remote),
    ];
    assert_eq!(world.ends[BOB].events, events);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_never_tells_the_end_keeps_the_call() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.tell_dial(ALICE, DialNews::Progress { code: 100 });
    world.run(181_000);
    assert_eq!(world.ends[BOB].events, [outcome(408, "Request Timeout")]);
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_stays_after_its_refer_was_carried_out_is_let_go() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.network.set_conditions(world::cut());
    world.tell_dial(ALICE, DialNews::Up);
    world.run(5_000);
    assert_eq!(
        world.ends[ALICE].events,
        [CallEvent::Ended(EndReason::Remote)]
    );
    world.network.set_conditions(world::good());
    world.assert_nothing_is_left();
}

#[test]
fn a_refer_we_cannot_follow_starts_nothing() {
    let wrong = [
        (None, "400 REFER"),
        (Some("<sip:>"), "400 REFER"),
        (Some("<sip:carol@10.0.0.3;method=BYE>"), "603 REFER"),
        (
            Some("<sip:carol@10.0.0.3?Replaces=1%40x%3Bto-tag%3Da%3Bfrom-tag%3Db>"),
            "603 REFER",
        ),
    ];
    for (refer_to, answer) in wrong {
        let mut world = World::up();
        let mut request = DialogRequest::new(Method::Refer);
        if let Some(refer_to) = refer_to {
            request
                .headers
                .push(("Refer-To".into(), refer_to.to_owned()));
        }
        let owner = world.ends[ALICE].leg.as_ref().unwrap().owner();
        world.act(ALICE, Action::Request { owner, request });
        world.run(100);
        assert_eq!(world.ends[BOB].told(), [answer], "{refer_to:?}");
        assert!(world.ends[BOB].dials.is_empty());
        world.hang_up(BOB);
        world.assert_nothing_is_left();
    }
}

#[test]
fn a_call_that_ends_while_a_refer_waits_answers_it() {
    let mut world = World::up();
    world.command(BOB, refer("sip:carol@10.0.0.3"));
    world.run(100);
    world.hang_up(ALICE);
    world.run(10_000);
    assert!(world.ends[ALICE].has_told("603 REFER"));
    assert!(world.end_reason(BOB).is_some());
    world.assert_nothing_is_left();
}
