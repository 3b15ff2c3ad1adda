//! Which way a message goes: size, fallback, connections, credentials, NAT.

use crate::bench::{Bench, response};
use std::net::SocketAddr;
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint::{
    Action, Body, EndpointConfig, Event, Input, NewRequest, Path, Transport,
};
use trunkline_sip::{Message, Method, Name, Uri};

const LARGE: usize = 1_200;

fn call_with_body(bench: &mut Bench, bytes: usize) {
    let owner = bench.endpoint.new_owner();
    let uri = Uri::parse("sip:alice@10.0.0.2").unwrap();
    let mut request = NewRequest::new(Method::Invite, bench.path, uri, "<sip:bob@10.0.0.1>");
    request.body = Some(Body::sdp(vec![b'x'; bytes]));
    bench.act(Action::Start {
        owner,
        request: Box::new(request),
    });
}

fn with_tcp() -> Bench {
    Bench::with(EndpointConfig {
        tcp_port: Some(5062),
        ..EndpointConfig::default()
    })
}

#[test]
fn a_large_request_goes_by_tcp_and_says_so() {
    let mut bench = with_tcp();
    call_with_body(&mut bench, LARGE);
    let transmit = bench.sent.pop().unwrap();
    assert_eq!(transmit.path.transport, Transport::Tcp);
    assert_eq!(transmit.path.remote, bench.path.remote);
    let message = transmit.message;
    let via = message.top_via().unwrap();
    assert_eq!((via.transport, via.port), ("TCP", Some(5062)));
    assert_eq!(
        message.header(Name::Contact),
        Some("<sip:10.0.0.1:5062;transport=tcp>")
    );
}

#[test]
fn a_small_request_or_one_of_an_endpoint_without_tcp_goes_by_udp() {
    for (mut bench, bytes) in [(with_tcp(), 100), (Bench::new(), LARGE)] {
        call_with_body(&mut bench, bytes);
        assert_eq!(bench.sent.pop().unwrap().path.transport, Transport::Udp);
    }
}

#[test]
fn a_large_request_that_finds_no_tcp_goes_by_udp_after_all() {
    let mut bench = with_tcp();
    call_with_body(&mut bench, LARGE);
    let first = bench.sent.pop().unwrap();
    bench.input(Input::TransmitFailed(first.transaction.unwrap()));
    let second = bench.sent.pop().unwrap();
    assert_eq!(second.path, bench.path);
    assert_eq!(second.message.top_via().unwrap().transport, "UDP");
    assert_eq!(second.message.body(), first.message.body());
    assert!(bench.take_events().is_empty());
    let ok = response(
        &second.message,
        200,
        "peer",
        &["Contact: <sip:alice@10.0.0.2>"],
    );
    bench.receive(&ok);
    assert!(matches!(
        bench.take_events().as_slice(),
        [Event::Response { .. }]
    ));
}

#[test]
fn requests_of_a_call_over_tcp_use_its_connection() {
    let mut bench = Bench::over_tcp();
    let connection = bench.path.connection;
    // The peer's Contact names the port it listens at; its connection is the way to it.
    let (owner, _) = bench.peer_is_up();
    bench.hangup(owner);
    let transmit = bench.sent.pop().unwrap();
    assert_eq!(
        (transmit.path.transport, transmit.path.connection),
        (Transport::Tcp, connection)
    );
}

#[test]
fn a_phone_behind_a_nat_is_reached_where_its_packets_come_from() {
    let mut bench = Bench::new();
    let seen: SocketAddr = ([10, 200, 0, 1], 61_000).into();
    bench.path = Path {
        remote: seen,
        ..bench.path
    };
    let contact = "Contact: <sip:alice@192.168.7.7:5060>";
    let invite = bench
        .peer_request("INVITE", 1, &[contact])
        .replace(";branch", ";rport;branch");
    bench.receive(&invite);
    let events = bench.take_events();
    let [
        Event::Invite {
            owner, transaction, ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    bench.respond(*transaction, 200);
    let ok = bench.only_sent();
    let ack = bench.in_dialog(&ok, "ACK", 1, &[]);
    bench.receive(&ack);
    bench.hangup(*owner);
    let transmit = bench.sent.pop().unwrap();
    assert_eq!(transmit.path.remote, seen);
    assert_eq!(
        transmit.message.request_uri_str(),
        Some("sip:alice@192.168.7.7:5060")
    );
}

#[test]
fn a_name_in_a_contact_is_not_looked_up() {
    let mut bench = Bench::new();
    let (owner, invite) = bench.we_call();
    let contact = "Contact: <sip:alice@phone.example.com:5090>";
    bench.receive(&response(&invite, 200, "peer", &[contact]));
    bench.act(Action::Ack { owner, body: None });
    let ack = bench.sent.pop().unwrap();
    assert_eq!(ack.path, bench.path);
    assert_eq!(
        ack.message.request_uri_str(),
        Some("sip:alice@phone.example.com:5090")
    );
}

fn challenged_call(bench: &mut Bench) -> (trunkline_sip::endpoint::OwnerId, Message) {
    let account = Account {
        username: "bob".into(),
        password: "secret".into(),
        realm: None,
    };
    let (owner, invite) = bench.we_call_with(|request| request.credentials = Some(account));
    let challenge = "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"";
    bench.receive(&response(&invite, 407, "proxy", &[challenge]));
    let sent = bench.take_sent();
    let methods: Vec<_> = sent.iter().filter_map(Message::method).collect();
    assert_eq!(methods, [&Method::Ack, &Method::Invite]);
    (owner, sent[1].clone())
}

#[test]
fn a_challenged_invite_is_sent_again_with_credentials_and_its_ack_carries_them() {
    let mut bench = Bench::new();
    let (owner, invite) = challenged_call(&mut bench);
    assert_eq!(invite.cseq().unwrap().number, 2);
    let credentials = invite
        .header(Name::ProxyAuthorization)
        .expect("credentials")
        .to_owned();
    assert!(
        bench.take_events().is_empty(),
        "the challenge is no affair of the user's"
    );
    bench.receive(&response(
        &invite,
        200,
        "peer",
        &["Contact: <sip:alice@10.0.0.2>"],
    ));
    bench.act(Action::Ack { owner, body: None });
    let ack = bench.only_sent();
    assert_eq!(ack.cseq().unwrap().number, 2);
    assert_eq!(
        ack.header(Name::ProxyAuthorization),
        Some(credentials.as_str())
    );
    bench.hangup(owner);
    let bye = bench.only_sent();
    assert_eq!(bye.cseq().unwrap().number, 3);
    bench.receive(&response(&bye, 200, "", &[]));
    bench.assert_empties();
}

#[test]
fn wrong_credentials_are_told_after_one_try() {
    let mut bench = Bench::new();
    let (_, invite) = challenged_call(&mut bench);
    let challenge = "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"m\", qop=\"auth\"";
    bench.receive(&response(&invite, 407, "proxy", &[challenge]));
    assert_eq!(bench.only_sent().method(), Some(&Method::Ack));
    bench.assert_answered_and_closed();
    bench.assert_empties();
}
