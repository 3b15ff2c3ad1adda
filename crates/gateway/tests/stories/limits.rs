//! Each limit of `docs/limits.md` that a far end can run into, seen from outside.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use trunkline_phone::softphone::{Script, Settings};

use crate::support::{Caller, Gateway, Lobby, PATIENCE, Session, get, post_bytes};

const MIB: usize = 1024 * 1024;
/// The longest body of a request, and of one with a form.
const BODY_BYTES_MAX: usize = 12 * MIB;
const FORM_BYTES_MAX: usize = 64 * 1024;
/// The longest message of an application, and of a provider.
const APPLICATION_BYTES_MAX: usize = 16 * MIB;
const PROVIDER_BYTES_MAX: usize = MIB;

/// The head of a binary WebSocket frame with this first byte (RFC 6455 section 5.2); the mask is 0,
/// so that its payload stands there as it is.
fn head(first: u8, length: usize) -> Vec<u8> {
    let length = u64::try_from(length).expect("it is short enough");
    [&[first, 0xFF][..], &length.to_be_bytes(), &[0; 4]].concat()
}

/// A binary message in one frame, the first of several frames, and the last of them.
const WHOLE: u8 = 0x82;
const FIRST: u8 = 0x02;
const LAST: u8 = 0x80;

/// A call of an application, and what it was given for a caller.
fn talking(name: &str) -> (Gateway, Caller, Session) {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to(name, &lobby.url());
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), Script::new());
    let mut session = lobby.accept();
    session.wait_for("answered");
    (gateway, caller, session)
}

/// Why the gateway ended the only call.
fn ended_for(gateway: &Gateway) -> Value {
    let record = gateway.only_record();
    assert_eq!(record["end"]["by"], "gateway", "{record}");
    record["end"]["reason"].clone()
}

#[test]
fn an_application_may_send_a_message_of_16_mib_and_no_more() {
    for (name, frames) in [
        ("limits-frame", &[(WHOLE, APPLICATION_BYTES_MAX + 1)][..]),
        (
            "limits-message",
            &[(FIRST, APPLICATION_BYTES_MAX), (LAST, 1)],
        ),
    ] {
        let (gateway, caller, session) = talking(name);
        let mut stream = session.into_stream();
        for (first, length) in frames {
            // What is too long is refused by its head alone.
            let payload = if *length > APPLICATION_BYTES_MAX {
                0
            } else {
                *length
            };
            let _ = stream.write_all(&head(*first, *length));
            let _ = stream.write_all(&vec![0; payload]);
        }
        caller.report();
        assert_eq!(ended_for(&gateway), "app_nonsense", "{name}");
    }
}

#[test]
fn a_message_of_16_mib_is_heard_as_far_as_the_queue_takes_it() {
    let (gateway, caller, mut session) = talking("limits-longest");
    session.say(&vec![0; APPLICATION_BYTES_MAX / 2]);
    // More than five minutes, at 16 kHz.
    let refused = session.wait_for("refused");
    assert_eq!(refused["why"], "full", "{refused}");
    session.send(&json!({"type": "hangup"}));
    caller.report();
    assert_eq!(gateway.only_record()["end"]["by"], "app");
}

#[test]
fn a_provider_may_send_a_message_of_1_mib_and_no_more() {
    let more = "routes: [{to: \"*\", app: echo}]\n";
    let gateway = Gateway::start("limits-provider", more);
    let mut session = Session::come_by(gateway.http_port, "/sip/media-stream").expect("a stream");
    let format = json!({"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1});
    session.send(&json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}));
    session.send(&json!({
        "event": "start", "sequenceNumber": "1", "streamSid": "MZ1",
        "start": {"streamSid": "MZ1", "callSid": "CA1", "accountSid": "AC1", "tracks": ["inbound"],
                  "customParameters": {}, "mediaFormat": format},
    }));
    gateway.wait_for_calls(1);
    let mut stream = session.into_stream();
    let too_long = head(WHOLE, PROVIDER_BYTES_MAX + 1);
    stream.write_all(&too_long).expect("the gateway reads");
    gateway.wait_for_calls(0);
    assert_eq!(ended_for(&gateway), "stream_nonsense");
}

