//! What is kept when it is over: records in a file, SIP messages in the log.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Caller, Gateway, RawSip, eventually, folder, free_port};

/// What the file holds: a JSON object a line.
fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

/// Starts a gateway that appends to this file, lets so many calls come and go, and stops it.
fn serve(name: &str, file: &Path, calls: usize) -> Vec<Value> {
    let more = format!("records: {{file: \"{}\"}}\n", file.display());
    let gateway = Gateway::start(name, &more);
    for _ in 0..calls {
        let caller = Caller::dial(&gateway.uri("echo"));
        caller.wait_answered();
        caller.hang_up();
    }
    let records = eventually("every call has a record", || {
        Some(gateway.records()).filter(|records| records.len() == calls)
    });
    assert!(gateway.terminate().success());
    records.into_iter().rev().collect()
}

#[test]
fn records_are_appended_a_line_each_and_outlive_the_gateway() {
    let file = folder("records-kept").join("calls.jsonl");
    let mut told = serve("records-first", &file, 2);
    assert_eq!(lines(&file), told);
    told.extend(serve("records-second", &file, 1));
    assert_eq!(lines(&file), told, "after the first two, not over them");
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_a_call_is_taken() {
    let folder = folder("records-refused");
    let config = format!(
        "server: {{port: {}}}\nsip: {{listen: [\"udp://127.0.0.1:{}\"]}}\n\
         records: {{file: /proc/no-such-folder/calls.jsonl}}\n",
        free_port(),
        free_port()
    );
    std::fs::write(folder.join("trunkline.yaml"), config).expect("a configuration");
    let output = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(["serve", "--config", "trunkline.yaml"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary under test starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let told = "records.file: cannot write /proc/no-such-folder/calls.jsonl";
    assert!(said.contains(told), "{said}");
}

#[test]
fn sip_messages_are_in_the_log_when_asked_for_and_never_what_proves_a_password() {
    let quiet = Gateway::start("trace-not-asked-for", "");
    let gateway = Gateway::start_told("trace", &["--trace-sip"], "");
    for gateway in [&quiet, &gateway] {
        let phone = RawSip::toward(gateway.sip_port);
        let proof = "Authorization: Digest username=\"alice\", response=\"5ecre7\"\r\n";
        let answer = phone.ask(&phone.invite("alice", "echo", proof));
        assert_eq!(answer.status(), Some(200));
    }
    let log = eventually("the answer is in the log", || {
        Some(gateway.log()).filter(|log| log.contains("| SIP/2.0 200 OK"))
    });
    assert!(log.contains("| INVITE sip:echo@127.0.0.1"), "{log}");
    assert!(log.contains("| Authorization: (hidden)"), "{log}");
    assert!(!log.contains("5ecre7"), "{log}");
    assert!(!quiet.log().contains("INVITE"), "{}", quiet.log());
}
