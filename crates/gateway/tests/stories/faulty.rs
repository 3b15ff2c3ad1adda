//! Applications that are not there, do not read, talk nonsense, or vanish. Each costs its own call.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use socket2::SockRef;
use trunkline_call::EndReason;
use trunkline_phone::softphone::{Script, Settings};

use crate::support::{Caller, Gateway, Lobby, PATIENCE, Session, Steady, talk, within};

/// A gateway with one media thread, so that the calls share it, and a steady call on it.
fn beside_a_steady_call(name: &str, faulty: &str) -> (Gateway, Steady) {
    let mut steady = Steady::new();
    let more = format!(
        "shards: 1\n\
         routes: [{{to: steady, app: good}}, {{to: \"*\", app: faulty}}]\n\
         apps:\n  good: {{type: websocket, url: \"{}\"}}\n  faulty: {{type: websocket, {faulty}}}\n",
        steady.url()
    );
    let gateway = Gateway::start(name, &more);
    steady.begin(&gateway);
    (gateway, steady)
}

fn url(lobby: &Lobby) -> String {
    format!("url: \"{}\"", lobby.url())
}

fn is_refused_with_503(gateway: &Gateway, detail: &str) {
    let report = Caller::dial(&gateway.uri("victim")).report();
    assert!(
        matches!(report.end, EndReason::Upstream { code: 503, .. }),
        "{:?}",
        report.end
    );
    let record = gateway.wait_for_record("to", "victim");
    assert_eq!(record["end"]["reason"], "app_unreachable", "{record}");
    let told = record["end"]["detail"].as_str().expect("a detail");
    assert!(told.contains(detail), "{told}");
    let why = gateway.get(&format!("/v1/records/{}/why", id(&record)));
    assert!(why.to_string().contains("could not be reached"), "{why}");
    assert!(why.to_string().contains(detail), "{why}");
}

fn id(record: &Value) -> &str {
    record["callId"].as_str().expect("a call has an id")
}

#[test]
fn the_key_in_an_applications_url_is_in_no_log_and_no_record() {
    let lobby = Lobby::open();
    let with_key = format!("ws://bot:5ecre7@{}/voice?key=5ecre7", lobby.address());
    let gateway = Gateway::leading_to("faulty-key", &with_key);
    let place = format!("ws://{}/voice?…: ", lobby.address());
    drop(lobby);
    is_refused_with_503(&gateway, &place);
    let log = gateway.log();
    assert!(log.contains(&place), "{log}");
    let records = gateway.get("/v1/records").to_string();
    assert!(
        !format!("{log}{records}").contains("5ecre7"),
        "{log}{records}"
    );
}

#[test]
fn an_application_that_does_not_listen_costs_its_call_alone() {
    let lobby = Lobby::open();
    let address = lobby.address();
    let (gateway, mut steady) = beside_a_steady_call("faulty-closed", &url(&lobby));
    drop(lobby);
    is_refused_with_503(&gateway, &address.to_string());
    steady.end_unharmed(&gateway);
}

#[test]
fn an_application_that_never_opens_is_given_five_seconds() {
    // Its connections wait in the backlog for ever.
    let lobby = Lobby::open();
    let (gateway, mut steady) = beside_a_steady_call("faulty-mute", &url(&lobby));
    is_refused_with_503(&gateway, "not open within 5 s");
    let record = gateway.wait_for_record("to", "victim");
    assert!(record["durationMs"].as_u64() >= Some(5_000), "{record}");
    steady.end_unharmed(&gateway);
}

#[test]
fn an_application_that_speaks_http_only_costs_its_call_alone() {
    let lobby = Lobby::open();
    let (gateway, mut steady) = beside_a_steady_call("faulty-http", &url(&lobby));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = lobby.accept_tcp();
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        });
        is_refused_with_503(&gateway, "404");
    });
    steady.end_unharmed(&gateway);
}

/// A call of the faulty application, answered.
fn victim(gateway: &Gateway, lobby: &Lobby, script: Script) -> (Caller, Session) {
    let caller = Caller::follow(&gateway.uri("victim"), Settings::default(), script);
    let mut session = lobby.accept();
    session.wait_for("answered");
    caller.wait_answered();
    (caller, session)
}

#[test]
fn an_application_that_does_not_read_loses_the_oldest_sound() {
    let lobby = Lobby::open();
    // What is connected inherits the small buffer.
    SockRef::from(lobby.listener())
        .set_recv_buffer_size(4 * 1024)
        .expect("a receive buffer");
    let faulty = format!("{}, sample_rate: 48000", url(&lobby));
    let (gateway, mut steady) = beside_a_steady_call("faulty-slow", &faulty);
    let record = talk::does_not_read(&gateway, &lobby, &steady, "victim", 48_000);
    let why = gateway.get(&format!("/v1/records/{}/why", id(&record)));
    assert!(why.to_string().contains("too slow to hear"), "{why}");
    steady.end_unharmed(&gateway);
}

