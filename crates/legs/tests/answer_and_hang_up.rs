//! A call is answered, refused, given up, and ended: by either side, and by the clock.

mod world;

use std::time::Duration;

use trunkline_call::{
    CallCommand, CallEvent, CommandKind, EndReason, GatewayReason, HangupCause, Why,
};
use trunkline_legs::Input;
use trunkline_media::codec::Codec;
use trunkline_sip::endpoint::Action;
use world::{ALICE, BOB, World};

const REMOTE: EndReason = EndReason::Remote;

fn app(cause: HangupCause) -> EndReason {
    EndReason::App(cause)
}

#[test]
fn a_call_rings_is_answered_and_ended_by_the_caller() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Ring);
    world.run(100);
    assert_eq!(world.ends[ALICE].events, [CallEvent::Ringing]);
    world.command(BOB, CallCommand::Answer);
    world.run(1_000);
    assert_eq!(
        world.ends[ALICE].events,
        [CallEvent::Ringing, CallEvent::Answered]
    );
    assert_eq!(world.ends[BOB].events, [CallEvent::Answered]);
    world.hang_up(ALICE);
    world.run(1_000);
    assert_eq!(world.end_reason(ALICE), Some(app(HangupCause::Normal)));
    assert_eq!(world.end_reason(BOB), Some(REMOTE));
    world.assert_nothing_is_left();
    assert_eq!(world.ends[ALICE].told(), ["INVITE", "ACK", "BYE"]);
    assert_eq!(
        world.ends[BOB].told(),
        ["180 INVITE", "200 INVITE", "200 BYE"]
    );
}

#[test]
fn the_called_side_may_hang_up_too() {
    let mut world = World::up();
    world.hang_up(BOB);
    world.run(1_000);
    assert_eq!(world.end_reason(BOB), Some(app(HangupCause::Normal)));
    assert_eq!(world.end_reason(ALICE), Some(REMOTE));
    world.assert_nothing_is_left();
}

#[test]
fn every_cause_refuses_with_its_status_and_the_caller_learns_it() {
    let causes = [
        (HangupCause::Normal, 480),
        (HangupCause::Rejected, 603),
        (HangupCause::Busy, 486),
        (HangupCause::NotFound, 404),
        (HangupCause::Error, 500),
    ];
    for (cause, status) in causes {
        let mut world = World::new();
        world.dial();
        world.run(100);
        world.command(BOB, CallCommand::Hangup(cause));
        world.run(1_000);
        assert_eq!(world.end_reason(BOB), Some(app(cause)));
        let Some(EndReason::Upstream { code, .. }) = world.end_reason(ALICE) else {
            panic!("{:?}", world.ends[ALICE].events);
        };
        assert_eq!(code, status);
        world.assert_nothing_is_left();
    }
}

#[test]
fn a_gateway_without_room_says_when_to_come_back() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.input(BOB, Input::End(GatewayReason::Overload));
    world.run(1_000);
    let refusal = world.ends[BOB]
        .sent
        .iter()
        .find(|sent| sent.status() == Some(503))
        .unwrap();
    assert!(refusal.header("Retry-After").is_some());
    let overload = EndReason::Gateway(GatewayReason::Overload);
    assert_eq!(world.end_reason(BOB), Some(overload));
    world.assert_nothing_is_left();
}

#[test]
fn a_caller_who_gives_up_cancels() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Ring);
    world.run(100);
    world.hang_up(ALICE);
    world.run(1_000);
    assert_eq!(world.end_reason(ALICE), Some(app(HangupCause::Normal)));
    assert_eq!(world.end_reason(BOB), Some(REMOTE));
    assert!(world.ends[BOB].has_told("487 INVITE"));
    world.assert_nothing_is_left();
}

#[test]
fn a_caller_who_gives_up_at_once_cancels_as_soon_as_he_may() {
    let mut world = World::new();
    world.dial();
    world.hang_up(ALICE);
    assert_eq!(world.end_reason(ALICE), Some(app(HangupCause::Normal)));
    assert!(
        !world.ends[ALICE].has_told("CANCEL"),
        "no response has come yet"
    );
    world.run(2_000);
    assert!(world.ends[ALICE].has_told("CANCEL"));
    assert_eq!(world.end_reason(BOB), Some(REMOTE));
    world.assert_nothing_is_left();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Ring);
    world.run(100);
    world.command(BOB, CallCommand::Answer);
    world.run(1);
    world.hang_up(ALICE);
    world.run(1_000);
    assert_eq!(world.end_reason(ALICE), Some(app(HangupCause::Normal)));
    assert_eq!(world.end_reason(BOB), Some(REMOTE));
    assert!(world.ends[ALICE].has_told("ACK") && world.ends[ALICE].has_told("BYE"));
    world.assert_nothing_is_left();
}

#[test]
fn nobody_answers_for_as_long_as_is_allowed() {
    let mut world = World::new();
    world.set(ALICE, |settings| {
        settings.no_answer = Duration::from_secs(20)
    });
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Ring);
    world.run(19_800);
    assert_eq!(world.end_reason(ALICE), None);
    world.run(200);
    let no_answer = EndReason::Gateway(GatewayReason::NoAnswer);
    assert_eq!(world.end_reason(ALICE), Some(no_answer));
    world.run(1_000);
    assert_eq!(world.end_reason(BOB), Some(REMOTE));
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_is_not_there_is_a_signalling_timeout() {
    let mut world = World::new();
    world.set(ALICE, |settings| {
        settings.no_answer = Duration::from_secs(60)
    });
    world.network.set_conditions(world::cut());
    world.dial();
    world.run(40_000);
    let timeout = EndReason::Gateway(GatewayReason::SignallingTimeout);
    assert_eq!(world.end_reason(ALICE), Some(timeout));
    world.assert_nothing_is_left();
}

