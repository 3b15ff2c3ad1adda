//! `docs/protocol.schema.json` against the code, in both directions: everything the code says
//! is in the schema and everything in the schema is said; everything the schema lets an
//! application ask is understood and nothing else is.

mod rig;
mod schema;

use std::collections::BTreeSet;

use rig::{Out, Rig, texts};
use schema::{Schema, type_of};
use serde_json::{Map, Value, json};
use trunkline_call::turns::{Deafness, Interruption, Stages, Turn};
use trunkline_call::{
    CallEvent, CommandKind, Digit, Direction, EndReason, GatewayReason, HangupCause, Mark,
    TransferOutcome, Why,
};
use trunkline_streams::trunkline::REQUESTS;
use trunkline_streams::{AnswerMode, AppInput, SampleRate, WireOptions};

const WHYS: [Why; 5] = [
    Why::Unsupported,
    Why::Full,
    Why::NotNow,
    Why::Denied,
    Why::Failed(488),
];

fn ends() -> Vec<EndReason> {
    let upstream = |code| EndReason::Upstream {
        code,
        text: "Busy".into(),
    };
    let mut ends = vec![EndReason::Remote];
    ends.extend(HangupCause::ALL.map(EndReason::App));
    ends.extend(GatewayReason::ALL.map(EndReason::Gateway));
    ends.extend([302, 486, 503, 603].map(upstream));
    ends
}

/// Every event but audio, with every word it can carry. A new event does not compile here until
/// it is listed below.
fn events() -> Vec<CallEvent> {
    let listed = |event: &CallEvent| match event {
        CallEvent::Audio { .. }
        | CallEvent::Ringing
        | CallEvent::Answered
        | CallEvent::Dtmf { .. }
        | CallEvent::MarkPlayed { .. }
        | CallEvent::Cleared { .. }
        | CallEvent::Paused { .. }
        | CallEvent::QueueHigh { .. }
        | CallEvent::QueueLow { .. }
        | CallEvent::Held
        | CallEvent::Resumed
        | CallEvent::Transferred(_)
        | CallEvent::Refused { .. }
        | CallEvent::Turn(_)
        | CallEvent::Interrupted(_)
        | CallEvent::AppDeaf(_)
        | CallEvent::Ended(_) => true,
    };
    let outcome = TransferOutcome {
        code: 202,
        text: "Accepted".into(),
    };
    let stages = Stages::default();
    let mut events = vec![
        CallEvent::Ringing,
        CallEvent::Answered,
        CallEvent::QueueHigh { queued_ms: 1 },
        CallEvent::QueueLow { queued_ms: 0 },
        CallEvent::Held,
        CallEvent::Resumed,
        CallEvent::Transferred(outcome),
        CallEvent::Paused { at_ms: 1 },
        CallEvent::Turn(Turn { at_ms: 1, stages }),
        CallEvent::AppDeaf(Deafness {
            at_ms: 1,
            silent_ms: 10_000,
        }),
    ];
    let interrupted = |yielded| CallEvent::Interrupted(Interruption { at_ms: 1, yielded });
    events.extend([None, Some(stages)].map(interrupted));
    let press = |event| CallEvent::Dtmf {
        digit: Digit::from_event(event).unwrap(),
        duration_ms: 9,
    };
    events.extend((0..16).map(press));
    for why in WHYS {
        events.extend(CommandKind::ALL.map(|command| CallEvent::Refused { command, why }));
    }
    assert!(events.iter().all(listed));
    events
}

/// Everything the wire says in lives that leave nothing out.
fn said() -> Vec<Value> {
    let mut said = Vec::new();
    for direction in [Direction::Inbound, Direction::Outbound] {
        for hz in [8_000, 16_000, 24_000, 48_000] {
            let sample_rate = SampleRate::try_from(hz).unwrap();
            let options = WireOptions {
                sample_rate,
                ..WireOptions::default()
            };
            let (mut rig, _) = Rig::connecting(direction, options);
            said.extend(texts(&rig.input(AppInput::Opened)));
        }
    }
    let mut rig = Rig::up(WireOptions::default());
    for event in events() {
        said.extend(texts(&rig.event(&event)));
    }
    said.extend(marks_and_clips());
    for end in ends() {
        said.extend(texts(
            &Rig::up(WireOptions::default()).event(&CallEvent::Ended(end)),
        ));
    }
    said
}

fn marks_and_clips() -> Vec<Value> {
    let mut rig = Rig::up(WireOptions::default());
    let mut said = Vec::new();
    for name in ["a", "b", "c"] {
        rig.text(&json!({"type": "mark", "data": {"name": name}}).to_string());
    }
    let mut clips = Vec::new();
    for id in ["x", "y"] {
        let clip = json!({"type": "playAudio", "data": {"audioContent": "AAA=", "id": id}});
        clips.extend(rig.text(&clip.to_string()));
    }
    let odd = json!({"audioContent": "AAA=", "sampleRate": 11_025});
    said.extend(texts(
        &rig.text(&json!({"type": "playAudio", "data": odd}).to_string()),
    ));
    let mut marks: Vec<Mark> = ["a", "b", "c"]
        .iter()
        .filter_map(|name| Mark::new(name))
        .collect();
    for out in clips {
        if let Out::Command(trunkline_call::CallCommand::Mark(mark)) = out {
            marks.push(mark);
        }
    }
    said.extend(texts(&rig.event(&CallEvent::Paused { at_ms: 0 })));
    for mark in [marks.remove(0), marks.remove(2)] {
        said.extend(texts(
            &rig.event(&CallEvent::MarkPlayed { mark, at_ms: 20 }),
        ));
    }
    said.extend(texts(&rig.event(&CallEvent::Cleared {
        at_ms: 40,
        unplayed: marks,
    })));
    said
}

