//! Somebody calls an application that was written for Twilio: the gateway speaks to it as Twilio
//! would.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trunkline_audio::g711::ulaw;
use trunkline_call::{Digit, EndReason};
use trunkline_phone::softphone::{Script, Settings};
use trunkline_providers::Secret;
use trunkline_providers::signature::twilio::{Headers, Keys, SIGNATURE_HEADER, Signed, verify};
use trunkline_sip::endpoint::Transport;

use crate::support::lobby::Closed;
use crate::support::{Callee, Caller, Gateway, Lobby, RawSip, Session, says, sound};

/// The gateway that gives its calls to this application, by Twilio's protocol.
fn gateway(name: &str, lobby: &Lobby) -> Gateway {
    Gateway::start(name, &apps("twilio", lobby))
}

/// An application that takes every call.
fn apps(protocol: &str, lobby: &Lobby) -> String {
    format!(
        "routes: [{{to: \"*\", app: bot}}]\n\
         apps: {{bot: {{type: websocket, url: \"{}\", protocol: {protocol}}}}}\n",
        lobby.url()
    )
}

/// The next message of this event; its body.
fn wait_for(session: &mut Session, event: &str) -> Value {
    let from = session.events.len();
    session.until(&format!("the application is told {event}"), |session| {
        let mut fresh = session.events.iter().skip(from);
        fresh.find(|message| message["event"] == event).cloned()
    })
}

/// Everything heard so far, at 8 kHz.
fn heard(session: &Session) -> Vec<i16> {
    let media = session.events.iter().filter(|m| m["event"] == "media");
    let payloads = media.map(|m| m["media"]["payload"].as_str().expect("a payload"));
    let bytes = payloads.flat_map(|text| STANDARD.decode(text).expect("base64"));
    bytes.map(ulaw::decode).collect()
}

fn say(session: &mut Session, stream: &Value, samples: &[i16]) {
    let bytes: Vec<u8> = samples.iter().map(|sample| ulaw::encode(*sample)).collect();
    let payload = STANDARD.encode(bytes);
    session.send(&json!({"event": "media", "streamSid": stream, "media": {"payload": payload}}));
}

fn mark(session: &mut Session, stream: &Value, name: &str) {
    session.send(&json!({"event": "mark", "streamSid": stream, "mark": {"name": name}}));
}

#[test]
fn a_caller_and_an_application_for_twilio_hear_each_other() {
    let lobby = Lobby::open();
    let gateway = gateway("twilio-both-ways", &lobby);
    let said = sound::tone(440.0, 16_000, 4 * 16_000);
    let key = Digit::from_char('5').expect("a key");
    let script = Script::new()
        .play(Duration::ZERO, &said)
        .press(Duration::from_millis(500), &[key]);
    let caller = Caller::follow(&gateway.uri("alice"), Settings::default(), script);
    let mut session = lobby.accept();
    let start = wait_for(&mut session, "start");
    assert_eq!(session.events[0]["event"], "connected");
    assert_eq!(session.events[1], start, "start is second");
    let stream = start["streamSid"].clone();
    let parameters = &start["start"]["customParameters"];
    assert_eq!(
        (&parameters["from_number"], &parameters["to_number"]),
        (&json!("phone"), &json!("alice"))
    );
    say(&mut session, &stream, &sound::tone(1_000.0, 8_000, 8_000));
    mark(&mut session, &stream, "said");
    let pressed = session.until("the key is told", |session| {
        let mut events = session.events.iter();
        events.find(|message| message["event"] == "dtmf").cloned()
    });
    assert_eq!(pressed["dtmf"]["digit"], "5");
    session.until("the mark comes back", |session| {
        let mut events = session.events.iter();
        events.any(|m| m["mark"]["name"] == "said").then_some(())
    });
    session.until("the caller is heard", |session| {
        (sound::frames_of_tone(440.0, 8_000, &heard(session)) >= 100).then_some(())
    });
    let report = caller.hang_up();
    wait_for(&mut session, "stop");
    assert_eq!(session.wait_closed(), Closed::Frame(1_000));
    assert_eq!(session.events.last().expect("messages")["event"], "stop");
    let frames = sound::frames_of_tone(1_000.0, 16_000, report.heard.samples());
    assert!((49..=50).contains(&frames), "{frames} frames of 50");
}

