//! Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3), and where answers go.

use crate::bench::{Bench, response};
use std::net::SocketAddr;
use trunkline_sip::endpoint::{EndpointConfig, Event, Limits, Path};
use trunkline_sip::{Message, Name};

#[test]
fn the_same_request_by_another_way_gets_482() {
    let mut bench = Bench::new();
    let (_, _, invite) = bench.peer_calls();
    bench.receive(&invite.replace("z9hG4bKpeer1", "z9hG4bKfork"));
    assert_eq!(bench.statuses(), [482]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn the_same_branch_of_another_sender_is_another_request() {
    let mut bench = Bench::new();
    let (_, _, invite) = bench.peer_calls();
    let other = invite.replace("10.0.0.2:5060;branch", "10.0.0.7:5060;branch");
    bench.receive(&other.replace("call-1", "call-2"));
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::Invite { .. }]
    ));
}

#[test]
fn a_peer_of_rfc_2543_is_matched_by_all_that_names_its_request() {
    let mut bench = Bench::new();
    let invite = bench
        .peer_request("INVITE", 1, &[])
        .replace(";branch=z9hG4bKpeer1", "");
    bench.receive(&invite);
    let events = bench.take_events();
    let [Event::Invite { transaction, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    bench.respond(*transaction, 486);
    let refusal = bench.only_sent();
    bench.receive(&invite);
    assert_eq!(bench.only_sent(), refusal, "it is the same request again");
    let to = refusal.header(Name::To).unwrap();
    let ack = invite
        .replace("INVITE", "ACK")
        .replace("To: <sip:bob@10.0.0.1>", &format!("To: {to}"));
    bench.receive(&ack);
    bench.wait(std::time::Duration::from_secs(10));
    assert!(bench.take_sent().is_empty(), "the ACK ended the repeats");
    bench.receive(&invite.replace("CSeq: 1", "CSeq: 2"));
    assert!(matches!(
        bench.take_events().last(),
        Some(Event::Invite { .. })
    ));
}

#[test]
fn a_stray_response_is_dropped() {
    let mut bench = Bench::new();
    let (_, invite) = bench.we_call();
    let ringing = response(&invite, 180, "peer", &[]);
    bench.receive(&ringing.replace("branch=z9hG4bK", "branch=z9hG4bKx"));
    bench.receive(&ringing.replace("1 INVITE", "1 INFO"));
    bench.receive(&ringing.replace("1 INVITE", "2 INVITE"));
    let second_via = "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKother\r\nFrom:";
    bench.receive(&ringing.replacen("From:", second_via, 1));
    assert_eq!(bench.endpoint.counters().strays, 4);
    assert!(bench.take_events().is_empty() && bench.take_sent().is_empty());
}

#[test]
fn an_answer_goes_to_the_source_address_and_the_port_of_the_via() {
    let mut bench = Bench::new();
    let source: SocketAddr = ([10, 0, 0, 6], 41_000).into();
    let path = Path {
        remote: source,
        ..bench.path
    };
    let options = bench.peer_request("OPTIONS", 1, &[]);
    bench.receive_by(path, &options.replace("10.0.0.2:5060;", "10.0.0.2:5066;"));
    let transmit = bench.sent.pop().unwrap();
    assert_eq!(transmit.path.remote.to_string(), "10.0.0.6:5066");
    let via = transmit.message.header(Name::Via).unwrap();
    assert!(via.contains("received=10.0.0.6"), "{via}");
}

#[test]
fn an_answer_goes_to_the_source_port_when_rport_asks_for_it() {
    let mut bench = Bench::new();
    let source: SocketAddr = ([10, 0, 0, 6], 41_000).into();
    let options = bench
        .peer_request("OPTIONS", 1, &[])
        .replace(";branch", ";rport;branch");
    bench.receive_by(
        Path {
            remote: source,
            ..bench.path
        },
        &options,
    );
    let transmit = bench.sent.pop().unwrap();
    assert_eq!(transmit.path.remote, source);
    let message = transmit.message;
    let via = message.top_via().unwrap();
    assert_eq!(via.rport(), Some(Some(41_000)));
    assert_eq!(via.received(), Some(source.ip()));
}

#[test]
fn a_maddr_does_not_aim_our_answers_at_others() {
    let mut bench = Bench::new();
    let options = bench.peer_request("OPTIONS", 1, &[]);
    bench.receive(&options.replace(";branch", ";maddr=192.0.2.99;branch"));
    assert_eq!(bench.sent.pop().unwrap().path.remote, bench.path.remote);
}

#[test]
fn beyond_the_limit_of_transactions_requests_get_503_and_leave_nothing() {
    let limits = Limits {
        transactions: 1,
        ..Limits::default()
    };
    let mut bench = Bench::with(EndpointConfig {
        limits,
        ..EndpointConfig::default()
    });
    bench.peer_calls();
    let before = bench.endpoint.gauges();
    let options = bench.peer_request("OPTIONS", 7, &[]);
    bench.receive(&options);
    bench.receive(&options);
    let sent = bench.take_sent();
    assert_eq!(
        sent.iter().filter_map(Message::status).collect::<Vec<_>>(),
        [503, 503]
    );
    assert!(sent[0].header(Name::RetryAfter).is_some());
    assert_eq!(sent[0], sent[1], "a repeat gets the same answer");
    assert_eq!(bench.endpoint.gauges(), before);
    assert_eq!(bench.endpoint.counters().refused, 2);
}

#[test]
fn beyond_the_limit_of_calls_an_invite_gets_503() {
    let limits = Limits {
        calls: 1,
        ..Limits::default()
    };
    let mut bench = Bench::with(EndpointConfig {
        limits,
        ..EndpointConfig::default()
    });
    bench.peer_calls();
    let invite = bench
        .peer_request("INVITE", 7, &[])
        .replace("call-1", "call-2");
    bench.receive(&invite);
    assert_eq!(bench.statuses(), [503]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_request_that_is_none_is_told_so_and_a_response_that_is_none_is_not() {
    let mut bench = Bench::new();
    let options = bench.peer_request("OPTIONS", 1, &[]);
    bench.receive(&options.replace("CSeq: 1 OPTIONS", "CSeq: x OPTIONS"));
    let refusal = bench.only_sent();
    assert_eq!(refusal.status(), Some(400));
    assert!(refusal.to().unwrap().tag().is_some());
    bench.receive(
        &options
            .replace("CSeq: 1 OPTIONS\r\n", "")
            .replace("OPTIONS sip:bob@10.0.0.1 SIP/2.0", "SIP/2.0 200 OK"),
    );
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.endpoint.counters().malformed, 2);
}