#[test]
fn json_of_any_depth_costs_no_call() {
    let (gateway, caller, mut session) = talking("limits-depth");
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for levels in [1, 1_000, 1_000_000] {
        let data = deep(levels);
        // What nobody reads is passed over, however deep it is.
        session.send_text(&format!("{{\"type\":\"unheard-of\",\"data\":{data}}}"));
        session.send_text(&format!("{{\"type\":\"mark\",\"data\":{data}}}"));
    }
    session.send(&json!({"type": "hangup"}));
    caller.report();
    let record = gateway.only_record();
    assert_eq!(record["end"]["by"], "app", "{record}");
    let counts = (
        &record["application"]["unknown"],
        &record["application"]["nonsense"],
    );
    assert_eq!(counts, (&json!(3), &json!(3)), "{record}");
}

#[test]
fn json_of_any_depth_costs_no_request_but_its_own() {
    let gateway = Gateway::start("limits-request-depth", "");
    let place = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        let body =
            format!("{{\"to\":\"sip:a@127.0.0.1\",\"app\":\"echo\",\"headers\":{open}{close}}}");
        let path = "/v1/calls";
        post_bytes(gateway.http_port, path, "application/json", body.as_bytes()).expect("an answer")
    };
    for levels in [1, 1_000, 1_000_000] {
        let (status, said) = place(levels);
        assert_eq!(status, 400, "{said}");
    }
    assert_eq!(get(gateway.http_port, "/health").expect("an answer").0, 200);
}

/// The status of a request with this head.
fn status_of(gateway: &Gateway, head: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.http_port)).expect("HTTP");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
        .write_all(head.as_bytes())
        .expect("the gateway reads");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_request_may_have_64_headers_in_16_kib_and_a_body_of_12_mib() {
    let gateway = Gateway::start("limits-http", "");
    let request = |count: usize, length: usize| {
        let header = |number| format!("X-{number}: {}\r\n", "y".repeat(length));
        let headers: String = (1..count).map(header).collect();
        format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
    };
    for (count, length, status) in [
        (64, 1, 200),
        (65, 1, 431),
        (2, 15_000, 200),
        (2, 17_000, 431),
    ] {
        let answer = status_of(&gateway, &request(count, length));
        assert_eq!(answer, format!("HTTP/1.1 {status}"), "{count} of {length}");
    }
    // So much is taken, and found to be no sound.
    let played = "/v1/calls/00000000000000000000000000000000/play";
    let post = |path, length| {
        let body = vec![b'a'; length];
        post_bytes(gateway.http_port, path, "audio/wav", &body).expect("an answer")
    };
    let (status, said) = post(played, BODY_BYTES_MAX);
    assert_eq!((status, said.contains("WAV")), (400, true), "{said}");
    let form = "/sip/twilio/answer";
    for (length, too_long) in [(FORM_BYTES_MAX, false), (FORM_BYTES_MAX + 1, true)] {
        let (_, said) = post(form, length);
        assert_eq!(said.contains("more than 65536 bytes"), too_long, "{said}");
    }
}

#[test]
fn a_body_that_is_too_long_is_not_read_to_its_end() {
    let gateway = Gateway::start("limits-body", "");
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.http_port)).expect("HTTP");
    let head = format!(
        "POST /v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        100 * BODY_BYTES_MAX
    );
    stream
        .write_all(head.as_bytes())
        .expect("the gateway reads");
    stream
        .write_all(&vec![b' '; BODY_BYTES_MAX])
        .expect("the gateway reads");
    let _ = stream.write_all(b" ");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn an_application_whose_answer_has_too_many_headers_is_not_opened() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("limits-handshake", &lobby.url());
    let caller = Caller::dial(&gateway.uri("bot"));
    let mut stream = lobby.accept_tcp();
    let headers: String = (0..200)
        .map(|number| format!("X-{number}: y\r\n"))
        .collect();
    let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n");
    let _ = stream.write_all(answer.as_bytes());
    caller.report();
    assert_eq!(ended_for(&gateway), "app_unreachable");
}