#[test]
fn an_application_that_says_nothing_leaves_its_caller_in_silence() {
    let lobby = Lobby::open();
    let (gateway, mut steady) = beside_a_steady_call("faulty-silent", &url(&lobby));
    let (caller, mut session) = victim(&gateway, &lobby, Script::new());
    // Below two seconds nobody expects an answer yet.
    session.listen(150);
    let report = caller.hang_up();
    assert!(
        report.heard.figures().packets >= 50,
        "{:?}",
        report.heard.figures()
    );
    assert!(
        report
            .heard
            .samples()
            .iter()
            .all(|sample| sample.abs() < 16)
    );
    let record = gateway.wait_for_record("to", "victim");
    let why = gateway.get(&format!("/v1/records/{}/why", id(&record)));
    assert!(why.to_string().contains("never said anything"), "{why}");
    steady.end_unharmed(&gateway);
}

#[test]
fn the_hundredth_message_that_means_nothing_ends_the_call() {
    let lobby = Lobby::open();
    let (gateway, mut steady) = beside_a_steady_call("faulty-nonsense", &url(&lobby));
    let (caller, mut session) = victim(&gateway, &lobby, Script::new());
    let wrong = [
        "{",
        "[]",
        "\"hangup\"",
        "{\"type\":7}",
        "{\"type\":\"mark\"}",
    ];
    for text in wrong.iter().cycle().take(99) {
        session.send_text(text);
    }
    session.send(&json!({"type": "mark", "data": {"name": "still here"}}));
    session.wait_for("mark");
    session.send_text("the hundredth");
    let stop = session.wait_for("stop");
    assert_eq!(
        (&stop["by"], &stop["reason"]),
        (&json!("gateway"), &json!("app_nonsense"))
    );
    assert_eq!(caller.report().end, EndReason::Remote);
    let record = gateway.wait_for_record("to", "victim");
    assert_eq!(record["end"]["reason"], "app_nonsense", "{record}");
    assert_eq!(record["application"]["nonsense"], 100, "{record}");
    assert_eq!(gateway.figure("app_nonsense_total"), 100);
    steady.end_unharmed(&gateway);
}

/// Lets an application of this name come to its end by `how`, and compares the record's reason.
/// What `how` gives back is kept until the record is there: a socket that is dropped with unread
/// bytes sends a reset, which may overtake what was written before it.
fn is_lost_by<K>(name: &str, reason: &str, how: impl FnOnce(Session) -> K) {
    let lobby = Lobby::open();
    let (gateway, mut steady) = beside_a_steady_call(name, &url(&lobby));
    let (caller, session) = victim(&gateway, &lobby, Script::new());
    let kept = how(session);
    assert_eq!(caller.report().end, EndReason::Remote);
    let record = gateway.wait_for_record("to", "victim");
    drop(kept);
    assert_eq!(record["end"]["by"], "gateway", "{record}");
    assert_eq!(record["end"]["reason"], reason, "{record}");
    steady.end_unharmed(&gateway);
}

/// A ping every 15 s; the second without an answer is one too many when the third is due.
const FROZEN_MS: u64 = 45_000;

#[test]
fn an_application_that_answers_no_ping_is_lost() {
    let lobby = Lobby::open();
    let (gateway, mut steady) = beside_a_steady_call("faulty-frozen", &url(&lobby));
    let (caller, session) = victim(&gateway, &lobby, Script::new());
    // Nobody reads, so nobody answers; the connection stays open until the call is over.
    let ended = within(2 * PATIENCE, || {
        let mut records = gateway.records().into_iter();
        records.find(|record| record["to"] == "victim")
    });
    let record = ended.expect("the frozen application is given up");
    drop(session);
    assert_eq!(record["end"]["reason"], "app_lost", "{record}");
    assert!(record["durationMs"].as_u64() >= Some(FROZEN_MS), "{record}");
    assert_eq!(caller.report().end, EndReason::Remote);
    steady.end_unharmed(&gateway);
}

#[test]
fn an_application_whose_connection_is_reset_is_lost() {
    is_lost_by("faulty-reset", "app_lost", |session| {
        SockRef::from(session.stream())
            .set_linger(Some(Duration::ZERO))
            .expect("a linger time");
    });
}

#[test]
fn an_application_that_goes_without_a_close_frame_is_lost() {
    is_lost_by("faulty-gone", "app_lost", drop);
}

#[test]
fn an_application_that_closes_with_an_error_is_lost() {
    is_lost_by("faulty-1011", "app_lost", |mut session| {
        session.close(Some(1_011));
        session
    });
}

#[test]
fn bytes_that_are_no_websocket_frames_end_the_call() {
    is_lost_by("faulty-frames", "app_nonsense", |session| {
        let mut stream = session.into_stream();
        // Reserved bits and an opcode that no extension has taken (RFC 6455 section 5.2).
        let _ = stream.write_all(&[0xFF; 64]);
        let _ = stream.flush();
        stream
    });
}
