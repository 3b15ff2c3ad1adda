//! Whatever stands in a file, it is proven or refused.

use super::*;
use proptest::prelude::*;

/// Pieces of which files are made, so that most of what comes out is nearly YAML and nearly ours.
fn piece() -> impl Strategy<Value = String> {
    let ours = [
        "sip",
        "listen",
        "rtp_ports",
        "codecs",
        "apps",
        "routes",
        "server",
        "port",
        "type",
        "echo",
        "websocket",
        "users",
        "trunks",
        "udp://0.0.0.0:5060",
        "10000-20000",
        "pcmu",
        "70000",
        "true",
    ];
    let signs = [
        ":", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ", ", "\"", "'", "${A}", "${", "$${",
        "&a ", "*a", "#", "|", "---\n", "\t", "\u{e000}", "~",
    ];
    prop_oneof![
        prop::sample::select(ours.to_vec()).prop_map(str::to_owned),
        prop::sample::select(signs.to_vec()).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #[test]
    fn any_file_is_proven_or_refused(pieces in prop::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        let file = Path::new("t.yaml");
        let known = variables(&[("A", "}, b: [")]);
        if let Err(refused) = prove(&text, Some(file), &known, &Overrides::default()) {
            prop_assert!(!refused.problems.is_empty());
            for line in refused.to_string().lines() {
                prop_assert!(line.starts_with("t.yaml:"), "{line}");
            }
        }
    }

    #[test]
    fn a_variable_is_one_value_whatever_it_holds(value in any::<String>()) {
        let known = variables(&[("PW", &value)]);
        let text = "sip: {users: [{name: a, password: ${PW}}]}";
        match prove(text, None, &known, &Overrides::default()) {
            Ok(loaded) => {
                prop_assert_eq!(&loaded.settings.sip.users[0].password, &value);
            }
            Err(_) => prop_assert!(value.is_empty()),
        }
    }
}
