//! Calls and requests that leave.

use crate::bench::{Bench, branch, response};
use std::time::Duration;
use trunkline_sip::endpoint::{Action, Event, Failure, NewRequest};
use trunkline_sip::{Message, Method, Name, Uri};

const CONTACT: &str = "Contact: <sip:alice@10.0.0.2:5060>";

#[test]
fn a_call_rings_is_answered_and_ended_by_us() {
    let mut bench = Bench::new();
    let (owner, invite) = bench.we_call();
    assert_eq!(invite.header(Name::MaxForwards), Some("70"));
    assert_eq!(
        invite.header(Name::Contact),
        Some("<sip:bob@10.0.0.1:5060>")
    );
    assert!(invite.top_via().unwrap().rport().is_some());
    bench.receive(&response(&invite, 180, "peer", &[CONTACT]));
    bench.receive(&response(&invite, 200, "peer", &[CONTACT]));
    bench.act(Action::Ack { owner, body: None });
    let ack = bench.only_sent();
    assert_eq!(ack.request_uri_str(), Some("sip:alice@10.0.0.2:5060"));
    assert_eq!(ack.cseq().unwrap().to_string(), "1 ACK");
    assert_ne!(
        branch(&ack),
        branch(&invite),
        "an ACK of a 2xx is a request of its own"
    );
    bench.hangup(owner);
    let bye = bench.only_sent();
    assert_eq!(bye.cseq().unwrap().to_string(), "2 BYE");
    bench.receive(&response(&bye, 200, "", &[]));
    let told = bench.take_events();
    let told: Vec<_> = told
        .iter()
        .map(|event| matches!(event, Event::Response { .. }))
        .collect();
    assert_eq!(told, [true, true]);
    bench.assert_empties();
    bench.assert_closed();
}

