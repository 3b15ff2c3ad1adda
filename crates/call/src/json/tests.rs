use proptest::prelude::*;
use serde_json::json;

use super::{commands, event, info};
use crate::turns::{Interruption, Stages, Turn};
use crate::{
    CallCommand, CallEvent, CallId, CallInfo, CommandKind, Digit, Direction, EndReason,
    HangupCause, Headers, Mark, Parameters, TransferMode, TransferOutcome, Why,
};

fn one(kind: &str, object: &str) -> CallCommand<'static> {
    let mut asked = commands(kind, object).unwrap().unwrap();
    assert_eq!(asked.len(), 1);
    asked.remove(0)
}

#[test]
fn a_key_press_is_spelled_our_way_and_jambonzs_in_one_object() {
    let digit = Digit::from_char('5').unwrap();
    assert_eq!(
        event(&CallEvent::Dtmf {
            digit,
            duration_ms: 200
        }),
        Some(json!({"type": "dtmf", "digit": "5", "durationMs": 200,
                    "event": "dtmf", "dtmf": "5", "duration": "1600"}))
    );
}

#[test]
fn marks_tell_where_they_were_reached() {
    let mark = Mark::new("a \"quoted\" name").unwrap();
    let played = event(&CallEvent::MarkPlayed {
        mark: mark.clone(),
        at_ms: 40,
    })
    .unwrap();
    assert_eq!(
        played["data"],
        json!({"name": "a \"quoted\" name", "event": "playout"})
    );
    let cleared = event(&CallEvent::Cleared {
        at_ms: 60,
        unplayed: vec![mark],
    })
    .unwrap();
    assert_eq!(
        cleared,
        json!({"type": "cleared", "atMs": 60, "marks": ["a \"quoted\" name"]})
    );
}

#[test]
fn an_end_says_who_then_why() {
    let upstream = EndReason::Upstream {
        code: 486,
        text: "Busy Here".into(),
    };
    assert_eq!(
        event(&CallEvent::Ended(upstream)),
        Some(
            json!({"type": "stop", "by": "upstream", "reason": "4xx", "code": 486,
                    "text": "Busy Here"})
        )
    );
    let app = event(&CallEvent::Ended(EndReason::App(HangupCause::Busy))).unwrap();
    assert_eq!(app, json!({"type": "stop", "by": "app", "reason": "busy"}));
}

#[test]
fn a_refusal_names_its_command_and_a_status_where_there_is_one() {
    let refused = CallEvent::Refused {
        command: CommandKind::Transfer,
        why: Why::Failed(603),
    };
    assert_eq!(
        event(&refused),
        Some(json!({"type": "refused", "command": "transfer", "why": "failed", "code": 603}))
    );
    let outcome = TransferOutcome {
        code: 200,
        text: "OK".into(),
    };
    assert_eq!(
        event(&CallEvent::Transferred(outcome)),
        Some(json!({"type": "transferred", "outcome": {"code": 200, "text": "OK"}}))
    );
}

#[test]
fn a_turn_says_where_its_time_went() {
    let stages = Stages {
        packet_ms: 5,
        jitter_buffer_ms: 40,
        decode_ms: 1,
        application_ms: 600,
        queue_ms: 20,
        encode_ms: 1,
    };
    let spelled = json!({
        "packetMs": 5, "jitterBufferMs": 40, "decodeMs": 1, "applicationMs": 600, "queueMs": 20,
        "encodeMs": 1,
    });
    let turn = Turn {
        at_ms: 4_000,
        stages,
    };
    assert_eq!(
        event(&CallEvent::Turn(turn)),
        Some(json!({"type": "turn", "atMs": 4_000, "waitMs": 667, "stages": spelled}))
    );
    let interrupted = |yielded| {
        let at_ms = 9_000;
        event(&CallEvent::Interrupted(Interruption { at_ms, yielded }))
    };
    assert_eq!(
        interrupted(Some(stages)),
        Some(json!({
            "type": "interrupted", "atMs": 9_000, "yielded": true, "yieldMs": 667,
            "stages": spelled,
        }))
    );
    assert_eq!(
        interrupted(None),
        Some(json!({"type": "interrupted", "atMs": 9_000, "yielded": false}))
    );
}

