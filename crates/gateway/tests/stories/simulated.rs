//! `trunkline simulate` is the provider of a call to the gateway's own media streams, and finds fault
//! with servers that do not keep to their provider's rules.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tungstenite::{Message, WebSocket};

use crate::support::Gateway;

const ECHO: &str = "routes: [{to: \"*\", app: echo}]\n";
const KEY: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";

fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .arg("simulate")
        .args(arguments)
        .arg("--json")
        .stdin(Stdio::null())
        .output()
        .expect("the binary under test starts")
}

/// What was printed, and whether the server did well.
fn verdict(output: &Output) -> (Value, bool) {
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_str(&printed);
    let value = value.unwrap_or_else(|error| panic!("{error}: {printed}{said}"));
    (value, output.status.success())
}

/// How often a call is made until its echo is good: on a busy machine one may be late and patchy,
/// which says nothing of the gateway.
const TRIES: usize = 5;

/// The first call whose server did well and whose echo is like what was said; else it panics.
fn good_echo(arguments: &[&str]) -> Value {
    let mut calls = (0..TRIES).map(|_| verdict(&simulate(arguments)));
    let good = |(shown, well): &(Value, bool)| *well && shown["likeness"].as_f64() > Some(0.8);
    let mut last = calls.next().expect("one try at least");
    while !good(&last)
        && let Some(next) = calls.next()
    {
        last = next;
    }
    assert!(good(&last), "{arguments:?}: {}", last.0);
    last.0
}

#[test]
fn the_gateways_echo_does_well_with_every_provider() {
    let gateway = Gateway::start("simulated-streams", ECHO);
    let file = gateway.folder().join("both.wav");
    for provider in ["twilio", "telnyx", "plivo", "exotel", "vonage", "jambonz"] {
        let url = format!(
            "ws://127.0.0.1:{}/sip/{provider}/media-stream",
            gateway.http_port
        );
        let record = file.to_str().expect("a path of letters");
        let call = [
            provider,
            "--stream",
            &url,
            "--dtmf",
            "12",
            "--duration",
            "2.5",
            "--record",
            record,
        ];
        let shown = good_echo(&call);
        assert_eq!(shown["good"], true);
        assert_eq!(shown["end"]["by"], "caller", "{shown}");
        assert_eq!(shown["sent"]["keys"], 2, "{shown}");
        let recording = std::fs::metadata(&file).expect("a recording");
        assert!(recording.len() > 100_000, "{provider}");
    }
    gateway.wait_for_calls(0);
}

#[test]
fn a_signed_webhook_leads_to_its_stream() {
    let providers = format!(
        "providers: {{twilio: {{auth_token: \"12345\"}}, plivo: {{auth_token: \"12345\"}}, \
         telnyx: {{public_key: \"{}\", codec: l16}}, vonage: {{signature_secret: \"12345\"}}, \
         exotel: {{username: exo, password: \"12345\"}}}}\n",
        KEY.parse::<trunkline_providers::signature::telnyx::SigningKey>()
            .expect("a key")
            .public_key()
    );
    let public = "https://voice.example.com";
    let more = format!("{ECHO}{providers}");
    let gateway = Gateway::start_public("simulated-webhooks", public, &more);
    for (provider, secret, rate) in [
        ("twilio", "12345", 8_000),
        ("telnyx", KEY, 16_000),
        ("plivo", "12345", 16_000),
        ("vonage", "12345", 16_000),
        ("exotel", "exo:12345", 16_000),
    ] {
        let webhook = format!(
            "http://127.0.0.1:{}/sip/{provider}/answer",
            gateway.http_port
        );
        let with = |secret| {
            let call = [
                "--webhook",
                &webhook,
                "--public-url",
                public,
                "--duration",
                "2.5",
            ];
            [&[provider][..], &call, &["--auth-token", secret]].concat()
        };
        let shown = good_echo(&with(secret));
        assert_eq!(shown["sent"]["format"]["sampleRate"], rate, "{shown}");
        let wrong = match provider {
            "exotel" => "exo:x".to_owned(),
            "telnyx" => KEY.replace("AwMD", "BBBB"),
            _ => "x".to_owned(),
        };
        let refused = simulate(&with(&wrong));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{provider}: {said}");
        assert!(said.contains("answered 403"), "{provider}: {said}");
    }
}

