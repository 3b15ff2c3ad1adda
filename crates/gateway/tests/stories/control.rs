//! A running gateway is asked and told from the command line and over HTTP.

use serde_json::{Value, json};
use trunkline_audio::wav;
use trunkline_call::{CallEvent, EndReason};
use trunkline_phone::softphone::Settings;
use trunkline_sip::Message;
use trunkline_sip::endpoint::Transport;

use crate::support::{
    Application, Callee, Caller, Events, Gateway, Lobby, Manner, RawSip, says, sound,
};

const DIAL: &str = "dial: {allow: [\"sip:*\"]}\n";

/// A caller of the echo who says a tone, answered, and the call's id.
fn talking(gateway: &Gateway, hz: f64) -> (Caller, String) {
    let caller = Caller::follow(&gateway.uri("echo"), Settings::default(), says(hz));
    caller.wait_answered();
    let id = gateway.ask_json(&["calls"])["id"].clone();
    let id = id.as_str().expect("a call has an id").to_owned();
    // The answer is on the wire a moment before the gateway's own books say so.
    gateway.wait_until_answered(&id);
    (caller, id)
}

#[test]
fn a_call_is_listed_ended_and_explained() {
    let gateway = Gateway::start("control-hangup", "");
    let (caller, id) = talking(&gateway, 700.0);
    let listed = gateway.ask_json(&["calls"]);
    assert_eq!(
        (&listed["state"], &listed["to"]),
        (&json!("up"), &json!("echo"))
    );
    assert!(gateway.ask(&["calls"]).contains(&id));
    gateway.ask(&["hangup", &id]);
    assert_eq!(caller.report().end, EndReason::Remote);
    gateway.wait_for_record("callId", &id);
    assert!(gateway.ask(&["records"]).contains(&id));
    assert_eq!(gateway.ask_json(&["records", &id])["end"]["by"], "app");
    let why = gateway.ask(&["why", &id]);
    assert!(
        why.contains("phone called echo") && why.contains("ended by"),
        "{why}"
    );
}

#[test]
fn devices_are_listed() {
    let gateway = Gateway::start("control-devices", "");
    let phone = RawSip::toward(gateway.sip_port);
    let register = phone.request("REGISTER", "kitchen", "kitchen", "Expires: 60\r\n", "");
    assert_eq!(phone.ask(&register).status(), Some(200));
    let device = gateway.ask_json(&["devices"]);
    assert_eq!(device["user"], "kitchen");
    assert!(gateway.ask(&["devices"]).contains("kitchen"));
}

#[test]
fn a_caller_is_connected_with_somebody_else() {
    let gateway = Gateway::start("control-bridge", DIAL);
    let (caller, id) = talking(&gateway, 700.0);
    let callee = Callee::wait(Transport::Udp, says(1_100.0));
    gateway.ask(&["transfer", &id, &callee.uri("bob"), "--bridge"]);
    callee.wait_for_tone(700.0, 25);
    caller.wait_for_tone(1_100.0, 25);
    callee.hang_up();
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote, "who hangs up ends both legs");
    gateway.wait_for_calls(0);
}

#[test]
fn a_far_end_that_will_not_go_elsewhere_is_joined_with_it() {
    let gateway = Gateway::start("control-refer", DIAL);
    let mut events = Events::listen(gateway.http_port);
    let phone = RawSip::toward(gateway.sip_port);
    let bob = format!("sip:bob@{}", phone.local());
    let (status, placed) = gateway.post("/v1/calls", &json!({"to": bob, "app": "echo"}));
    assert_eq!(status, 201, "{placed}");
    phone.pick_up(&phone.expect("INVITE"));
    let id = placed["id"].as_str().expect("a placed call has an id");
    let carol = RawSip::toward(gateway.sip_port);
    let elsewhere = format!("sip:carol@{}", carol.local());
    let told = gateway.ask_json(&["transfer", id, &elsewhere]);
    assert_eq!(told["asked"], "transfer");
    let refer = phone.expect("REFER");
    let refer_to = refer.header("Refer-To").unwrap_or_default();
    assert!(refer_to.contains(&elsewhere), "{refer_to}");
    phone.answer(&refer, 603, "Decline");
    // Then the gateway calls her itself, to join the two.
    carol.answer(&carol.expect("INVITE"), 486, "Busy Here");
    let outcome = loop {
        let told = events.wait_for("call.event");
        assert_ne!(told["event"]["type"], "refused", "{told}");
        if told["event"]["type"] == "transferred" {
            break told["event"]["outcome"].clone();
        }
    };
    assert_eq!(outcome["code"], 486, "{outcome}");
    gateway.wait_for_calls(1);
    assert_eq!(gateway.calls()[0]["state"], "up", "the call goes on");
}

