//! Calls that come in.

use crate::bench::{Bench, response};
use std::time::Duration;
use trunkline_sip::endpoint::Event;
use trunkline_sip::{Message, Method, Name};

#[test]
fn a_call_is_offered_answered_acknowledged_and_ended_by_the_caller() {
    let mut bench = Bench::new();
    let (owner, transaction, _) = bench.peer_calls();
    bench.respond(transaction, 180);
    let ringing = bench.only_sent();
    assert_eq!(ringing.status(), Some(180));
    let tag = ringing.to().unwrap().tag().expect("a tag").to_owned();
    assert_eq!(
        ringing.header(Name::Contact),
        Some("<sip:bob@10.0.0.1:5060>")
    );
    bench.respond(transaction, 200);
    let ok = bench.only_sent();
    assert_eq!(
        ok.to().unwrap().tag(),
        Some(tag.as_str()),
        "one tag for all responses"
    );
    assert!(ok.header(Name::Allow).expect("Allow").contains("INVITE"));
    let ack = bench.in_dialog(&ok, "ACK", 1, &[]);
    bench.receive(&ack);
    let bye = bench.in_dialog(&ok, "BYE", 2, &[]);
    bench.receive(&bye);
    assert_eq!(bench.statuses(), [200]);
    let events = bench.take_events();
    assert!(matches!(
        events.as_slice(),
        [Event::Acknowledged { .. }, Event::Bye { .. }, Event::Closed { owner: closed }] if *closed == owner
    ));
    bench.assert_empties();
}

#[test]
fn a_retransmitted_invite_gets_the_same_answer() {
    let mut bench = Bench::new();
    let (_, transaction, invite) = bench.peer_calls();
    bench.receive(&invite);
    assert_eq!(bench.statuses(), [100], "nothing else has been said yet");
    bench.respond(transaction, 180);
    let first = bench.only_sent();
    bench.receive(&invite);
    assert_eq!(bench.only_sent(), first);
    bench.respond(transaction, 486);
    let refusal = bench.only_sent();
    bench.receive(&invite);
    assert_eq!(bench.only_sent(), refusal);
    bench.assert_closed();
    bench.assert_empties();
}

#[test]
fn a_slow_user_has_its_100_sent_without_a_tag() {
    let mut bench = Bench::new();
    bench.peer_calls();
    bench.wait(Duration::from_millis(199));
    assert!(bench.take_sent().is_empty());
    bench.wait(Duration::from_millis(1));
    let trying = bench.only_sent();
    assert_eq!(trying.status(), Some(100));
    assert_eq!(trying.to().unwrap().tag(), None);
}

#[test]
fn a_2xx_is_repeated_until_the_ack_even_over_tcp() {
    for mut bench in [Bench::new(), Bench::over_tcp()] {
        let (_, ok) = bench.peer_is_answered();
        bench.wait(Duration::from_millis(3_600));
        assert_eq!(bench.take_sent(), vec![ok.clone(); 3]);
        let ack = bench.in_dialog(&ok, "ACK", 1, &[]);
        bench.receive(&ack);
        bench.receive(&ack);
        bench.wait(Duration::from_secs(60));
        assert!(bench.take_sent().is_empty());
        assert!(matches!(
            bench.take_events().as_slice(),
            [Event::Acknowledged { .. }]
        ));
    }
}

#[test]
fn a_2xx_that_nobody_acknowledges_is_followed_by_bye() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_answered();
    bench.wait(Duration::from_secs(32));
    let sent = bench.take_sent();
    let repeats = sent.iter().filter(|message| **message == ok).count();
    assert_eq!(repeats, 10);
    assert_eq!(sent.last().and_then(Message::method), Some(&Method::Bye));
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::NeverAcknowledged { .. }]
    ));
    bench.assert_empties();
}

#[test]
fn a_bye_waits_for_the_ack_of_the_2xx() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_answered();
    assert!(!bench.endpoint.is_taking_leave());
    bench.hangup(owner);
    assert!(bench.take_sent().is_empty());
    assert!(bench.endpoint.is_taking_leave(), "nobody was told");
    let ack = bench.in_dialog(&ok, "ACK", 1, &[]);
    bench.receive(&ack);
    let bye = bench.only_sent();
    assert_eq!(bye.method(), Some(&Method::Bye));
    assert!(bench.endpoint.is_taking_leave(), "it may have been lost");
    bench.receive(&response(&bye, 200, "", &[]));
    assert!(!bench.endpoint.is_taking_leave());
    bench.assert_empties();
}

