//! Servers that are called by a name: what DNS says decides where the INVITE goes (RFC 3263).

use std::net::{Ipv4Addr, UdpSocket};

use serde_json::{Value, json};
use trunkline_sip::Message;
use trunkline_sip::endpoint::Transport;

use crate::support::name_server::{Record, Zone};
use crate::support::{Callee, Gateway, NameServer, RawSip, says};

const DIAL: &str = "dial: {allow: [\"sip:*\"]}\n";
const HERE: Record = Record::Address(Ipv4Addr::LOCALHOST);

/// A gateway that asks this server of names.
fn asking(name: &str, names: &NameServer, more: &str) -> Gateway {
    Gateway::start(name, &(names.line() + DIAL + more))
}

/// What becomes of the order to have the echo call somebody.
fn order(gateway: &Gateway, to: &str) -> (u16, Value) {
    gateway.post("/v1/calls", &json!({"to": to, "app": "echo"}))
}

/// The id of a call that was placed.
fn placed(gateway: &Gateway, to: &str) -> String {
    let (status, call) = order(gateway, to);
    assert_eq!(status, 201, "{call}");
    call["id"].as_str().expect("an id").to_owned()
}

/// Sees that somebody is called, and says that they are busy.
fn is_called(phone: &RawSip) -> Message {
    let invite = phone.expect("INVITE");
    phone.answer(&invite, 486, "Busy Here");
    phone.expect("ACK");
    invite
}

/// `example.test` with two servers, the second for when the first does not serve a call.
fn two_servers(first: u16, second: u16) -> Zone {
    vec![
        (
            "example.test",
            Record::Service(2, "SIP+D2T", "_sip._tcp.example.test"),
        ),
        (
            "example.test",
            Record::Service(1, "SIP+D2U", "_sip._udp.example.test"),
        ),
        (
            "_sip._udp.example.test",
            Record::Server(20, second, "b.example.test"),
        ),
        (
            "_sip._udp.example.test",
            Record::Server(10, first, "a.example.test"),
        ),
        ("a.example.test", HERE),
        ("b.example.test", HERE),
    ]
}

#[test]
fn a_name_leads_to_its_servers_and_past_one_that_does_not_serve() {
    // The ports of the telephones must stand in the records before there is a gateway.
    let full = RawSip::toward(9);
    let callee = Callee::wait(Transport::Udp, says(700.0));
    let names = NameServer::of(two_servers(full.local().port(), callee.address.port()));
    let gateway = asking("names-two", &names, "");
    let full = full.redirected(gateway.sip_port);
    let id = placed(&gateway, "sip:bob@example.test");
    let refused = full.expect("INVITE");
    assert_eq!(refused.request_uri_str(), Some("sip:bob@example.test"));
    full.answer(&refused, 503, "Service Unavailable");
    full.expect("ACK");
    callee.wait_for_tone(700.0, 25);
    let expected = [
        "NAPTR example.test",
        "SRV _sip._udp.example.test",
        "SRV _sip._tcp.example.test",
        "A a.example.test",
        "AAAA a.example.test",
        "A b.example.test",
        "AAAA b.example.test",
    ];
    let mut asked = names.asked();
    asked.sort();
    let mut sorted = expected.map(str::to_owned);
    sorted.sort();
    assert_eq!(asked, sorted, "each once");
    // A resolver that goes away in mid-call costs nobody anything, and what it said still holds.
    drop(names);
    let again = placed(&gateway, "sip:carol@example.test");
    is_called(&full);
    assert_eq!(
        gateway.wait_for_record("callId", &again)["end"]["code"],
        486
    );
    callee.wait_for_tone(700.0, 50);
    callee.hang_up();
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["by"], "remote", "{record}");
    assert_eq!(record["media"]["packetsLost"], 0, "{record}");
}

#[test]
fn a_port_and_a_transport_in_the_address_leave_little_to_ask() {
    let names = NameServer::at_length(vec![("pbx.example.test", HERE)]);
    let gateway = asking("names-port", &names, "");
    let phone = RawSip::toward(gateway.sip_port);
    let port = phone.local().port();
    placed(&gateway, &format!("sip:bob@pbx.example.test:{port}"));
    let invite = is_called(&phone);
    let uri = format!("sip:bob@pbx.example.test:{port}");
    assert_eq!(invite.request_uri_str(), Some(&*uri));
    // Each came cut, and then over TCP.
    let mut asked = names.asked();
    asked.sort();
    let twice = |kind: &str| vec![format!("{kind} pbx.example.test"); 2];
    assert_eq!(asked, [twice("A"), twice("AAAA")].concat());
}

#[test]
fn a_trunk_is_where_its_name_leads() {
    let phone = RawSip::toward(9);
    let names = NameServer::of(vec![
        (
            "_sip._udp.telco.test",
            Record::Server(1, phone.local().port(), "sbc.telco.test"),
        ),
        ("sbc.telco.test", HERE),
    ]);
    let gateway = asking(
        "names-trunk",
        &names,
        "trunks: {telco: {host: telco.test}}\n",
    );
    let phone = phone.redirected(gateway.sip_port);
    placed(&gateway, "sip:15125551234@telco");
    let invite = is_called(&phone);
    assert_eq!(invite.request_uri_str(), Some("sip:15125551234@telco.test"));
}

#[test]
fn a_name_that_leads_nowhere_is_told_with_what_to_type() {
    let names = NameServer::of(Vec::new());
    let gateway = asking("names-nowhere", &names, "");
    let (status, body) = order(&gateway, "sip:bob@nowhere.test");
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &json!("bad_target"))
    );
    let message = body["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("nowhere.test"), "{message}");
    assert!(message.contains("dig NAPTR nowhere.test"), "{message}");
}

/// Has the gateway look for a name at a server that says nothing; whether it answered others before
/// it gave up.
fn answers_meanwhile(gateway: &Gateway, mute: &UdpSocket) -> bool {
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| order(gateway, "sip:bob@example.test"));
        mute.recv(&mut [0; 512]).expect("it is asked");
        let phone = RawSip::toward(gateway.sip_port);
        let options = phone.request("OPTIONS", "neighbour", "echo", "", "");
        assert_eq!(phone.ask(&options).status(), Some(200));
        let meanwhile = !asking.is_finished();
        let (status, body) = asking.join().expect("an answer");
        assert_eq!(
            (status, &body["error"]["code"]),
            (400, &json!("bad_target"))
        );
        meanwhile
    })
}

#[test]
fn a_resolver_that_says_nothing_holds_nobody_up() {
    let mute = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = mute.local_addr().expect("a bound address");
    let more = format!("  dns: [\"{address}\"]\n{DIAL}");
    let gateway = Gateway::start("names-mute", &more);
    // A machine that stands still may miss the moment, but not every time.
    assert!((0..5).any(|_| answers_meanwhile(&gateway, &mute)));
}
