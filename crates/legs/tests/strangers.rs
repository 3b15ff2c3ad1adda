//! Far ends that are not like us: each response is written by hand.

mod world;

use trunkline_call::{
    CallCommand, CallEvent, CommandKind, Digit, EndReason, GatewayReason, HangupCause, Headers,
    Target, TransferMode, TransferOutcome, Why,
};
use trunkline_legs::Leg;
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint;
use trunkline_sip::{Builder, Message, Method, Name};
use world::{ALICE, BOB, World};

const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
                      m=audio 10000 RTP/AVP 0\r\n";

/// Alice calls somebody who is played by hand.
fn call() -> World {
    let mut world = World::new();
    world.ends[BOB].deaf = true;
    world.dial();
    world.run(10);
    world
}

/// A response of one branch of the call to Alice's last request but ACK.
fn response(world: &World, status: u16, tag: &str, sdp: &str) -> Message {
    let is_answered = |message: &&Message| message.method() != Some(&Method::Ack);
    let invite = world.ends[ALICE]
        .sent
        .iter()
        .rev()
        .find(is_answered)
        .unwrap();
    let mut builder = Builder::response(status, "Whatever");
    for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
        builder = builder.header(name, invite.header(name).unwrap());
    }
    builder = builder
        .to_tag(tag)
        .header(Name::Contact, format!("<sip:{tag}@10.0.0.2>"));
    if !sdp.is_empty() {
        builder = builder.body("application/sdp", sdp);
    }
    builder.build()
}

fn say(world: &mut World, status: u16, tag: &str, sdp: &str) {
    let message = response(world, status, tag, sdp);
    world.deliver(ALICE, message);
    world.run(50);
}

/// The requests of this method that Alice sent, each as the tag it went to.
fn sent_to(world: &World, method: &str) -> Vec<String> {
    let is_wanted = |message: &&Message| message.method().is_some_and(|m| m.as_str() == method);
    let sent = world.ends[ALICE].sent.iter().filter(is_wanted);
    sent.map(|message| message.to().unwrap().tag().unwrap_or_default().to_owned())
        .collect()
}

/// Alice asks the far end to go to Carol.
fn refer(world: &mut World) {
    let transfer = CallCommand::Transfer {
        target: Target::new("sip:carol@10.0.0.3").unwrap(),
        headers: Headers::default(),
        mode: TransferMode::Refer,
    };
    world.command(ALICE, transfer);
    world.run(50);
}

#[test]
fn of_a_fork_the_first_answer_wins_and_the_other_is_ended() {
    let mut world = call();
    say(&mut world, 180, "desk", "");
    say(&mut world, 183, "mobile", ANSWER);
    assert_eq!(world.ends[ALICE].events, [CallEvent::Ringing], "told once");
    say(&mut world, 200, "mobile", ANSWER);
    say(&mut world, 200, "desk", ANSWER);
    assert_eq!(
        world.ends[ALICE].events,
        [CallEvent::Ringing, CallEvent::Answered]
    );
    assert_eq!(sent_to(&world, "ACK"), ["mobile", "desk"]);
    assert_eq!(sent_to(&world, "BYE"), ["desk"]);
    world.hang_up(ALICE);
    world.run(50);
    assert_eq!(
        world.end_reason(ALICE),
        Some(EndReason::App(HangupCause::Normal))
    );
    world.assert_nothing_is_left();
}

