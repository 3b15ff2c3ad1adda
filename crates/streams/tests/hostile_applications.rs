//! Applications that talk nonsense cost their own call, and little of that.

mod rig;

use proptest::prelude::*;
use rig::{Out, Rig};
use serde_json::Value;
use trunkline_call::{CallEvent, EndReason, GatewayReason, HangupCause};
use trunkline_streams::trunkline::NONSENSE_MAX;
use trunkline_streams::{AppInput, WireOptions};

#[test]
fn nonsense_is_counted_and_ends_the_call_at_its_limit() {
    let mut rig = Rig::up(WireOptions::default());
    for count in 1..NONSENSE_MAX {
        assert_eq!(rig.text("{"), []);
        assert_eq!(rig.wire.stats().nonsense, count);
    }
    assert_eq!(rig.text("{"), [Out::End(GatewayReason::AppNonsense)]);
    assert_eq!(rig.text("{"), [], "said once");
    let outs = rig.event(&CallEvent::Ended(EndReason::Gateway(
        GatewayReason::AppNonsense,
    )));
    let [Out::Text(stop), Out::Close(1000)] = outs.as_slice() else {
        panic!("{outs:?}")
    };
    assert_eq!(
        (&stop["by"], &stop["reason"]),
        (&"gateway".into(), &"app_nonsense".into())
    );
}

#[test]
fn each_broken_message_counts_once_and_does_nothing() {
    let deep = "[".repeat(100_000);
    let deeper = format!("{{\"type\":\"clear\",\"x\":{deep}");
    for text in [
        "",
        "null",
        "[]",
        "42",
        "{}",
        r#"{"type":1}"#,
        r#"{"type":"clear"} trailing"#,
        r#"{"type":"clear","type":"hangup"}"#,
        r#"{"type":"mark"}"#,
        r#"{"type":"mark","data":{"name":7}}"#,
        r#"{"type":"mark","data":{"name":"\u0001c1"}}"#,
        r#"{"type":"hangup","cause":"boredom"}"#,
        r#"{"type":"sendDtmf","digits":"12Z"}"#,
        r#"{"type":"sendDtmf","digits":"1","durationMs":-5}"#,
        r#"{"type":"transfer","target":"sip:a b"}"#,
        r#"{"type":"transfer","target":"sip:a","headers":{"X":"a\r\nVia: b"}}"#,
        &deep,
        &deeper,
    ] {
        let mut rig = Rig::up(WireOptions::default());
        assert_eq!(rig.text(text), [], "{text:.60}");
        assert_eq!(
            (rig.wire.stats().nonsense, rig.wire.stats().unknown),
            (1, 0),
            "{text:.60}"
        );
    }
}

#[test]
fn an_unknown_type_is_ignored_and_never_ends_a_call() {
    let mut rig = Rig::up(WireOptions::default());
    for count in 1..=NONSENSE_MAX * 2 {
        assert_eq!(rig.text(r#"{"type":"transcription","text":"hello"}"#), []);
        assert_eq!(
            (rig.wire.stats().nonsense, rig.wire.stats().unknown),
            (0, count)
        );
    }
}

#[test]
fn broken_framing_ends_the_call() {
    let mut rig = Rig::up(WireOptions::default());
    assert_eq!(
        rig.input(AppInput::BrokenFraming),
        [Out::End(GatewayReason::AppNonsense)]
    );
    assert_eq!(
        rig.event(&CallEvent::Ended(EndReason::App(HangupCause::Normal))),
        []
    );
}

#[test]
fn nothing_is_heard_from_an_application_before_its_connection_is_open() {
    let (mut rig, _) = Rig::connecting(trunkline_call::Direction::Inbound, WireOptions::default());
    assert_eq!(rig.text(r#"{"type":"hangup"}"#), []);
    assert_eq!(rig.binary(&[0; 640]), []);
}

/// JSON that is often almost a message.
fn almost() -> impl Strategy<Value = String> {
    let kinds = [
        "answer",
        "ring",
        "clear",
        "killAudio",
        "pause",
        "continue",
        "clearMarks",
        "hold",
        "resume",
        "hangup",
        "disconnect",
        "mark",
        "sendDtmf",
        "playAudio",
        "transfer",
        "x",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[A-Za-z0-9+/=]{0,16}".prop_map(Value::from),
    ];
    let fields = [
        "data",
        "name",
        "digits",
        "durationMs",
        "target",
        "headers",
        "mode",
        "cause",
        "audioContent",
        "audioContentType",
        "sampleRate",
        "id",
    ];
    let inner = leaf.prop_recursive(3, 24, 6, move |value| {
        proptest::collection::hash_map(proptest::sample::select(fields.to_vec()), value, 0..6)
            .prop_map(|map| {
                map.into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect::<Value>()
            })
    });
    (proptest::sample::select(kinds.to_vec()), inner).prop_map(|(kind, inner)| {
        let mut object = if inner.is_object() {
            inner
        } else {
            serde_json::json!({"data": inner})
        };
        object["type"] = kind.into();
        object.to_string()
    })
}

/// The most that one message may make the wire do: texts and commands together.
const OUTPUTS_MAX: usize = 70;

proptest! {
    #[test]
    fn no_text_is_too_strange(texts in proptest::collection::vec(almost(), 1..40)) {
        let mut rig = Rig::up(WireOptions::default());
        for text in texts {
            prop_assert!(rig.text(&text).len() <= OUTPUTS_MAX);
        }
        prop_assert!(!rig.event(&CallEvent::Ended(EndReason::Remote)).is_empty());
    }

    #[test]
    fn no_bytes_are_too_strange(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2_000), 1..20),
    ) {
        let mut rig = Rig::up(WireOptions::default());
        for message in messages {
            let outs = rig.binary(&message);
            prop_assert!(outs.len() <= 1);
            let text = String::from_utf8_lossy(&message).into_owned();
            prop_assert!(rig.text(&text).len() <= OUTPUTS_MAX);
        }
    }
}