#[test]
fn a_clear_silences_at_once_gives_the_marks_back_and_a_close_hangs_up() {
    let lobby = Lobby::open();
    let gateway = gateway("twilio-clear", &lobby);
    let caller = Caller::dial(&gateway.uri("alice"));
    let mut session = lobby.accept();
    let stream = wait_for(&mut session, "start")["streamSid"].clone();
    caller.wait_answered();
    say(
        &mut session,
        &stream,
        &sound::tone(1_000.0, 8_000, 60 * 8_000),
    );
    mark(&mut session, &stream, "never reached");
    session.send(&json!({"event": "clear", "streamSid": stream}));
    let echoed = wait_for(&mut session, "mark");
    assert_eq!(echoed["mark"]["name"], "never reached");
    session.close(Some(1_000));
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let frames = sound::frames_of_tone(1_000.0, 16_000, report.heard.samples());
    assert!(frames < 10 * 50, "{frames} frames after a clear at once");
}

#[test]
fn an_application_for_twilio_is_asked_with_twilios_signature() {
    let lobby = Lobby::open();
    let token = "providers: {twilio: {auth_token: \"12345\"}}\n";
    let settings = format!("{}{token}", apps("twilio", &lobby));
    let gateway = Gateway::start("twilio-signed", &settings);
    let caller = Caller::dial(&gateway.uri("alice"));
    let (mut session, asked) = lobby.accept_asked();
    let start = wait_for(&mut session, "start");
    let call = start["start"]["callSid"].as_str().expect("a call");
    let id = call.strip_prefix("CA").expect("an id of Twilio's");
    let signed = lobby.url().replace("{call_id}", id);
    let keys = Keys {
        auth_token: Secret::new("12345".to_owned()),
        shared_keys: Vec::new(),
    };
    let headers = Headers {
        signature: asked[SIGNATURE_HEADER].to_str().ok(),
        settings: None,
    };
    assert_eq!(verify(&keys, &signed, Signed::Get, headers), Ok(()));
    assert!(verify(&keys, &lobby.url(), Signed::Get, headers).is_err());
    drop((session, caller));
}

#[test]
fn no_other_application_is_asked_with_a_signature() {
    let lobby = Lobby::open();
    let token = "providers: {twilio: {auth_token: \"12345\"}}\n";
    for (name, settings) in [
        ("twilio-unsigned", apps("twilio", &lobby)),
        (
            "telnyx-unsigned",
            format!("{}{token}", apps("telnyx", &lobby)),
        ),
    ] {
        let gateway = Gateway::start(name, &settings);
        let caller = Caller::dial(&gateway.uri("alice"));
        let (_session, asked) = lobby.accept_asked();
        assert_eq!(asked.get(SIGNATURE_HEADER), None, "{name}");
        drop(caller);
    }
}

#[test]
fn what_a_far_end_leaves_unheard_is_given_back_and_the_next_one_hears_what_follows() {
    let lobby = Lobby::open();
    let dial = "dial: {allow: [\"sip:*\"]}\n";
    let settings = format!("{}{dial}", apps("twilio", &lobby));
    let gateway = Gateway::start("twilio-moved", &settings);
    let phone = RawSip::toward(gateway.sip_port);
    let order = json!({"to": format!("sip:bob@{}", phone.local()), "app": "bot"});
    let (status, placed) = gateway.post("/v1/calls", &order);
    assert_eq!(status, 201, "{placed}");
    let invite = phone.expect("INVITE");
    phone.pick_up(&invite);
    let mut session = lobby.accept();
    let stream = wait_for(&mut session, "start")["streamSid"].clone();
    let tone = |seconds: usize| sound::tone(500.0, 8_000, seconds * 8_000);
    say(&mut session, &stream, &tone(1));
    mark(&mut session, &stream, "reached");
    say(&mut session, &stream, &tone(60));
    mark(&mut session, &stream, "never reached");
    // What follows it on the connection has been taken long since.
    assert_eq!(wait_for(&mut session, "mark")["mark"]["name"], "reached");
    let callee = Callee::wait(Transport::Udp, says(650.0));
    phone.send_to(&invite, &callee.uri("carol"));
    let echoed = wait_for(&mut session, "mark");
    assert_eq!(echoed["mark"]["name"], "never reached");
    say(&mut session, &stream, &sound::tone(1_000.0, 8_000, 8_000));
    callee.wait_for_tone(1_000.0, 45);
    callee.report();
}
