//! The load generator, with one call to a softphone.

use std::thread;
use std::time::Duration;

use trunkline_call::EndReason;
use trunkline_phone::load::{self, Process, Target};
use trunkline_phone::softphone::{Report, Script, Settings, Waiting};
use trunkline_sip::endpoint::Transport;

const PATIENCE: Duration = Duration::from_secs(20);

/// What a run measures, and what the softphone saw of it.
fn against_a_phone<R>(script: Script, run: impl FnOnce(&Target) -> R) -> (R, Report) {
    let loopback = "127.0.0.1:0".parse().unwrap();
    let waiting = Waiting::listen(Transport::Udp, loopback, Settings::default()).unwrap();
    let address = waiting.address();
    let target = Target {
        uri: format!("sip:bob@{address}"),
        address,
        process: Process::new(std::process::id()).ok(),
    };
    let phone = thread::spawn(move || waiting.answer(PATIENCE, script, &mut |_| {}).unwrap());
    (run(&target), phone.join().unwrap())
}

#[test]
fn a_call_is_set_up_and_ended_at_once() {
    let (report, phone) = against_a_phone(Script::new(), |target| {
        load::rate(target, 10.0, Duration::from_millis(100))
    });
    let report = report.unwrap();
    assert_eq!(
        (report.calls, report.failed, report.last_refusal),
        (1, 0, None)
    );
    assert_eq!(report.answered_ms.count, 1);
    assert_eq!(phone.end, EndReason::Remote);
}

#[test]
fn what_a_second_caller_is_refused_is_counted() {
    // The softphone has one line; the second INVITE comes while the first call is up or leaving.
    let (report, _) = against_a_phone(Script::new(), |target| {
        load::calls(target, 2, Duration::from_secs(3))
    });
    let report = report.unwrap();
    assert_eq!((report.failed, report.last_refusal), (1, Some(486)));
    assert!(!report.pass);
}

#[test]
fn packets_of_both_directions_are_counted() {
    let (report, phone) = against_a_phone(Script::new(), |target| {
        load::calls(target, 1, Duration::from_secs(1))
    });
    let report = report.unwrap();
    assert!((45..=55).contains(&report.sent), "{}", report.sent);
    assert!(report.received > 0);
    // A phone says nothing of its own, so no pulse comes back.
    assert_eq!(report.delay_ms.count, 0);
    assert!(report.cpu_ms_per_call_second.is_some_and(|ms| ms > 0.0));
    let heard = phone.heard.figures();
    assert!(heard.packets > 180 && heard.lost == 0, "{heard:?}");
}
