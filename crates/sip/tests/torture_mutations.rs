//! The torture messages with bytes changed: read or refused, never worse.

// Tests read fixtures and need some instant to count from.
#![allow(clippy::disallowed_methods)]

use proptest::prelude::*;
use std::path::PathBuf;
use std::time::Instant;
use trunkline_sip::Message;
use trunkline_sip::framing::{Input, Output, StreamFramer};

fn messages() -> Vec<Vec<u8>> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sip");
    let folders = ["rfc4475", "rfc5118"].map(|folder| fixtures.join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the fixtures"));
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| std::fs::read(path).expect("a message"))
        .collect()
}

/// Reads everything of a message that can be asked for.
fn ask_everything(message: &Message) {
    let _ = (
        message.vias(),
        message.contacts(),
        message.routes(),
        message.record_routes(),
    );
    let _ = (
        message.refer_to(),
        message.event(),
        message.subscription_state(),
        message.expires(),
    );
    let _ = (
        message.replaces(),
        message.retry_after(),
        message.reasons(),
        message.warnings(),
    );
    let _ = (
        message.session_expires(),
        message.request_uri(),
        message.min_expires(),
    );
    if message.is_request() {
        let source = "[2001:db8::1]:5060".parse().expect("an address");
        let answer = message
            .with_received(source)
            .response(200, "OK")
            .to_tag("t")
            .build();
        let again =
            Message::parse(answer.as_bytes()).expect("an answer to a valid request is valid");
        assert_eq!(
            again.to().unwrap().uri_str(),
            message.to().unwrap().uri_str()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn a_changed_message_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        let all = messages();
        let mut bytes = all[which.index(all.len())].clone();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        match Message::parse(&bytes) {
            Ok(message) => ask_everything(&message),
            Err(malformed) => {
                if let Some(answer) = malformed.answer() {
                    let answer = answer.to_tag("t").build();
                    prop_assert!(answer.as_bytes().ends_with(b"Content-Length: 0\r\n\r\n"));
                }
            }
        }
        let mut framer = StreamFramer::default();
        framer.handle_input(Instant::now(), Input::Bytes(&bytes));
        while !matches!(framer.poll_output(), Output::Timeout(_)) {}
    }
}
