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
    let told = refused("pbx: {}\nsip: {srtp: optional}\nserver: {tls: {}}\n", &[]);
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
        ("OPENAI_API_KEY", "c"),
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

/// Where the keys of a mapping may be written, in place of the `@`, beside what is needed there.
const PLACES: &[(&str, &str)] = &[
    ("", "{@}"),
    ("server", "server: {@}"),
    ("sip", "sip: {@}"),
    ("dial", "dial: {@}"),
    ("fetch", "fetch: {@}"),
    ("limits", "limits: {@}"),
    ("trunks.NAME", "trunks: {t: {host: pbx.example.com, @}}"),
    (
        "apps.NAME",
        "apps: {a: {type: websocket, url: \"ws://127.0.0.1/\", @}}",
    ),
    (
        "apps.NAME.on_lost",
        "apps: {a: {type: websocket, url: \"ws://127.0.0.1/\", on_lost: {@}}}",
    ),
    (
        "providers.twilio",
        "providers: {twilio: {auth_token: t, @}}",
    ),
    ("providers.telnyx", "providers: {telnyx: {api_key: k, @}}"),
    ("providers.plivo", "providers: {plivo: {auth_token: t, @}}"),
    ("providers.vobiz", "providers: {vobiz: {auth_token: t, @}}"),
    (
        "providers.vonage",
        "providers: {vonage: {signature_secret: s, @}}",
    ),
    (
        "providers.exotel",
        "providers: {exotel: {username: u, password: p, @}}",
    ),
];

/// The mapping, the key and the default of each row that has one. Items of lists have none of
/// their own: a list is empty by default.
fn defaults() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = DOCUMENT.lines().filter_map(|line| {
        let (key, rest) = line.strip_prefix("| `")?.split_once("` | `")?;
        let (default, _) = rest.split_once("` |")?;
        let (mapping, key) = key.rsplit_once('.').unwrap_or(("", key));
        Some((mapping, key, default))
    });
    rows.filter(|(mapping, _, default)| !mapping.contains("[]") && !default.contains('`'))
}

#[test]
fn its_defaults_are_the_defaults() {
    // The address of a function differs from one copy of it to the next.
    let settings = |text: &str| -> String {
        let settings = format!("{:?}", proven(text, &[]));
        let parts = settings.split("0x");
        parts
            .map(|part| part.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
            .collect()
    };
    let mut told = 0;
    for (mapping, key, default) in defaults() {
        let place = PLACES.iter().find(|(known, _)| *known == mapping);
        let (_, place) = place.unwrap_or_else(|| panic!("`{mapping}` wants a place"));
        let written = place.replace('@', &format!("{key}: {default}"));
        let without = place.replace(", @", "").replace('@', "");
        assert_eq!(settings(&written), settings(&without), "{mapping}: {key}");
        told += 1;
    }
    assert!(told > 30, "{told} defaults were found");
}

#[test]
fn what_only_a_start_can_change_is_named() {
    let other = "server: {port: 1}\nstreams: {audiosocket: \"127.0.0.1:2\"}\n\
        sip: {listen: [\"udp://127.0.0.1:3\"], rtp_ports: 30000-30100, external_address: 203.0.113.7, \
        dns: [192.0.2.53], digest: [sha256]}\ntrunks: {t: {host: x}}\nlimits: {calls: 1, requests_per_source: 1}\n\
        records: {file: a}\nshards: 3\n";
    let kept = proven(other, &[]).keep_what_a_start_decides(&Settings::default());
    let kept: BTreeSet<&str> = kept.iter().flat_map(|keys| keys.split(" or ")).collect();
    let paragraphs = DOCUMENT.split("\n\n");
    let mut named = paragraphs.filter(|p| p.starts_with("What is bound when the gateway starts"));
    let named = named.next().expect("a paragraph names them");
    let named = named.split('`').skip(1).step_by(2);
    let named: BTreeSet<&str> = named.filter(|key| *key != "log_level").collect();
    assert_eq!(named, kept);
}
