//! A provider's stream proves itself, and its call is ended over REST where a closed stream would
//! leave the caller on the line.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};
use trunkline_providers::signature::{basic, twilio};
use trunkline_providers::{Form, Secret};

use crate::support::{Gateway, Lobby, Provider, ask_with};

const PUBLIC: &str = "https://voice.example.com";
/// What a tunnel adds, so that the gateway takes nobody for its own machine.
const TUNNEL: (&str, &str) = ("x-forwarded-for", "203.0.113.9");

fn signed(url: &str, form: &Form) -> String {
    let token = Secret::new("12345");
    twilio::sign(twilio::Algorithm::HmacSha1, &token, url, form)
}

/// The path of the stream that an answer document leads to.
fn stream_path(document: &str) -> &str {
    let url = document.split("url=\"").nth(1).expect("a stream");
    let url = url.split('"').next().expect("the end of its URL");
    url.strip_prefix("wss://voice.example.com")
        .expect("the public URL")
}

#[test]
fn an_answered_webhook_lets_one_stream_in_through_the_tunnel() {
    let more = "providers: {twilio: {auth_token: \"12345\"}}\n";
    let gateway = Gateway::start_public("stream-ticket", PUBLIC, more);
    let form = Form::from_iter([("CallSid", "CA1"), ("From", "+1"), ("To", "+2")]);
    let path = "/sip/twilio/answer";
    let signature = signed(&format!("{PUBLIC}{path}"), &form);
    let headers = [("X-Twilio-Signature", signature.as_str()), TUNNEL];
    let answer = ask_with(gateway.http_port, path, &headers, Some(&form.encoded()));
    let (status, document) = answer.expect("an answer");
    assert_eq!(status, 200, "{document}");
    let path = stream_path(&document);
    let other = path.replace("/sip/twilio/", "/sip/telnyx/");
    let refused = Provider::open_with(gateway.http_port, &other, &[TUNNEL]).err();
    assert_eq!(refused.expect("another provider's ticket").0, 403);
    let mut provider = Provider::open_with(gateway.http_port, path, &[TUNNEL]).expect("a stream");
    provider.connected();
    provider.start("+1", "+2");
    gateway.wait_for_calls(1);
    let refused = Provider::open_with(gateway.http_port, path, &[TUNNEL]).err();
    assert_eq!(refused.expect("a used ticket").0, 403);
    provider.stop();
    gateway.wait_for_calls(0);
}

#[test]
fn a_handshake_that_twilio_signed_is_let_in_and_another_is_not() {
    let more = "providers: {twilio: {auth_token: \"12345\"}}\n";
    let gateway = Gateway::start_public("stream-signed", PUBLIC, more);
    let path = "/sip/media-stream";
    let signature = signed("wss://voice.example.com/sip/media-stream", &Form::default());
    let headers = [("x-twilio-signature", signature.as_str()), TUNNEL];
    let mut provider =
        Provider::open_with(gateway.http_port, path, &headers).expect("a signed stream");
    provider.connected();
    provider.start("+1", "+2");
    gateway.wait_for_calls(1);
    let elsewhere = signed("wss://voice.example.com/sip/other", &Form::default());
    let wrong = [("x-twilio-signature", elsewhere.as_str()), TUNNEL];
    for headers in [&wrong[..], &[TUNNEL]] {
        let refused = Provider::open_with(gateway.http_port, path, headers).err();
        assert_eq!(refused.expect("no proof").0, 403);
    }
    // Even this machine, where it shows a signature, shows a good one.
    let refused = Provider::open_with(gateway.http_port, path, &wrong[..1]).err();
    assert_eq!(refused.expect("a wrong signature").0, 403);
}

#[test]
fn exotels_password_lets_its_stream_in() {
    let more = "providers: {exotel: {username: exo, password: \"12345\"}}\n";
    let gateway = Gateway::start_public("stream-exotel", PUBLIC, more);
    let path = "/sip/exotel/media-stream?sample-rate=16000";
    for (password, let_in) in [("12345", true), ("54321", false)] {
        let value = basic::value("exo", &Secret::new(password));
        let headers = [("authorization", value.as_str()), TUNNEL];
        let opened = Provider::open_with(gateway.http_port, path, &headers);
        assert_eq!(opened.is_ok(), let_in, "{password}");
    }
}

/// Answers one request; the request.
fn one_request(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().expect("the gateway asks");
    let mut request = Vec::new();
    let is_whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).into_owned();
        text.split_once("\r\n\r\n")
            .is_some_and(|(_, body)| body.ends_with('}'))
    };
    while !is_whole(&request) {
        let mut bytes = [0; 1_024];
        let count = stream.read(&mut bytes).expect("a request");
        assert!(
            count > 0,
            "half a request: {}",
            String::from_utf8_lossy(&request)
        );
        request.extend_from_slice(&bytes[..count]);
    }
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    stream.write_all(answer).expect("the gateway listens");
    String::from_utf8(request).expect("text")
}

#[test]
fn an_application_that_hangs_up_ends_the_call_at_telnyx_over_rest() {
    let telnyx = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base_url = format!("http://{}", telnyx.local_addr().expect("its address"));
    let lobby = Lobby::open();
    let more =
        format!("providers: {{telnyx: {{api_key: \"KEY12345\", base_url: \"{base_url}\"}}}}\n");
    let gateway = Gateway::leading_to_with("stream-telnyx", &lobby.url(), &more);
    let mut provider =
        Provider::open(gateway.http_port, "/sip/telnyx/media-stream").expect("a stream");
    provider.send(&json!({"event": "connected", "version": "1.0.0"}));
    provider.send(&json!({
        "event": "start", "sequence_number": "1", "stream_id": "s1",
        "start": {
            "user_id": "u", "call_control_id": "v3:c1", "call_session_id": "x",
            "from": "+15551230000", "to": "+15559990000",
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        },
    }));
    let mut application = lobby.accept();
    application.wait_for("answered");
    application.send(&json!({"type": "hangup"}));
    let request = one_request(&telnyx);
    assert!(
        request.starts_with("POST /v2/calls/v3%3Ac1/actions/hangup HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: Bearer KEY12345\r\n"),
        "{request}"
    );
    let (_, body) = request.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert!(body["command_id"].is_string(), "{body}");
    assert_eq!(gateway.only_record()["end"]["by"], "app");
    assert!(
        !gateway.log().contains("KEY12345"),
        "a credential is in the log"
    );
}
