//! The torture messages with bytes changed: read or refused, never worse.

// Tests read fixtures and need some instant to count from.
#![allow(clippy::disallowed_methods)]

mod reading;

use proptest::prelude::*;
use reading::read_or_refuse;
use std::path::PathBuf;
use std::time::Instant;
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
        read_or_refuse(&bytes);
        let mut framer = StreamFramer::default();
        framer.handle_input(Instant::now(), Input::Bytes(&bytes));
        while !matches!(framer.poll_output(), Output::Timeout(_)) {}
    }
}
