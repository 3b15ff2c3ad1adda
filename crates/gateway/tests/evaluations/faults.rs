//! What an evaluation is for: an agent that does not do as it should fails with the line that says why.

use std::time::Duration;

use crate::engines::{Defects, agent};
use crate::talks::{faults, follow, place, stage};

/// How often an agent is tried that does nothing wrong. On a machine that is busy with something else
/// an answer may be late, which says nothing of the program.
const TRIES: usize = 4;

fn one_fault(name: &str, defects: Defects, only: &str) -> String {
    let (folder, gateway) = (stage(name), agent(defects));
    let (told, passed) = follow(&folder, &gateway, only, &[]);
    assert!(!passed, "{told}");
    let faults = faults(&told);
    faults
        .first()
        .cloned()
        .unwrap_or_else(|| panic!("no fault: {told}"))
}

#[test]
fn an_agent_that_does_as_it_should_passes_alone_and_beside_others() {
    let (folder, gateway) = (stage("eval-good"), agent(Defects::default()));
    for only in ["hours", "intent", "keys"] {
        let tries = (0..TRIES).map(|_| follow(&folder, &gateway, only, &[]));
        let mut last = None;
        let passed = tries.into_iter().any(|(told, passed)| {
            last = Some(told);
            passed
        });
        assert!(passed, "{only}: {last:?}");
        let told = last.expect("a conversation");
        assert_eq!(told["passed"], true);
    }
    let (told, _) = follow(
        &folder,
        &gateway,
        "keys",
        &["--callers", "3", "--out", "report"],
    );
    assert_eq!(told["conversations"].as_array().map(Vec::len), Some(3));
    let file = |name: &str| folder.join("report").join(name);
    let junit = std::fs::read_to_string(file("junit.xml")).expect("a report");
    assert_eq!(junit.matches("<testcase classname=\"keys\"").count(), 3);
    let page = std::fs::read_to_string(file("report.html")).expect("a page");
    assert!(page.contains("href=\"01-keys-3.html\""), "{page}");
    let call = std::fs::read_to_string(file("01-keys-3.html")).expect("a page of the call");
    assert!(call.contains("You pressed forty two."), "what was heard");
    let recording = std::fs::read(file("01-keys-3.wav")).expect("a recording");
    assert!(recording.len() > 100_000, "some seconds of both sides");
}

#[test]
fn an_agent_that_cannot_be_interrupted_fails_by_its_silence() {
    let defects = Defects {
        deaf_while_speaking: true,
        ..Defects::default()
    };
    let fault = one_fault("eval-deaf", defects, "hours");
    assert!(fault.starts_with(&place("silence_ms")), "{fault}");
    assert!(
        fault.contains("after the caller cut in, later than 400 ms"),
        "{fault}"
    );
}

#[test]
fn an_agent_that_takes_800_ms_longer_fails_by_its_gap() {
    let defects = Defects {
        slow: Duration::from_millis(800),
        ..Defects::default()
    };
    let fault = one_fault("eval-slow", defects, "hours");
    assert!(fault.starts_with(&place("gap_ms")), "{fault}");
    assert!(fault.contains("ms, later than 1250 ms"), "{fault}");
}

#[test]
fn an_agent_that_keys_do_not_reach_fails_by_its_silence_after_them() {
    let defects = Defects {
        drops_keys: true,
        ..Defects::default()
    };
    let fault = one_fault("eval-keyless", defects, "keys");
    assert!(fault.starts_with(&place("You pressed 42")), "{fault}");
    assert!(
        fault.contains("said nothing within 8 s after the keys 42#"),
        "{fault}"
    );
}

#[test]
fn an_agent_that_answers_something_else_fails_by_what_it_said() {
    let defects = Defects {
        confused: true,
        ..Defects::default()
    };
    let fault = one_fault("eval-confused", defects, "intent");
    assert!(fault.starts_with(&place("intent: hours")), "{fault}");
    let words = "heard \"I will connect you.\", which is \"transfer\", not \"hours\"";
    assert!(fault.ends_with(words), "{fault}");
}