#[test]
fn a_repeated_2xx_gets_its_ack_again_and_is_told_once() {
    let mut bench = Bench::new();
    let (_, _, ok) = bench.we_are_up();
    bench.receive(&ok);
    bench.receive(&ok);
    let acks = bench.take_sent();
    assert_eq!(acks.len(), 2);
    assert_eq!(acks[0], acks[1]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_refusal_is_acknowledged_by_the_transaction_and_told_once() {
    let mut bench = Bench::new();
    let (_, invite) = bench.we_call();
    let busy = response(&invite, 486, "peer", &[]);
    bench.receive(&busy);
    let ack = bench.only_sent();
    assert_eq!(branch(&ack), branch(&invite));
    assert_eq!(ack.to().unwrap().tag(), Some("peer"));
    bench.receive(&busy);
    assert_eq!(bench.only_sent(), ack);
    bench.assert_answered_and_closed();
    bench.assert_empties();
}

#[test]
fn the_second_branch_of_a_fork_is_acknowledged_and_ended() {
    let mut bench = Bench::new();
    let (_, invite, _) = bench.we_are_up();
    let second = response(
        &invite,
        200,
        "other",
        &["Contact: <sip:carol@10.0.0.3:5062>"],
    );
    bench.receive(&second);
    let sent = bench.take_sent();
    let methods: Vec<_> = sent.iter().filter_map(Message::method).collect();
    assert_eq!(methods, [&Method::Ack, &Method::Bye]);
    for message in &sent {
        assert_eq!(message.request_uri_str(), Some("sip:carol@10.0.0.3:5062"));
        assert_eq!(message.to().unwrap().tag(), Some("other"));
    }
    bench.receive(&second);
    assert_eq!(bench.only_sent(), sent[0], "its 2xx again, its ACK again");
    assert!(bench.take_events().is_empty(), "the call has its answer");
}

#[test]
fn a_flood_of_branches_is_ended_only_so_far() {
    const BRANCHES: u64 = 100;
    let mut bench = Bench::new();
    let (_, invite, _) = bench.we_are_up();
    for branch in 0..BRANCHES {
        bench.receive(&response(&invite, 200, &format!("b{branch}"), &[CONTACT]));
    }
    let sent = bench.take_sent();
    let byes = sent
        .iter()
        .filter(|sent| sent.method() == Some(&Method::Bye));
    let (ended, refused) = (byes.count() as u64, bench.endpoint.counters().refused);
    assert_eq!(ended + refused, BRANCHES);
    assert!(refused > BRANCHES / 2, "{ended} branches are kept in mind");
    assert!(bench.take_events().is_empty(), "the call has its answer");
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let (owner, invite) = bench.we_call();
    bench.hangup(owner);
    assert!(bench.take_sent().is_empty());
    assert!(bench.endpoint.is_taking_leave(), "nobody was told");
    bench.receive(&response(&invite, 100, "", &[]));
    let cancel = bench.only_sent();
    assert_eq!(cancel.method(), Some(&Method::Cancel));
    assert_eq!(cancel.header(Name::Via), invite.header(Name::Via));
    assert_eq!(cancel.request_uri_str(), invite.request_uri_str());
    assert_eq!(cancel.cseq().unwrap().to_string(), "1 CANCEL");
    bench.receive(&response(&cancel, 200, "peer", &[]));
    bench.receive(&response(&invite, 487, "peer", &[]));
    assert!(!bench.endpoint.is_taking_leave());
    assert_eq!(bench.only_sent().method(), Some(&Method::Ack));
    bench.assert_answered_and_closed();
    bench.assert_empties();
}

#[test]
fn a_2xx_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut bench = Bench::new();
    let (owner, invite) = bench.we_call();
    bench.receive(&response(&invite, 180, "peer", &[CONTACT]));
    bench.hangup(owner);
    bench.take_sent();
    bench.take_events();
    bench.receive(&response(&invite, 200, "peer", &[CONTACT]));
    let sent = bench.take_sent();
    let methods: Vec<_> = sent.iter().filter_map(Message::method).collect();
    assert_eq!(methods, [&Method::Ack, &Method::Bye]);
    bench.receive(&response(&sent[1], 200, "", &[]));
    bench.assert_empties();
    bench.assert_closed();
}

#[test]
fn a_cancelled_invite_without_final_response_is_given_up() {
    let mut bench = Bench::new();
    let (owner, invite) = bench.we_call();
    bench.receive(&response(&invite, 180, "peer", &[CONTACT]));
    bench.hangup(owner);
    let cancel = bench.only_sent();
    bench.receive(&response(&cancel, 200, "peer", &[]));
    bench.take_events();
    bench.wait(Duration::from_secs(33));
    bench.assert_failed(Failure::Timeout);
    bench.assert_empties();
}

#[test]
fn an_invite_that_nobody_hears_fails_after_32_seconds() {
    let mut bench = Bench::new();
    let (_, invite) = bench.we_call();
    bench.wait(Duration::from_secs(32));
    assert_eq!(
        bench.take_sent(),
        vec![invite; 6],
        "at 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s"
    );
    bench.assert_failed(Failure::Timeout);
}

#[test]
fn a_request_that_cannot_be_sent_fails_at_once() {
    let mut bench = Bench::new();
    let owner = bench.endpoint.new_owner();
    let uri = Uri::parse("sip:alice@10.0.0.2").unwrap();
    let request = NewRequest::new(Method::Invite, bench.path, uri, "<sip:bob@10.0.0.1>");
    bench.act(Action::Start {
        owner,
        request: Box::new(request),
    });
    let id = bench
        .sent
        .pop()
        .and_then(|transmit| transmit.transaction)
        .expect("a transaction");
    bench.input(trunkline_sip::endpoint::Input::TransmitFailed(id));
    bench.assert_failed(Failure::Transport);
    bench.assert_empties();
}

#[test]
fn a_call_that_rings_for_more_than_three_minutes_is_cancelled() {
    let mut bench = Bench::new();
    let (_, invite) = bench.we_call();
    bench.receive(&response(&invite, 180, "peer", &[CONTACT]));
    bench.wait(Duration::from_secs(180));
    assert!(bench.take_sent().is_empty());
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.only_sent().method(), Some(&Method::Cancel));
}

#[test]
fn an_errand_is_answered_and_closed() {
    let mut bench = Bench::new();
    let owner = bench.endpoint.new_owner();
    let uri = Uri::parse("sip:10.0.0.2").unwrap();
    let request = NewRequest::new(Method::Options, bench.path, uri, "<sip:bob@10.0.0.1>");
    bench.act(Action::Start {
        owner,
        request: Box::new(request),
    });
    let options = bench.only_sent();
    bench.receive(&response(&options, 200, "peer", &[]));
    bench.receive(&response(&options, 200, "peer", &[]));
    bench.assert_answered_and_closed();
    bench.assert_empties();
}

#[test]
fn header_text_cannot_start_a_header_of_its_own() {
    let mut bench = Bench::new();
    let (_, invite) = bench.we_call_with(|request| {
        request
            .headers
            .push(("X-Note".into(), "one\r\nX-Evil: two".to_owned()));
    });
    assert_eq!(invite.header("X-Evil"), None);
    assert!(Message::parse(invite.as_bytes()).is_ok());
}
