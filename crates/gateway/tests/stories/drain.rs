//! The gateway is told to leave, and nothing is left of calls that are over.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use trunkline_call::EndReason;
use trunkline_phone::softphone::{Script, Settings};

use crate::support::{Caller, Gateway, Lobby, PATIENCE, RawSip, eventually, get, sound, within};

fn ready(gateway: &Gateway) -> Option<u16> {
    get(gateway.http_port, "/ready")
        .ok()
        .map(|(status, _)| status)
}

#[test]
fn a_gateway_that_leaves_takes_no_new_calls_and_lets_the_live_ones_finish() {
    let mut gateway = Gateway::start("drain-live", "");
    let said = sound::tone(700.0, 16_000, 60 * 16_000);
    let script = Script::new().play(Duration::ZERO, &said);
    let caller = Caller::follow(&gateway.uri("echo"), Settings::default(), script);
    caller.wait_answered();
    gateway.signal("TERM");
    eventually("the gateway is not ready", || {
        (ready(&gateway) == Some(503)).then_some(())
    });
    assert_eq!(gateway.figure("draining"), 1);
    let phone = RawSip::toward(gateway.sip_port);
    let invite = phone.invite("late", "echo", "");
    let refused = phone.ask(&invite);
    assert_eq!(refused.status(), Some(503));
    assert!(refused.header("Retry-After").is_some(), "{refused:?}");
    let options = phone.request("OPTIONS", "late", "echo", "", "");
    assert_eq!(phone.ask(&options).status(), Some(503));
    let order = json!({"to": "sip:bob@127.0.0.1", "app": "echo"});
    let (status, told) = gateway.post("/v1/calls", &order);
    assert_eq!(
        (status, &told["error"]["code"]),
        (503, &json!("stopping")),
        "{told}"
    );
    assert!(gateway.is_running());
    assert_eq!(gateway.calls().len(), 1, "the live call goes on");
    let report = caller.hang_up();
    assert_eq!(report.heard.figures().lost, 0);
    assert!(gateway.wait_until_gone().success());
}

#[test]
fn a_second_signal_ends_the_live_calls_at_once() {
    let mut gateway = Gateway::start("drain-twice", "");
    let caller = Caller::dial(&gateway.uri("echo"));
    caller.wait_answered();
    gateway.signal("TERM");
    eventually("the gateway is not ready", || {
        (ready(&gateway) == Some(503)).then_some(())
    });
    assert!(!caller.is_over());
    gateway.signal("INT");
    assert_eq!(
        caller.report().end,
        EndReason::Remote,
        "it was told goodbye"
    );
    assert!(gateway.wait_until_gone().success());
}

/// What a process has open, and its threads.
fn counts(gateway: &Gateway) -> (usize, usize) {
    let count = |what: &str| {
        let folder = PathBuf::from(format!("/proc/{}/{what}", gateway.pid()));
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    };
    (count("fd"), count("task"))
}

/// How long a finished transaction of SIP over UDP lingers (timers H and J, RFC 3261 §17.2): 64 T1.
const LINGER: Duration = Duration::from_secs(32);

#[test]
fn two_hundred_calls_leave_nothing_behind() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("drain-leaks", &lobby.url());
    let before = counts(&gateway);
    let script = || Script::new().hang_up(Duration::from_millis(100));
    for _ in 0..20 {
        let callers: Vec<Caller> = (0..10)
            .map(|_| Caller::follow(&gateway.uri("many"), Settings::default(), script()))
            .collect();
        let mut sessions: Vec<_> = callers.iter().map(|_| lobby.accept()).collect();
        for session in &mut sessions {
            session.wait_closed();
        }
        callers.into_iter().for_each(|caller| drop(caller.report()));
    }
    gateway.wait_for_calls(0);
    assert_eq!(gateway.figure("calls_started_total"), 200);
    assert_eq!(gateway.figure("rtp_ports"), 0);
    assert_eq!(gateway.records().len(), 200);
    let transactions = within(LINGER * 2, || {
        (gateway.figure("sip_transactions") == 0).then_some(())
    });
    assert!(
        transactions.is_some(),
        "{} transactions",
        gateway.figure("sip_transactions")
    );
    // The count before may hold the connection of a question that was just answered.
    let are_as_before = within(PATIENCE, || {
        let (descriptors, threads) = counts(&gateway);
        (descriptors <= before.0 && threads <= before.1).then_some(())
    });
    let after = counts(&gateway);
    assert!(
        are_as_before.is_some(),
        "{before:?} before, {after:?} after"
    );
    assert!(gateway.terminate().success());
}
