//! Requests within a dialog: order, glare, routes, targets.

use crate::bench::{Bench, response};
use std::time::Duration;
use trunkline_sip::endpoint::{Action, Event, Failure};
use trunkline_sip::{Message, Method, Name};

#[test]
fn a_request_out_of_order_gets_500() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_up();
    let late = bench.in_dialog(&ok, "INFO", 9, &[]);
    bench.receive(&late);
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::Request { .. }]
    ));
    let early = bench.in_dialog(&ok, "INFO", 8, &[]);
    bench.receive(&early);
    assert_eq!(bench.statuses(), [500]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_request_of_a_dialog_that_does_not_exist_gets_481_and_an_ack_nothing() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_up();
    for (method, to) in [("BYE", ";tag=none"), ("INVITE", ";tag=none"), ("BYE", "")] {
        let request = bench.peer_request(method, 5, &[]).replace(
            "To: <sip:bob@10.0.0.1>",
            &format!("To: <sip:bob@10.0.0.1>{to}"),
        );
        bench.receive(&request);
        assert_eq!(bench.statuses(), [481], "{method}{to}");
    }
    let ack = bench
        .in_dialog(&ok, "ACK", 1, &[])
        .replace("tag=peer", "tag=somebody");
    bench.receive(&ack);
    assert!(bench.take_sent().is_empty());
    // The right tags with another Call-ID are another dialog.
    let bye = bench
        .in_dialog(&ok, "BYE", 5, &[])
        .replace("call-1", "call-2");
    bench.receive(&bye);
    assert_eq!(bench.statuses(), [481]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_re_invite_is_answered_with_the_tags_it_has_and_moves_the_target() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_up();
    let moved = "Contact: <sip:alice@10.0.0.2:5099>";
    let invite = bench.in_dialog(&ok, "INVITE", 2, &[moved]);
    bench.receive(&invite);
    let events = bench.take_events();
    let [Event::Request { transaction, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    bench.respond(*transaction, 200);
    let again = bench.only_sent();
    assert_eq!(again.header(Name::To), ok.header(Name::To));
    let ack = bench.in_dialog(&again, "ACK", 2, &[]);
    bench.receive(&ack);
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::Acknowledged { .. }]
    ));
    bench.hangup(owner);
    let transmit = bench.sent.pop().expect("a BYE");
    assert_eq!(
        transmit.message.request_uri_str(),
        Some("sip:alice@10.0.0.2:5099")
    );
    assert_eq!(transmit.path.remote.port(), 5099);
}

#[test]
fn a_second_re_invite_before_the_answer_of_the_first_gets_500_with_retry_after() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_up();
    for cseq in [2, 3] {
        let invite = bench.in_dialog(&ok, "INVITE", cseq, &[]);
        bench.receive(&invite);
    }
    let refusal = bench.only_sent();
    assert_eq!(refusal.status(), Some(500));
    let after: u32 = refusal
        .header(Name::RetryAfter)
        .expect("Retry-After")
        .parse()
        .unwrap();
    assert!(after <= 10);
}

#[test]
fn a_re_invite_that_meets_ours_gets_491_and_ours_may_be_tried_again() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_up();
    bench.ask(owner, Method::Invite);
    let ours = bench.only_sent();
    let theirs = bench.in_dialog(&ok, "INVITE", 2, &[]);
    bench.receive(&theirs);
    assert_eq!(bench.statuses(), [491]);
    bench.receive(&response(&ours, 491, "", &[]));
    assert_eq!(bench.only_sent().method(), Some(&Method::Ack));
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::Response { .. }]
    ));
    // The peer made the Call-ID, so we wait for 2 seconds at most (RFC 3261 §14.1).
    bench.wait(Duration::from_secs(2));
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::GlareOver { .. }]
    ));
    bench.take_sent();
    bench.ask(owner, Method::Invite);
    assert_eq!(bench.only_sent().method(), Some(&Method::Invite));
}

#[test]
fn whoever_made_the_call_id_waits_longer_after_glare() {
    let mut bench = Bench::new();
    let (owner, ..) = bench.we_are_up();
    bench.ask(owner, Method::Invite);
    let invite = bench.only_sent();
    bench.receive(&response(&invite, 491, "", &[]));
    bench.take_events();
    bench.wait(Duration::from_millis(2_099));
    assert!(bench.take_events().is_empty());
    bench.wait(Duration::from_millis(1_901));
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::GlareOver { .. }]
    ));
}

#[test]
fn a_re_invite_before_the_ack_of_the_last_answer_gets_491() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_answered();
    let invite = bench.in_dialog(&ok, "INVITE", 2, &[]);
    bench.receive(&invite);
    assert_eq!(bench.statuses(), [491]);
}

