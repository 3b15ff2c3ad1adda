//! The document and the reader know the same keys, and its examples are good.

use super::*;
use crate::config::keys;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../../../docs/configuration.md");

fn path(mapping: &str, key: &str) -> String {
    match mapping {
        "" => key.to_owned(),
        mapping => format!("{mapping}.{key}"),
    }
}

/// The keys that hold other mappings have a heading instead of a row.
const HEADINGS: [&str; 14] = [
    "server",
    "sip",
    "streams",
    "dial",
    "trunks",
    "providers",
    "dids",
    "routes",
    "apps",
    "tls",
    "fetch",
    "speech",
    "limits",
    "records",
];

#[test]
fn every_key_has_a_row_and_every_row_a_key() {
    let rows: BTreeSet<String> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let known: BTreeSet<String> = keys::ALL
        .iter()
        .flat_map(|keys| keys.known.iter().map(|key| path(keys.mapping, key)))
        .filter(|key| !HEADINGS.contains(&key.as_str()))
        .collect();
    assert_eq!(rows, known);
    for heading in HEADINGS {
        let found = DOCUMENT
            .lines()
            .any(|line| line.starts_with("## ") && line.contains(heading));
        assert!(found, "{heading} has no heading");
    }
}

#[test]
fn every_key_of_a_later_build_is_listed_and_refused() {
    let list = DOCUMENT.split("## Not in this build yet").nth(1).unwrap();
    for keys in keys::ALL {
        for key in keys.later {
            let path = path(keys.mapping, key);
            assert!(list.contains(&format!("`{path}`")), "{path}");
        }
    }
    let told = refused(
        "pbx: {}\nsip: {srtp: optional}\napps: {a: {type: echo, stt: x}}\n",
        &[],
    );
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains("this build cannot do that yet; remove the key"))
    );
}

#[test]
fn its_examples_are_good() {
    let pairs = [
        ("OPS_TOKEN", "0123456789abcdef"),
        ("TWILIO_AUTH_TOKEN", "t"),
        (
            "TELNYX_PUBLIC_KEY",
            "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
        ),
        ("AGENT_PASSWORD", "a"),
        ("TELCO_PASSWORD", "b"),
    ];
    let examples: Vec<&str> = DOCUMENT
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(!examples.is_empty());
    for example in examples {
        proven(example, &pairs);
    }
}

#[test]
fn its_defaults_are_the_defaults() {
    let default = |key: &str| {
        let row = DOCUMENT
            .lines()
            .find(|line| line.starts_with(&format!("| `{key}` |")));
        row.and_then(|row| row.split('`').nth(3)).map(str::to_owned)
    };
    let keys = [
        "server.host",
        "server.port",
        "sip.listen",
        "sip.rtp_ports",
        "sip.external_address",
        "sip.codecs",
        "sip.open",
        "sip.digest",
        "sip.rtp_timeout",
        "sip.ring_timeout",
        "limits.calls",
        "shards",
    ];
    let mut text = String::new();
    for key in keys {
        let value = default(key).unwrap_or_else(|| panic!("{key} has no default"));
        text.push_str(&match key.split_once('.') {
            Some((mapping, key)) => format!("{mapping}__{key}: {value}\n"),
            None => format!("{key}: {value}\n"),
        });
    }
    let section = |mapping: &str| {
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{mapping}__")));
        lines.map(|line| format!("  {line}\n")).collect::<String>()
    };
    let whole = format!(
        "server:\n{}sip:\n{}limits:\n{}shards: 0\n",
        section("server"),
        section("sip"),
        section("limits")
    );
    let written = format!("{:?}", proven(&whole, &[]));
    assert_eq!(written, format!("{:?}", Settings::default()));
}