/// How a transfer goes, as the far end tells it (RFC 3515 section 2.4.5).
fn notify(phone: &RawSip, invite: &Message, state: &str, status: &str) {
    let lines =
        format!("Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag\r\n");
    let notify = phone.within(invite, "NOTIFY", &lines, &format!("SIP/2.0 {status}\r\n"));
    assert_eq!(phone.ask(&notify).status(), Some(200), "{status}");
}

#[test]
fn a_far_end_that_goes_elsewhere_is_followed_to_its_arrival() {
    let gateway = Gateway::start("control-followed", DIAL);
    let mut events = Events::listen(gateway.http_port);
    let phone = RawSip::toward(gateway.sip_port);
    let bob = format!("sip:bob@{}", phone.local());
    let (status, placed) = gateway.post("/v1/calls", &json!({"to": bob, "app": "echo"}));
    assert_eq!(status, 201, "{placed}");
    let invite = phone.expect("INVITE");
    phone.pick_up(&invite);
    let id = placed["id"].as_str().expect("a placed call has an id");
    gateway.wait_until_answered(id);
    gateway.ask_json(&["transfer", id, "sip:carol@192.0.2.1"]);
    let refer = phone.expect("REFER");
    phone.answer(&refer, 202, "Accepted");
    notify(&phone, &invite, "active;expires=60", "100 Trying");
    notify(&phone, &invite, "active;expires=60", "180 Ringing");
    assert_eq!(gateway.calls()[0]["state"], "up", "nobody has arrived yet");
    notify(&phone, &invite, "terminated;reason=noresource", "200 OK");
    // Whoever was moved is not needed any more (RFC 5589 section 6.1).
    phone.answer(&phone.expect("BYE"), 200, "OK");
    let outcome = loop {
        let told = events.wait_for("call.event")["event"].clone();
        if told["type"] == "transferred" {
            break told["outcome"].clone();
        }
    };
    assert_eq!(outcome, json!({"code": 200, "text": "OK"}));
    let record = gateway.wait_for_record("callId", id);
    assert_eq!(record["end"]["by"], "app", "{record}");
}

#[test]
fn a_file_is_played_and_the_queue_cleared_over_http() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("control-play", &lobby.url());
    let caller = Caller::dial(&gateway.uri("alice"));
    let mut session = lobby.accept();
    let start = session.wait_for("start");
    let id = start["callId"].as_str().expect("an id").to_owned();
    session.wait_for("answered");
    let path = format!("/v1/calls/{id}/play");
    let play = |seconds: usize| {
        let file = wav::write_mono(8_000, &sound::tone(900.0, 8_000, seconds * 8_000));
        let (status, body) = gateway.post_bytes(&path, "audio/wav", &file);
        assert_eq!(status, 202, "{body}");
    };
    play(1);
    // What is asked by two ways may arrive in either order.
    session.until("the file was played", |session| {
        session.send(&json!({"type": "mark", "data": {"name": "played"}}));
        let at = session.wait_for("mark")["atMs"].as_u64();
        (at >= Some(990)).then_some(())
    });
    play(60);
    assert_eq!(
        gateway.post(&format!("/v1/calls/{id}/clear"), &json!({})).0,
        202
    );
    session.wait_for("cleared");
    let report = caller.hang_up();
    let heard = sound::frames_of_tone(900.0, 16_000, report.heard.samples());
    assert!(
        (48..500).contains(&heard),
        "{heard} frames: all of 50, little of 3,000"
    );
    let (status, body) = gateway.post_bytes(&path, "audio/wav", b"no WAV");
    assert_eq!(status, 400, "{body}");
}

#[test]
fn keys_and_a_hold_are_asked_over_http() {
    let application = Application::start(Manner::Silent);
    let gateway = Gateway::start_for("control-keys", &application);
    let caller = Caller::dial(&gateway.uri("alice"));
    caller.wait_answered();
    let id = gateway.calls()[0]["id"].as_str().expect("an id").to_owned();
    let ask = |verb: &str, body: Value| {
        let (status, answer) = gateway.post(&format!("/v1/calls/{id}/{verb}"), &body);
        assert_eq!(status, 202, "{answer}");
    };
    ask("dtmf", json!({"digits": "42"}));
    let two = trunkline_call::Digit::from_char('2');
    caller.wait_for(
        "the caller hears 2",
        |event| matches!(event, CallEvent::Dtmf { digit, .. } if two == Some(*digit)),
    );
    ask("hold", json!({}));
    caller.wait_for("the caller is put on hold", |event| {
        *event == CallEvent::Held
    });
    application.wait_for("held");
    gateway.wait_for_state(&id, "held");
    ask("resume", json!({}));
    caller.wait_for("the caller is taken back", |event| {
        *event == CallEvent::Resumed
    });
    application.wait_for("resumed");
    gateway.wait_for_state(&id, "up");
    assert_eq!(caller.hang_up().keys.len(), 2);
}