#[test]
fn a_hangup_before_the_answer_is_a_refusal() {
    let mut bench = Bench::new();
    let (owner, _, _) = bench.peer_calls();
    bench.hangup(owner);
    assert_eq!(bench.statuses(), [480]);
    bench.assert_closed();
    bench.assert_empties();
}

#[test]
fn a_cancel_gets_its_200_and_its_invite_a_487() {
    let mut bench = Bench::new();
    let (_, transaction, invite) = bench.peer_calls();
    bench.respond(transaction, 180);
    let ringing = bench.only_sent();
    let cancel = invite
        .replace("INVITE sip", "CANCEL sip")
        .replace("1 INVITE", "1 CANCEL");
    bench.receive(&cancel);
    let sent = bench.take_sent();
    let statuses: Vec<_> = sent.iter().filter_map(Message::status).collect();
    assert_eq!(statuses, [200, 487]);
    let tag = ringing.to().unwrap().tag();
    assert!(
        sent.iter().all(|answer| answer.to().unwrap().tag() == tag),
        "one tag for all"
    );
    let events = bench.take_events();
    assert!(matches!(
        events.as_slice(),
        [Event::Cancelled { .. }, Event::Closed { .. }]
    ));
    // The answer of a user that did not know comes too late, and does nothing.
    bench.respond(transaction, 200);
    assert!(bench.take_sent().is_empty());
    bench.assert_empties();
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut bench = Bench::new();
    let (_, transaction, invite) = bench.peer_calls();
    bench.respond(transaction, 200);
    bench.take_sent();
    let cancel = invite
        .replace("INVITE sip", "CANCEL sip")
        .replace("1 INVITE", "1 CANCEL");
    bench.receive(&cancel);
    assert_eq!(bench.statuses(), [200]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_cancel_of_nothing_gets_481() {
    let mut bench = Bench::new();
    let cancel = bench.peer_request("CANCEL", 1, &[]);
    bench.receive(&cancel);
    assert_eq!(bench.statuses(), [481]);
}

#[test]
fn a_bye_before_the_answer_ends_the_invite_with_487() {
    let mut bench = Bench::new();
    let (_, transaction, _) = bench.peer_calls();
    bench.respond(transaction, 180);
    let ringing = bench.only_sent();
    let bye = bench.in_dialog(&ringing, "BYE", 2, &[]);
    bench.receive(&bye);
    assert_eq!(bench.statuses(), [200, 487]);
    let events = bench.take_events();
    assert!(matches!(
        events.as_slice(),
        [Event::Bye { .. }, Event::Closed { .. }]
    ));
    bench.assert_empties();
}

#[test]
fn the_record_routes_of_an_invite_are_echoed_and_followed() {
    let mut bench = Bench::new();
    let routes = "Record-Route: <sip:10.0.0.8;lr>, <sip:10.0.0.9:5070;lr>";
    let invite = bench.peer_request("INVITE", 1, &[routes]);
    bench.receive(&invite);
    let Some(Event::Invite {
        owner, transaction, ..
    }) = bench.take_events().pop()
    else {
        panic!("no call");
    };
    bench.respond(transaction, 200);
    let ok = bench.only_sent();
    let echoed: Vec<_> = ok.headers(Name::RecordRoute).collect();
    assert_eq!(echoed, ["<sip:10.0.0.8;lr>", "<sip:10.0.0.9:5070;lr>"]);
    let ack = bench.in_dialog(&ok, "ACK", 1, &[]);
    bench.receive(&ack);
    bench.hangup(owner);
    let transmit = bench.sent.pop().expect("a BYE");
    assert_eq!(transmit.path.remote.to_string(), "10.0.0.8:5060");
    let bye = transmit.message;
    assert_eq!(bye.request_uri_str(), Some("sip:alice@10.0.0.2:5060"));
    assert_eq!(bye.headers(Name::Route).collect::<Vec<_>>(), echoed);
}

#[test]
fn an_offer_in_the_200_is_answered_in_the_ack() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_answered();
    let ack = bench.in_dialog(&ok, "ACK", 1, &["Content-Type: application/sdp"]);
    bench.receive(&ack.replace(
        "Content-Length: 0\r\n\r\n",
        "Content-Length: 5\r\n\r\nv=0\r\n",
    ));
    match bench.take_events().as_slice() {
        [Event::Acknowledged { request, .. }] => assert_eq!(request.body(), b"v=0\r\n"),
        other => panic!("{other:?}"),
    }
}
