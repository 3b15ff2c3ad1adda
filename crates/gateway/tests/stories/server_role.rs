//! Somebody calls, and an application comes to the gateway to take the call.

use serde_json::json;
use trunkline_call::EndReason;

use crate::support::lobby::Closed;
use crate::support::{Caller, Events, Gateway, Session, get, sound};

const DESK: &str = "apps: {desk: {type: websocket, role: server}}\n\
    routes: [{to: \"*\", app: desk}]\n";

/// A call that was announced as waiting; its id.
fn announced(events: &mut Events) -> String {
    let waiting = events.wait_for("call.waiting");
    let call = &waiting["call"];
    assert_eq!(
        (&call["state"], &call["app"]),
        (&json!("ringing"), &json!("desk"))
    );
    call["id"].as_str().expect("a call has an id").to_owned()
}

#[test]
fn a_call_that_waits_is_announced_and_taken_by_whoever_comes_first() {
    let gateway = Gateway::start("server-taken", DESK);
    let mut events = Events::listen(gateway.http_port);
    let caller = Caller::dial(&gateway.uri("alice"));
    let id = announced(&mut events);
    let mut session = Session::come(gateway.http_port, &id).expect("the call waits");
    assert_eq!(session.wait_for("start")["callId"], *id);
    session.wait_for("answered");
    caller.wait_answered();
    assert_eq!(Session::come(gateway.http_port, &id).err(), Some(409));
    session.say(&sound::tone(1_000.0, 16_000, 8_000));
    session.send(&json!({"type": "mark", "data": {"name": "said"}}));
    assert_eq!(session.wait_for("mark")["atMs"], 500);
    session.send(&json!({"type": "hangup"}));
    assert_eq!(session.wait_for("stop")["by"], "app");
    assert_eq!(session.wait_closed(), Closed::Frame(1_000));
    let report = caller.report();
    let heard = sound::frames_of_tone(1_000.0, 16_000, report.heard.samples());
    assert!((24..=25).contains(&heard), "{heard} frames of 25");
    let ended = events.wait_for("call.ended");
    assert_eq!(
        (&ended["callId"], &ended["end"]["by"]),
        (&json!(id), &json!("app"))
    );
    assert_eq!(Session::come(gateway.http_port, &id).err(), Some(404));
}

#[test]
fn a_call_may_be_taken_by_the_path_s_other_name() {
    let gateway = Gateway::start("server-voice", DESK);
    let mut events = Events::listen(gateway.http_port);
    let caller = Caller::dial(&gateway.uri("alice"));
    let id = announced(&mut events);
    let path = format!("/ws/voice/{id}");
    let mut session = Session::come_by(gateway.http_port, &path).expect("the call waits");
    assert_eq!(session.wait_for("start")["callId"], *id);
    caller.wait_answered();
    assert_eq!(Session::come(gateway.http_port, &id).err(), Some(409));
}

#[test]
fn an_application_that_comes_to_no_call_is_told() {
    let gateway = Gateway::start("server-unknown", DESK);
    let unknown = "0123456789abcdef0123456789abcdef";
    assert_eq!(Session::come(gateway.http_port, unknown).err(), Some(404));
    assert_eq!(
        Session::come(gateway.http_port, "nonsense").err(),
        Some(404)
    );
    let path = format!("/ws/sip/{unknown}");
    let (status, body) = get(gateway.http_port, &path).expect("an answer");
    assert_eq!(status, 400, "{body}: a GET without upgrade is no WebSocket");
}

#[test]
fn a_caller_who_gives_up_leaves_no_call_behind() {
    let gateway = Gateway::start("server-given-up", DESK);
    let mut events = Events::listen(gateway.http_port);
    let caller = Caller::dial(&gateway.uri("alice"));
    let id = announced(&mut events);
    caller.hang_up();
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["by"], "remote", "{record}");
    assert_eq!(Session::come(gateway.http_port, &id).err(), Some(404));
    gateway.wait_for_calls(0);
}

#[test]
fn a_call_that_nobody_takes_is_refused_after_twenty_seconds() {
    let gateway = Gateway::start("server-nobody", DESK);
    let report = Caller::dial(&gateway.uri("alice")).report();
    let EndReason::Upstream { code, .. } = report.end else {
        panic!("refused, not {:?}", report.end);
    };
    assert_eq!(code, 480);
    let record = gateway.wait_for_record("to", "alice");
    assert_eq!(record["end"]["reason"], "app_timeout", "{record}");
    let waited = record["durationMs"].as_u64().expect("a duration");
    assert!(waited >= 20_000, "{waited} ms");
}
