//! Calls over IPv6 and TCP, and messages too long for a datagram.

use serde_json::json;
use trunkline_call::EndReason;
use trunkline_phone::softphone::Settings;
use trunkline_sip::endpoint::Transport;

use crate::support::{Callee, Caller, Gateway, RawSip, has_ipv6, says};

const TONE_HZ: f64 = 700.0;

/// Calls the echo until most of a second of it was heard.
fn call_the_echo(target: &str) {
    let caller = Caller::follow(target, Settings::default(), says(TONE_HZ));
    caller.wait_for_tone(TONE_HZ, 40);
    assert_eq!(caller.hang_up().heard.figures().lost, 0);
}

#[test]
fn a_call_over_ipv6_is_heard() {
    if !has_ipv6() {
        eprintln!("SKIPPED: this machine has no IPv6 on loopback");
        return;
    }
    let gateway = Gateway::start("transports-ipv6", "");
    call_the_echo(&format!("sip:echo@[::1]:{}", gateway.sip_port));
    let record = gateway.wait_for_record("to", "echo");
    let peer = record["peer"].as_str().expect("a peer");
    assert!(peer.starts_with("[::1]:"), "{peer}");
}

#[test]
fn a_call_over_tcp_is_heard() {
    let gateway = Gateway::start("transports-tcp", "");
    call_the_echo(&format!("{};transport=tcp", gateway.uri("echo")));
    assert_eq!(gateway.wait_for_record("to", "echo")["end"]["by"], "remote");
}

/// Header lines that make a message longer than 1,300 bytes (RFC 3261 section 18.1.1).
const LONG: usize = 1_400;

#[test]
fn an_invite_too_long_for_a_datagram_leaves_by_tcp() {
    let gateway = Gateway::start("transports-long", "dial: {allow: [\"sip:*\"]}\n");
    // It listens on TCP only, and the address does not say so.
    let callee = Callee::wait(Transport::Tcp, says(TONE_HZ));
    let body = json!({
        "to": callee.uri("bob"), "app": "echo", "headers": {"X-Long": "x".repeat(LONG)},
    });
    let (status, placed) = gateway.post("/v1/calls", &body);
    assert_eq!(status, 201, "{placed}");
    callee.wait_answered();
    let id = placed["id"].as_str().expect("a placed call has an id");
    let (status, _) = gateway.post(&format!("/v1/calls/{id}/hangup"), &json!({}));
    assert_eq!(status, 202);
    assert_eq!(callee.report().end, EndReason::Remote);
}

#[test]
fn a_long_invite_that_comes_in_one_datagram_is_understood() {
    let gateway = Gateway::start(
        "transports-datagram",
        "routes: [{header: {X-Long: \"x*\"}, app: echo}]\n",
    );
    let phone = RawSip::toward(gateway.sip_port);
    let short = phone.invite("alice", "echo", "");
    assert_eq!(phone.ask(&short).status(), Some(404));
    let long = phone.invite(
        "alice",
        "echo",
        &format!("X-Long: {}\r\n", "x".repeat(LONG)),
    );
    assert!(long.len() > 1_500, "longer than an Ethernet frame");
    assert_eq!(phone.ask(&long).status(), Some(200));
}

#[test]
fn a_neighbour_is_not_sent_round_by_the_external_address() {
    let gateway = Gateway::start("transports-external", "  external_address: 203.0.113.9\n");
    let phone = RawSip::toward(gateway.sip_port);
    let answer = phone.ask(&phone.invite("alice", "echo", ""));
    assert_eq!(answer.status(), Some(200));
    let told = String::from_utf8_lossy(answer.as_bytes());
    assert!(told.contains("\r\nc=IN IP4 127.0.0.1\r\n"), "{told}");
    assert!(!told.contains("203.0.113.9"), "{told}");
}
