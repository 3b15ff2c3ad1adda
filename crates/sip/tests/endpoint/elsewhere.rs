//! A request whose server does not serve it goes to the next one (RFC 3263 §4.3).

use crate::bench::{Bench, branch, response};
use std::net::SocketAddr;
use std::time::Duration;
use trunkline_sip::endpoint::{Action, Event, Failure, Headers, Input, OwnerId, Path, Reply};
use trunkline_sip::{Message, Method};

/// The second server, and the third.
const OTHERS: [[u8; 4]; 2] = [[10, 0, 0, 3], [10, 0, 0, 4]];

fn call_with_three_servers(bench: &mut Bench) -> (OwnerId, Message) {
    let elsewhere = OTHERS.map(|ip| Path {
        remote: (ip, 5060).into(),
        ..bench.path
    });
    bench.we_call_with(|request| request.elsewhere = elsewhere.to_vec())
}

/// The INVITE that was sent since the last look, and where.
fn sent_invite(bench: &mut Bench) -> (Message, SocketAddr) {
    let mut sent = bench.sent.drain(..);
    let invite = sent.find(|sent| sent.message.method() == Some(&Method::Invite));
    let invite = invite.expect("an INVITE");
    (invite.message, invite.path.remote)
}

/// The failures and final answers that the owner was told of.
fn ends(bench: &mut Bench) -> Vec<Result<u16, Failure>> {
    let events = bench.take_events().into_iter();
    let ends = events.filter_map(|event| match event {
        Event::Response { response, .. } => response.status().map(Ok),
        Event::Failed { why, .. } => Some(Err(why)),
        _ => None,
    });
    ends.collect()
}

#[test]
fn after_a_503_the_same_request_goes_to_the_next_server() {
    let mut bench = Bench::new();
    let (owner, first) = call_with_three_servers(&mut bench);
    bench.receive(&response(&first, 503, "overloaded", &[]));
    let acked = bench
        .sent
        .iter()
        .find(|sent| sent.message.method() == Some(&Method::Ack));
    assert_eq!(acked.map(|sent| sent.path.remote), Some(bench.path.remote));
    let (second, place) = sent_invite(&mut bench);
    assert_eq!(place, (OTHERS[0], 5060).into());
    assert_ne!(branch(&second), branch(&first), "a transaction of its own");
    for name in ["Call-ID", "From", "CSeq", "To"] {
        assert_eq!(second.header(name), first.header(name), "{name}");
    }
    assert_eq!(ends(&mut bench), [], "nobody need know");
    let contact = ["Contact: <sip:alice@10.0.0.3:5060>"];
    bench.receive(&response(&second, 200, "peer", &contact));
    bench.act(Action::Ack { owner, body: None });
    assert_eq!(ends(&mut bench), [Ok(200)]);
    let ack = bench.sent.pop().expect("an ACK");
    assert_eq!(ack.path.remote, (OTHERS[0], 5060).into());
    bench.hangup(owner);
    assert_eq!(bench.only_sent().method(), Some(&Method::Bye));
    bench.assert_empties();
}

#[test]
fn silence_and_a_broken_connection_lead_on_too_and_the_last_failure_is_told() {
    let mut bench = Bench::new();
    call_with_three_servers(&mut bench);
    // 64 * T1 without any answer (Timer B).
    bench.wait(Duration::from_secs(32));
    let last = bench.sent.last().expect("a second INVITE");
    assert_eq!(last.path.remote, (OTHERS[0], 5060).into());
    let transaction = last.transaction.expect("it waits for an answer");
    bench.sent.clear();
    bench.input(Input::TransmitFailed(transaction));
    let (third, place) = sent_invite(&mut bench);
    assert_eq!(place, (OTHERS[1], 5060).into());
    assert_eq!(ends(&mut bench), []);
    bench.receive(&response(&third, 503, "full", &[]));
    assert_eq!(ends(&mut bench), [Ok(503)], "nobody is left to ask");
    bench.assert_empties();
}

#[test]
fn a_refusal_is_the_answer_and_a_cancelled_call_goes_nowhere_else() {
    let mut bench = Bench::new();
    let (_, invite) = call_with_three_servers(&mut bench);
    bench.receive(&response(&invite, 486, "busy", &[]));
    assert_eq!(ends(&mut bench), [Ok(486)]);
    bench.assert_empties();
    let mut bench = Bench::new();
    let (owner, invite) = call_with_three_servers(&mut bench);
    bench.receive(&response(&invite, 100, "", &[]));
    let (refusal, headers) = (Reply::new(480), Headers::new());
    bench.act(Action::Hangup {
        owner,
        refusal,
        headers,
    });
    bench.take_sent();
    bench.receive(&response(&invite, 503, "overloaded", &[]));
    let sent = bench.take_sent();
    assert!(
        sent.iter()
            .all(|sent| sent.method() != Some(&Method::Invite)),
        "{sent:?}"
    );
    bench.assert_empties();
}