/// Every place and word in a value, as paths: `stop.by=app`.
fn places(path: &str, schema: &Schema, rules: &Value, seen: &mut BTreeSet<String>) {
    if let Some(reference) = rules["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return places(path, schema, schema.definition(name), seen);
    }
    for word in rules["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .chain(rules.get("const"))
    {
        seen.insert(format!("{path}={word}"));
    }
    for (name, rules) in rules["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        seen.insert(path.clone());
        places(&path, schema, rules, seen);
    }
}

fn said_places(path: &str, value: &Value, seen: &mut BTreeSet<String>) {
    seen.insert(format!("{path}={value}"));
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        seen.insert(path.clone());
        said_places(&path, value, seen);
    }
}

#[test]
fn everything_said_is_in_the_schema() {
    let schema = Schema::read();
    for text in said() {
        let fault = schema.fault(schema.definition("toApplication"), &text);
        let definition = schema.messages("toApplication").into_iter();
        let own = definition.filter(|message| text["type"] == type_of(message));
        let detail = own.map(|message| schema.fault(&Value::Object(message.clone()), &text));
        assert_eq!(fault, None, "{text}: {:?}", detail.collect::<Vec<_>>());
    }
}

#[test]
fn everything_in_the_schema_is_said() {
    let schema = Schema::read();
    let mut spoken = BTreeSet::new();
    for text in said() {
        said_places(text["type"].as_str().unwrap(), &text, &mut spoken);
    }
    let mut described = BTreeSet::new();
    for message in schema.messages("toApplication") {
        places(
            type_of(message),
            &schema,
            &Value::Object(message.clone()),
            &mut described,
        );
    }
    let silent: Vec<_> = described.difference(&spoken).collect();
    assert!(
        silent.is_empty(),
        "in the schema and never said: {silent:?}"
    );
}

#[test]
fn the_types_an_application_may_send_are_those_of_the_schema() {
    let schema = Schema::read();
    let described: BTreeSet<_> = schema
        .messages("fromApplication")
        .into_iter()
        .map(type_of)
        .collect();
    assert_eq!(described, BTreeSet::from(REQUESTS));
}

/// What one message did: whether it was nonsense, unknown, or led to something.
fn effect(message: &Value) -> (u64, u64, bool) {
    let options = WireOptions {
        answer: AnswerMode::Manual,
        ..WireOptions::default()
    };
    let mut rig = Rig::up(options);
    // For clearMarks to have something to tell.
    rig.text(r#"{"type":"mark","data":{"name":"waits"}}"#);
    let acted = !rig.text(&message.to_string()).is_empty();
    (rig.wire.stats().nonsense, rig.wire.stats().unknown, acted)
}

fn each_example(mut check: impl FnMut(&Schema, &Map<String, Value>, &Value)) {
    let schema = Schema::read();
    for message in schema.messages("fromApplication") {
        for example in message["examples"]
            .as_array()
            .expect("every request has an example")
        {
            check(&schema, message, example);
        }
    }
}

#[test]
fn every_example_fits_and_does_something() {
    each_example(|schema, message, example| {
        let rules = Value::Object(message.clone());
        assert_eq!(schema.fault(&rules, example), None, "{example}");
        assert_eq!(effect(example), (0, 0, true), "{example}");
    });
}

#[test]
fn every_field_of_an_example_is_read() {
    each_example(|schema, message, example| {
        for pointer in pointers("", example) {
            let mut broken = example.clone();
            *broken.pointer_mut(&pointer).unwrap() = json!([17]);
            let rules = Value::Object(message.clone());
            assert!(schema.fault(&rules, &broken).is_some(), "{broken}");
            assert_eq!(effect(&broken), (1, 0, false), "{pointer} of {example}");
        }
    });
}

#[test]
fn the_first_example_shows_every_field() {
    let schema = Schema::read();
    for message in schema.messages("fromApplication") {
        let mut described = BTreeSet::new();
        places("", &schema, &Value::Object(message.clone()), &mut described);
        let mut shown = BTreeSet::new();
        said_places("", &message["examples"][0], &mut shown);
        let hidden: Vec<_> = described
            .difference(&shown)
            .filter(|p| !p.contains('='))
            .collect();
        assert!(hidden.is_empty(), "{}: {hidden:?}", type_of(message));
    }
}

#[test]
fn a_request_without_a_required_field_is_nonsense() {
    each_example(|schema, message, example| {
        for name in message["required"].as_array().unwrap() {
            let mut broken = example.clone();
            broken
                .as_object_mut()
                .unwrap()
                .remove(name.as_str().unwrap());
            let rules = Value::Object(message.clone());
            assert!(schema.fault(&rules, &broken).is_some(), "{broken}");
            assert_eq!(effect(&broken), (1, 0, false), "{broken}");
        }
    });
}

#[test]
fn every_word_an_application_may_choose_is_understood() {
    each_example(|schema, message, example| {
        let mut words = BTreeSet::new();
        places("", schema, &Value::Object(message.clone()), &mut words);
        for place in words.iter().filter(|place| place.contains('=')) {
            let (path, word) = place.split_once('=').unwrap();
            let mut changed = example.clone();
            let Some(field) = changed.pointer_mut(&path.replace('.', "/")) else {
                continue;
            };
            // What a WAV file is, its own test says.
            if word == "\"wave\"" {
                continue;
            }
            *field = serde_json::from_str(word).unwrap();
            assert_eq!(effect(&changed), (0, 0, true), "{changed}");
        }
    });
}

/// Where every value in an object is.
fn pointers(path: &str, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        found.extend(pointers(&path, value));
        found.push(path);
    }
    found
}