/// A server that takes one stream and does this with it.
fn server(serve: impl FnOnce(WebSocket<TcpStream>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        serve(tungstenite::accept(stream).expect("a handshake"));
    });
    url
}

#[test]
fn a_server_that_breaks_the_rules_is_told_which() {
    let url = server(|mut socket| {
        let said = r#"{"event":"media","media":{"payload":"EBAQ"}}"#;
        socket.send(Message::text(said)).expect("a peer");
        socket.send(Message::binary(vec![0; 320])).expect("a peer");
        while socket.read().is_ok() {}
    });
    let (shown, well) = verdict(&simulate(&["twilio", "--stream", &url, "--duration", "1"]));
    assert!(!well && shown["good"] == false, "{shown}");
    let faults = shown["faults"].to_string();
    for words in ["without streamSid", "a binary message", "sent no audio"] {
        assert!(faults.contains(words), "{words}: {shown}");
    }
    assert_eq!(shown["end"]["code"], 1000, "{shown}");
}

#[test]
fn a_server_that_drops_the_stream_is_told_so() {
    let url = server(|mut socket| {
        // Connected, start, and a first piece of audio.
        for _ in 0..3 {
            socket.read().expect("a message");
        }
    });
    let (shown, well) = verdict(&simulate(&["twilio", "--stream", &url]));
    assert!(!well);
    assert_eq!(shown["end"]["by"], "lost", "{shown}");
    assert!(
        shown["faults"]
            .to_string()
            .contains("without a close frame")
    );
}

#[test]
fn nobody_there_and_nothing_to_open_are_told_apart() {
    let free = crate::support::free_port();
    let nobody = simulate(&["twilio", "--stream", &format!("ws://127.0.0.1:{free}/")]);
    assert_eq!(nobody.status.code(), Some(1));
    for wrong in [
        &["twilio", "--stream", "http://127.0.0.1/"][..],
        &["acme", "--stream", "ws://127.0.0.1/"],
        &["twilio"],
        &["jambonz", "--webhook", "http://127.0.0.1/"],
        &["telnyx", "--stream", "ws://127.0.0.1/", "--auth-token", "x"],
    ] {
        assert_eq!(simulate(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let gateway = Gateway::start("simulated-refusal", ECHO);
    let place = format!("ws://127.0.0.1:{}/sip/acme/media-stream", gateway.http_port);
    let refused = simulate(&["twilio", "--stream", &place]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("refused the stream with 404"), "{said}");
}

#[test]
fn telnyx_gets_the_codec_that_our_answer_asks_for() {
    let more = format!("{ECHO}providers: {{telnyx: {{verify: false, codec: CODEC}}}}\n");
    for (codec, name) in [("pcma", "PCMA"), ("g722", "G722"), ("l16", "L16")] {
        let more = more.replace("CODEC", codec);
        let gateway = Gateway::start(&format!("simulated-telnyx-{codec}"), &more);
        let webhook = format!("http://127.0.0.1:{}/sip/telnyx/answer", gateway.http_port);
        let call = ["telnyx", "--webhook", &webhook, "--duration", "2.5"];
        let shown = good_echo(&call);
        assert_eq!(shown["sent"]["format"]["encoding"], name, "{shown}");
    }
}

#[test]
fn a_server_that_turns_the_call_away_is_quoted() {
    let routes = "routes: [{to: \"+15559990000\", app: echo}]\n";
    let gateway = Gateway::start("simulated-no-route", routes);
    let url = format!("ws://127.0.0.1:{}/sip/media-stream", gateway.http_port);
    let (shown, well) = verdict(&simulate(&["twilio", "--stream", &url]));
    assert!(!well);
    assert_eq!(shown["end"]["by"], "closed", "{shown}");
    let faults = shown["faults"].to_string();
    assert!(
        faults.contains("closed with 1008, not with 1000: no route"),
        "{shown}"
    );
}