#[test]
fn headers_of_one_name_are_joined_and_parameters_are_not() {
    let mut headers = Headers::default();
    assert!(headers.push("X-Tag", "one") && headers.push("x-tag", "two"));
    let mut parameters = Parameters::default();
    assert!(parameters.push("tag", "one\ntwo") && parameters.push("tag", "three"));
    let info = info(&CallInfo {
        id: CallId::from_bytes([7; 16]),
        direction: Direction::Inbound,
        from: "alice".into(),
        to: "echo".into(),
        peer: None,
        headers,
        parameters,
        traceparent: String::new(),
    });
    assert_eq!(info["headers"], json!({"X-Tag": "one, two"}));
    assert_eq!(info["customParameters"], json!({"tag": "one\ntwo"}));
    assert_eq!(info["callId"], json!("07".repeat(16)));
}

#[test]
fn each_request_becomes_its_command() {
    assert_eq!(one("answer", "{}"), CallCommand::Answer);
    assert_eq!(
        one("hangup", "{}"),
        CallCommand::Hangup(HangupCause::Normal)
    );
    assert_eq!(
        one("hangup", r#"{"cause":"busy"}"#),
        CallCommand::Hangup(HangupCause::Busy)
    );
    let mark = CallCommand::Mark(Mark::new("m").unwrap());
    assert_eq!(one("mark", r#"{"type":"mark","data":{"name":"m"}}"#), mark);
    let CallCommand::Transfer {
        target,
        headers,
        mode,
    } = one(
        "transfer",
        r#"{"target":"sip:bob@b","headers":{"X-A":"1"},"mode":"bridge"}"#,
    )
    else {
        panic!("a transfer")
    };
    assert_eq!(
        (target.as_str(), headers.find("x-a")),
        ("sip:bob@b", Some("1"))
    );
    assert_eq!(mode, TransferMode::Bridge);
    let digits = commands("sendDtmf", r##"{"digits":"1#"}"##)
        .unwrap()
        .unwrap();
    assert_eq!(digits.len(), 2);
    assert!(commands("start", "{}").unwrap().is_none());
}

#[test]
fn what_is_wrong_with_a_request_is_named() {
    let wrong = |kind: &str, object: &str| commands(kind, object).unwrap_err().to_string();
    assert!(wrong("sendDtmf", r#"{"digits":"1x"}"#).contains("'x' is no key"));
    assert!(wrong("sendDtmf", r#"{"digits":""}"#).contains("0 of them"));
    assert!(wrong("sendDtmf", r#"{"digits":"1","durationMs":9000}"#).contains("9000"));
    assert!(wrong("transfer", r#"{"target":"a b"}"#).starts_with("target"));
    assert!(wrong("transfer", r#"{"target":"a","headers":{"A B":"c"}}"#).contains("\"A B\""));
    assert!(
        wrong(
            "transfer",
            r#"{"target":"a","headers":{"route":"<sip:b>"}}"#
        )
        .contains("route")
    );
    assert!(
        wrong(
            "transfer",
            r#"{"target":"a","headers":{"X":"a\r\nVia: b"}}"#
        )
        .contains("\"X\"")
    );
    assert!(wrong("transfer", r#"{"target":"a","mode":"fax"}"#).contains("fax"));
    assert!(wrong("hangup", r#"{"cause":"bored"}"#).contains("bored"));
    assert!(wrong("mark", r#"{"data":{}}"#).contains("name"));
    assert!(wrong("mark", r#"{"data":{"name":"\u0001own"}}"#).contains("control"));
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(kind in "[a-zA-Z]{0,10}|mark|transfer|sendDtmf|hangup", text in ".*") {
        let _ = commands(&kind, &text);
    }
}