#[test]
fn an_answer_sent_early_and_left_out_later_is_taken() {
    let mut world = call();
    say(&mut world, 183, "bob", ANSWER);
    assert_eq!(
        world.ends[ALICE].events,
        [CallEvent::Ringing],
        "early media is not an answer"
    );
    say(&mut world, 200, "bob", "");
    assert_eq!(
        world.ends[ALICE].events,
        [CallEvent::Ringing, CallEvent::Answered]
    );
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn a_2xx_that_answers_nothing_is_acknowledged_and_ended() {
    for sdp in ["", "nonsense", &ANSWER.replace("AVP 0", "AVP 18")] {
        let mut world = call();
        say(&mut world, 200, "bob", sdp);
        let none = EndReason::Gateway(GatewayReason::NoCommonCodec);
        assert_eq!(world.end_reason(ALICE), Some(none), "{sdp}");
        assert_eq!(world.ends[ALICE].told(), ["INVITE", "ACK", "BYE"]);
        world.assert_nothing_is_left();
    }
}

#[test]
fn every_refusal_is_told_as_it_was_said_and_a_redirection_is_one() {
    for status in [302, 403, 404, 486, 503, 603] {
        let mut world = call();
        say(&mut world, status, "bob", "");
        let refused = EndReason::Upstream {
            code: status,
            text: "Whatever".into(),
        };
        assert_eq!(world.end_reason(ALICE), Some(refused));
        world.assert_nothing_is_left();
    }
}

/// A call that is up, its far end played by hand from here on.
fn up() -> World {
    let mut world = call();
    say(&mut world, 200, "bob", ANSWER);
    assert_eq!(world.ends[ALICE].events, [CallEvent::Answered]);
    world.forget();
    world
}

fn refused(command: CommandKind, code: u16) -> CallEvent {
    CallEvent::Refused {
        command,
        why: Why::Failed(code),
    }
}

fn is_held(world: &World) -> bool {
    world.ends[ALICE].leg.as_ref().unwrap().describe().held
}

/// Bob's request in the dialog of Alice's last request, by hand.
fn ask(world: &mut World, method: Method, cseq: u32, headers: &[(&'static str, &str)], body: &str) {
    let asked = world.ends[ALICE].sent.last().unwrap();
    let (ours, theirs) = (
        asked.header(Name::From).unwrap(),
        asked.header(Name::To).unwrap(),
    );
    let mut builder = Builder::request(method.clone(), "sip:alice@10.0.0.1")
        .header(
            Name::Via,
            format!("SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKbob{cseq}"),
        )
        .header(Name::From, theirs)
        .header(Name::To, ours)
        .header(Name::CallId, asked.header(Name::CallId).unwrap())
        .header(Name::CSeq, format!("{cseq} {method}"))
        .header(Name::Contact, "<sip:bob@10.0.0.2>");
    for (name, value) in headers {
        builder = builder.header(*name, value);
    }
    let message = builder.body("message/sipfrag", body).build();
    world.deliver(ALICE, message);
    world.run(50);
}

#[test]
fn a_hold_that_is_refused_is_taken_back_and_told() {
    let mut world = up();
    world.command(ALICE, CallCommand::Hold);
    world.run(50);
    say(&mut world, 488, "bob", "");
    assert_eq!(world.ends[ALICE].events, [refused(CommandKind::Hold, 488)]);
    assert!(!is_held(&world));
    world.command(ALICE, CallCommand::Hold);
    world.run(50);
    say(&mut world, 200, "bob", ANSWER);
    assert!(is_held(&world), "it may be tried again");
    world.command(ALICE, CallCommand::Resume);
    world.run(50);
    say(&mut world, 500, "bob", "");
    assert!(is_held(&world), "the far end still has us for holding");
    assert_eq!(
        world.ends[ALICE].events.pop(),
        Some(refused(CommandKind::Resume, 500))
    );
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn a_hold_answered_with_nothing_is_acknowledged_and_taken_back() {
    let mut world = up();
    world.command(ALICE, CallCommand::Hold);
    world.run(50);
    say(&mut world, 200, "bob", "");
    assert_eq!(world.ends[ALICE].told(), ["INVITE", "ACK"]);
    assert_eq!(world.ends[ALICE].events, [refused(CommandKind::Hold, 488)]);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_knows_the_call_no_more_has_ended_it() {
    let digit = Digit::from_char('1').unwrap();
    let press = CallCommand::SendDtmf {
        digit,
        duration_ms: 100,
    };
    for command in [CallCommand::Hold, press] {
        let mut world = up();
        world.command(ALICE, command);
        world.run(50);
        say(&mut world, 481, "bob", "");
        let gone = EndReason::Upstream {
            code: 481,
            text: "Whatever".into(),
        };
        assert_eq!(world.end_reason(ALICE), Some(gone));
        world.assert_nothing_is_left();
    }
}

#[test]
fn a_notify_that_overtakes_the_202_counts_as_one() {
    let mut world = up();
    refer(&mut world);
    let subscription = [
        ("Event", "refer"),
        ("Subscription-State", "terminated;reason=noresource"),
    ];
    ask(
        &mut world,
        Method::Notify,
        1,
        &subscription,
        "SIP/2.0 486 Busy Here\r\n",
    );
    let outcome = TransferOutcome {
        code: 486,
        text: "Busy Here".into(),
    };
    assert_eq!(world.ends[ALICE].events, [CallEvent::Transferred(outcome)]);
    assert!(world.ends[ALICE].dials.is_empty());
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn a_far_end_that_leaves_without_a_word_about_the_refer_has_not_accepted_it() {
    let mut world = up();
    refer(&mut world);
    ask(&mut world, Method::Bye, 1, &[], "");
    assert!(world.ends[ALICE].events.is_empty());
    world.run(5_000);
    let events = [
        refused(CommandKind::Transfer, 408),
        CallEvent::Ended(EndReason::Remote),
    ];
    assert_eq!(world.ends[ALICE].events, events);
    world.assert_nothing_is_left();
}

#[test]
fn a_challenge_is_answered_once() {
    for (password, up) in [("right", true), ("wrong", false)] {
        let mut config = endpoint::EndpointConfig::default();
        let user = trunkline_sip::user_agent::User {
            name: "alice".into(),
            password: "right".into(),
        };
        config.agent.admission.users.push(user);
        let mut world = World::new();
        world.ends[BOB].endpoint = endpoint::Endpoint::new(config, [9; 32]);
        world.dial_with(|request| {
            request.credentials = Some(Account {
                username: "alice".into(),
                password: password.into(),
                realm: None,
            });
        });
        world.run(200);
        world.command(BOB, CallCommand::Answer);
        world.run(200);
        assert_eq!(world.ends[ALICE].has(&CallEvent::Answered), up);
        let invites = world.ends[ALICE]
            .told()
            .iter()
            .filter(|told| *told == "INVITE")
            .count();
        assert_eq!(invites, 2, "one without proof, one with");
        if !up {
            let code = world.end_reason(ALICE).and_then(|reason| reason.code());
            assert!(matches!(code, Some(401 | 403 | 407)), "{code:?}");
        }
        world.hang_up(ALICE);
        world.assert_nothing_is_left();
    }
}