#[test]
fn an_answer_never_acknowledged_ends_the_call() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Answer);
    world.network.set_conditions(world::cut());
    world.run(40_000);
    let no_ack = EndReason::Gateway(GatewayReason::NoAck);
    assert_eq!(world.end_reason(BOB), Some(no_ack));
    assert!(world.ends[BOB].has_told("BYE"));
    world.network.set_conditions(world::good());
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn a_late_offer_is_made_in_the_200_and_answered_in_the_ack() {
    let mut world = World::new();
    world.set(ALICE, |settings| settings.late_offer = true);
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Answer);
    assert!(
        world.ends[BOB].events.is_empty(),
        "up only once the ACK brings the answer"
    );
    world.run(100);
    assert_eq!(world.ends[ALICE].events, [CallEvent::Answered]);
    assert_eq!(world.ends[BOB].events, [CallEvent::Answered]);
    assert!(world.ends[ALICE].sent[0].body().is_empty());
    assert!(
        !world.ends[ALICE].sent[1].body().is_empty(),
        "the ACK carries the answer"
    );
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn nothing_in_common_is_refused_before_anybody_is_bothered() {
    let mut world = World::new();
    world.set(ALICE, |settings| settings.codecs = vec![Codec::Pcma]);
    world.set(BOB, |settings| settings.codecs = vec![Codec::Pcmu]);
    world.dial();
    world.run(1_000);
    let none = EndReason::Gateway(GatewayReason::NoCommonCodec);
    assert_eq!(world.end_reason(BOB), Some(none));
    let refusal = world.ends[BOB]
        .sent
        .iter()
        .find(|sent| sent.status() == Some(488))
        .unwrap();
    assert!(
        refusal
            .header("Warning")
            .is_some_and(|warning| warning.starts_with("305 "))
    );
    assert!(matches!(
        world.end_reason(ALICE),
        Some(EndReason::Upstream { code: 488, .. })
    ));
    world.assert_nothing_is_left();
}

#[test]
fn nothing_in_common_with_a_late_offer_ends_after_the_ack() {
    let mut world = World::new();
    world.set(ALICE, |settings| {
        settings.late_offer = true;
        settings.codecs = vec![Codec::Pcma];
    });
    world.set(BOB, |settings| settings.codecs = vec![Codec::Pcmu]);
    world.dial();
    world.run(100);
    world.command(BOB, CallCommand::Answer);
    world.run(1_000);
    let none = EndReason::Gateway(GatewayReason::NoCommonCodec);
    assert_eq!(world.end_reason(ALICE), Some(none.clone()));
    assert_eq!(world.end_reason(BOB), Some(none), "the ACK has no answer");
    world.assert_nothing_is_left();
}

#[test]
fn a_call_ends_at_its_longest() {
    let mut world = World::new();
    world.set(BOB, |settings| {
        settings.longest_call = Some(Duration::from_secs(30))
    });
    world.come_up();
    world.run(29_000);
    assert_eq!(world.end_reason(BOB), None);
    world.run(1_000);
    let limit = EndReason::Gateway(GatewayReason::DurationLimit);
    assert_eq!(world.end_reason(BOB), Some(limit));
    let bye = world.ends[BOB].sent.last().unwrap();
    let reason = "SIP;cause=500;text=\"duration_limit\"";
    assert_eq!(
        bye.header("Reason"),
        Some(reason),
        "the far end is told why"
    );
    world.assert_nothing_is_left();
}

#[test]
fn both_hang_up_at_once() {
    let mut world = World::up();
    world.hang_up(ALICE);
    world.hang_up(BOB);
    world.run(1_000);
    for who in [ALICE, BOB] {
        assert_eq!(world.end_reason(who), Some(app(HangupCause::Normal)));
    }
    world.assert_nothing_is_left();
}

#[test]
fn a_command_before_its_time_is_refused_and_starts_nothing() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    let early = [
        CallCommand::Play(vec![0; 320].into()),
        CallCommand::Clear,
        CallCommand::Hold,
        CallCommand::Resume,
        CallCommand::Answer,
        CallCommand::Ring,
    ];
    for command in early {
        let refused = CallEvent::Refused {
            command: command.kind(),
            why: Why::NotNow,
        };
        world.command(ALICE, command);
        assert_eq!(world.ends[ALICE].events.pop(), Some(refused));
    }
    world.command(BOB, CallCommand::Answer);
    world.run(100);
    world.ends[BOB].events.clear();
    world.command(BOB, CallCommand::Answer);
    let refused = CallEvent::Refused {
        command: CommandKind::Answer,
        why: Why::NotNow,
    };
    assert_eq!(world.ends[BOB].events, [refused], "a call is answered once");
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn a_request_on_its_way_to_a_leg_that_has_ended_still_gets_an_answer() {
    let mut world = World::up();
    world
        .threads
        .set_conditions(trunkline_testkit::Conditions::perfect(
            Duration::from_millis(5),
        ));
    let info = trunkline_sip::endpoint::DialogRequest::new(trunkline_sip::Method::Info);
    let owner = world.ends[ALICE].leg.as_ref().unwrap().owner();
    world.act(
        ALICE,
        Action::Request {
            owner,
            request: info,
        },
    );
    world.run(10);
    world.hang_up(BOB);
    world.run(1_000);
    let told = world.ends[BOB].told();
    assert!(told.iter().any(|told| told.ends_with(" INFO")), "{told:?}");
    world.assert_nothing_is_left();
}