#[test]
fn our_second_invite_in_a_dialog_waits_its_turn() {
    let mut bench = Bench::new();
    let (owner, ..) = bench.we_are_up();
    bench.ask(owner, Method::Invite);
    bench.take_sent();
    bench.ask(owner, Method::Invite);
    assert!(bench.take_sent().is_empty());
    let events = bench.take_events();
    assert!(matches!(
        events.as_slice(),
        [Event::Failed {
            why: Failure::InProgress,
            ..
        }]
    ));
}

#[test]
fn an_update_with_an_offer_that_meets_one_of_ours_gets_491() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_up();
    bench.ask(owner, Method::Invite);
    bench.take_sent();
    let update = bench.in_dialog(&ok, "UPDATE", 2, &["Content-Type: application/sdp"]);
    let update = update.replace(
        "Content-Length: 0\r\n\r\n",
        "Content-Length: 5\r\n\r\nv=0\r\n",
    );
    bench.receive(&update);
    assert_eq!(bench.statuses(), [491]);
    // Without an offer there is nothing to meet (RFC 3311 §5.2).
    let update = bench.in_dialog(&ok, "UPDATE", 3, &[]);
    bench.receive(&update);
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::Request { .. }]
    ));
}

#[test]
fn a_strict_router_gets_the_request_uri_it_wants() {
    let mut bench = Bench::new();
    let (owner, invite) = bench.we_call();
    let routes = "Record-Route: <sip:10.0.0.9;lr>, <sip:10.0.0.8;x=y>";
    let contact = "Contact: <sip:alice@10.0.0.2:5060>";
    bench.receive(&response(&invite, 200, "peer", &[routes, contact]));
    bench.act(Action::Ack { owner, body: None });
    // The route set of a caller is the Record-Route turned round (RFC 3261 §12.1.2).
    let ack = bench.only_sent();
    assert_eq!(ack.request_uri_str(), Some("sip:10.0.0.8;x=y"));
    let routes: Vec<_> = ack.headers(Name::Route).collect();
    assert_eq!(routes, ["<sip:10.0.0.9;lr>", "<sip:alice@10.0.0.2:5060>"]);
}

#[test]
fn a_peer_that_does_not_know_the_dialog_any_more_ends_the_call() {
    let mut bench = Bench::new();
    let (owner, ..) = bench.we_are_up();
    bench.ask(owner, Method::Info);
    let info = bench.only_sent();
    bench.receive(&response(&info, 481, "", &[]));
    assert_eq!(bench.only_sent().method(), Some(&Method::Bye));
    bench.assert_empties();
}

#[test]
fn crossing_byes_both_get_their_answer() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_up();
    bench.hangup(owner);
    let ours = bench.only_sent();
    let theirs = bench.in_dialog(&ok, "BYE", 2, &[]);
    bench.receive(&theirs);
    assert_eq!(bench.statuses(), [200]);
    bench.receive(&response(&ours, 481, "", &[]));
    bench.assert_empties();
    let closed = |event: &Event| matches!(event, Event::Closed { .. });
    assert_eq!(
        bench
            .take_events()
            .iter()
            .filter(|event| closed(event))
            .count(),
        1
    );
}

#[test]
fn a_body_we_cannot_read_does_not_reach_the_call() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_up();
    let invite = bench.in_dialog(&ok, "INVITE", 2, &["Content-Type: application/fax"]);
    bench.receive(&invite.replace("Content-Length: 0\r\n\r\n", "Content-Length: 1\r\n\r\nx"));
    let refusal = bench.only_sent();
    assert_eq!(refusal.status(), Some(415));
    assert_eq!(refusal.header(Name::Accept), Some("application/sdp"));
    assert!(bench.take_events().is_empty());
}

#[test]
fn options_in_a_call_is_answered_without_asking_its_user() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_up();
    let options = bench.in_dialog(&ok, "OPTIONS", 2, &[]);
    bench.receive(&options);
    assert_eq!(
        bench.take_sent().first().and_then(Message::status),
        Some(200)
    );
    assert!(bench.take_events().is_empty());
}

#[test]
fn an_invite_that_waits_when_the_call_ends_gets_487() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_up();
    bench.ask(owner, Method::Info);
    let info = bench.only_sent();
    let invite = bench.in_dialog(&ok, "INVITE", 2, &[]);
    bench.receive(&invite);
    bench.receive(&response(&info, 481, "", &[]));
    let bye = bench.only_sent();
    bench.receive(&response(&bye, 200, "", &[]));
    assert_eq!(bench.statuses(), [487]);
    bench.assert_empties();
}
