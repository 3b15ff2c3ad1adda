//! A call's life as an application of the `trunkline` protocol sees it.

mod rig;

use std::time::Duration;

use rig::{Out, Rig, texts};
use serde_json::json;
use trunkline_call::{
    CallCommand, CallEvent, CommandKind, Digit, Direction, EndReason, GatewayReason, HangupCause,
    Mark, Why,
};
use trunkline_streams::trunkline::{ANSWER_TIME_MAX, BACKLOG_BYTES_MAX, EARLY_EVENTS_MAX};
use trunkline_streams::{
    AnswerMode, AppInput, CloseCode, Codecs, PING_EVERY, SampleRate, WireOptions,
};

const MANUAL: WireOptions = WireOptions {
    sample_rate: SampleRate::Hz16000,
    codecs: Codecs {
        up: None,
        down: None,
    },
    answer: AnswerMode::Manual,
};

#[test]
fn start_comes_first_and_says_who_calls() {
    let options = WireOptions {
        sample_rate: SampleRate::Hz8000,
        ..WireOptions::default()
    };
    let (mut rig, first) = Rig::connecting(Direction::Inbound, options);
    assert_eq!(first, [Out::Command(CallCommand::Ring)], "180 at once");
    let outs = rig.input(AppInput::Opened);
    let id = "ab".repeat(16);
    let start = json!({
        "type": "start", "protocol": "trunkline.v1", "callId": id, "callSid": id,
        "direction": "inbound", "from": "+15125550100", "to": "support",
        "sampleRate": 8000, "mixType": "mono",
        "media": {"encoding": "pcm_s16le", "sampleRate": 8000, "channels": 1, "ptime": 20},
        "headers": {"X-Team": "red"}, "customParameters": {"plan": "gold"},
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    assert_eq!(outs, [Out::Text(start), Out::Command(CallCommand::Answer)]);
}

#[test]
fn a_manual_application_answers_when_it_likes() {
    let (mut rig, _) = Rig::connecting(Direction::Inbound, MANUAL);
    let outs = rig.input(AppInput::Opened);
    assert_eq!(outs.len(), 1, "start and no answer");
    assert_eq!(
        rig.text(r#"{"type":"ring"}"#),
        [Out::Command(CallCommand::Ring)]
    );
    assert_eq!(
        rig.text(r#"{"type":"answer"}"#),
        [Out::Command(CallCommand::Answer)]
    );
    assert!(
        !rig.pass(ANSWER_TIME_MAX)
            .iter()
            .any(|out| matches!(out, Out::End(_)))
    );
}

#[test]
fn a_caller_is_not_left_ringing_for_ever() {
    let (mut rig, _) = Rig::connecting(Direction::Inbound, MANUAL);
    rig.input(AppInput::Opened);
    let outs = rig.pass(ANSWER_TIME_MAX);
    assert!(
        outs.contains(&Out::End(GatewayReason::AppTimeout)),
        "{outs:?}"
    );
}

#[test]
fn an_outbound_call_is_told_what_happened_before_its_socket_was_open() {
    let (mut rig, first) = Rig::connecting(Direction::Outbound, WireOptions::default());
    assert_eq!(first, []);
    rig.event(&CallEvent::Ringing);
    rig.event(&CallEvent::Answered);
    rig.heard(1);
    for _ in 0..EARLY_EVENTS_MAX * 2 {
        rig.event(&CallEvent::Held);
    }
    let outs = rig.input(AppInput::Opened);
    let types: Vec<_> = texts(&outs)
        .iter()
        .map(|text| text["type"].clone())
        .collect();
    assert_eq!(
        types[..4],
        [
            json!("start"),
            json!("ringing"),
            json!("answered"),
            json!("held")
        ]
    );
    assert_eq!(types.len(), 1 + EARLY_EVENTS_MAX);
    assert!(
        matches!(outs.last(), Some(Out::Binary(_))),
        "the caller's first words are not lost"
    );
    assert!(!outs.contains(&Out::Command(CallCommand::Answer)));
}

#[test]
fn stop_is_last_then_the_socket_is_closed() {
    let mut rig = Rig::up(WireOptions::default());
    rig.event(&CallEvent::Cleared {
        at_ms: 1_240,
        unplayed: Vec::new(),
    });
    let outs = rig.event(&CallEvent::Ended(EndReason::Remote));
    let stop = json!({"type": "stop", "by": "remote", "reason": "hangup", "playedMs": 1240});
    assert_eq!(outs, [Out::Text(stop), Out::Close(1000)]);
    assert_eq!(rig.due, None);
    assert_eq!(rig.heard(1), []);
    assert_eq!(rig.text(r#"{"type":"clear"}"#), []);
    assert_eq!(rig.input(AppInput::Closed(CloseCode::Frame(1000))), []);
}

#[test]
fn a_call_that_ends_while_connecting_needs_no_application() {
    let (mut rig, _) = Rig::connecting(Direction::Inbound, WireOptions::default());
    assert_eq!(rig.event(&CallEvent::Ended(EndReason::Remote)), []);
    assert_eq!(rig.input(AppInput::Opened), [Out::Close(1000)]);
}

#[test]
fn the_applications_close_hangs_up_and_anything_else_means_it_was_lost() {
    for code in [1000, 1005] {
        let mut rig = Rig::up(WireOptions::default());
        let hangup = Out::Command(CallCommand::Hangup(HangupCause::Normal));
        assert_eq!(
            rig.input(AppInput::Closed(CloseCode::Frame(code))),
            [hangup]
        );
        assert_eq!(
            rig.event(&CallEvent::Ended(EndReason::App(HangupCause::Normal))),
            []
        );
    }
    let lost = [1001, 1002, 1006, 1011, 1012, 1013, 4000].map(CloseCode::Frame);
    for code in lost.into_iter().chain([CloseCode::Abnormal]) {
        let mut rig = Rig::up(WireOptions::default());
        assert_eq!(
            rig.input(AppInput::Closed(code)),
            [Out::End(GatewayReason::AppLost)]
        );
    }
}

#[test]
fn an_application_that_cannot_be_reached_ends_the_call() {
    for input in [AppInput::OpenFailed, AppInput::Closed(CloseCode::Abnormal)] {
        let (mut rig, _) = Rig::connecting(Direction::Inbound, WireOptions::default());
        assert_eq!(rig.input(input), [Out::End(GatewayReason::AppUnreachable)]);
    }
}

#[test]
fn a_hangup_is_not_also_a_loss() {
    let mut rig = Rig::up(WireOptions::default());
    let hangup = Out::Command(CallCommand::Hangup(HangupCause::Busy));
    assert_eq!(rig.text(r#"{"type":"hangup","cause":"busy"}"#), [hangup]);
    assert_eq!(
        rig.text(r#"{"type":"clear"}"#),
        [],
        "nothing counts after it"
    );
    assert_eq!(rig.input(AppInput::Closed(CloseCode::Abnormal)), []);
}

#[test]
fn two_pings_without_an_answer_are_a_loss() {
    let mut rig = Rig::up(WireOptions::default());
    for _ in 0..10 {
        assert_eq!(rig.pass(PING_EVERY), [Out::Ping]);
        rig.input(AppInput::Pong);
    }
    assert_eq!(rig.pass(PING_EVERY - Duration::from_millis(1)), []);
    assert_eq!(rig.pass(Duration::from_millis(1)), [Out::Ping]);
    assert_eq!(rig.pass(PING_EVERY), [Out::Ping]);
    assert_eq!(rig.pass(PING_EVERY), [Out::End(GatewayReason::AppLost)]);
    assert_eq!(rig.due, None);
}

#[test]
fn jambonz_words_mean_the_same() {
    let mut rig = Rig::up(WireOptions::default());
    assert_eq!(
        rig.text(r#"{"type":"killAudio"}"#),
        [Out::Command(CallCommand::Clear)]
    );
    let hangup = Out::Command(CallCommand::Hangup(HangupCause::Normal));
    assert_eq!(rig.text(r#"{"type":"disconnect"}"#), [hangup]);
}

#[test]
fn events_are_told_as_they_come() {
    let mut rig = Rig::up(WireOptions::default());
    let digit = Digit::from_char('7').unwrap();
    let refused = CallEvent::Refused {
        command: CommandKind::Hold,
        why: Why::Unsupported,
    };
    let expected = [
        (
            CallEvent::Dtmf {
                digit,
                duration_ms: 100,
            },
            "dtmf",
        ),
        (CallEvent::QueueHigh { queued_ms: 240_000 }, "queue"),
        (CallEvent::QueueLow { queued_ms: 100 }, "queue"),
        (CallEvent::Held, "held"),
        (CallEvent::Resumed, "resumed"),
        (refused, "refused"),
    ];
    for (event, kind) in expected {
        let told = texts(&rig.event(&event));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["type"], kind);
    }
}

#[test]
fn events_nobody_reads_end_the_call() {
    let mut rig = Rig::up(WireOptions::default());
    assert_eq!(
        rig.input(AppInput::Backlog {
            bytes: BACKLOG_BYTES_MAX
        }),
        []
    );
    let outs = rig.input(AppInput::Backlog {
        bytes: BACKLOG_BYTES_MAX + 1,
    });
    assert_eq!(outs, [Out::End(GatewayReason::AppLost)]);
}

#[test]
fn paused_names_the_marks_that_still_wait() {
    let mut rig = Rig::up(WireOptions::default());
    rig.text(r#"{"type":"mark","data":{"name":"a"}}"#);
    rig.text(r#"{"type":"mark","data":{"name":"b"}}"#);
    rig.event(&CallEvent::MarkPlayed {
        mark: Mark::new("a").unwrap(),
        at_ms: 20,
    });
    let told = texts(&rig.event(&CallEvent::Paused { at_ms: 40 }));
    assert_eq!(
        told,
        [json!({"type": "paused", "atMs": 40, "marks": ["b"]})]
    );
    let outs = rig.event(&CallEvent::Ended(EndReason::Remote));
    assert_eq!(texts(&outs)[0]["playedMs"], 40);
}

#[test]
fn the_record_knows_when_the_application_first_spoke() {
    let mut rig = Rig::up(WireOptions::default());
    rig.now += Duration::from_millis(300);
    rig.binary(&[0; 640]);
    rig.now += Duration::from_millis(300);
    rig.binary(&[0; 640]);
    rig.heard(0);
    let stats = rig.wire.stats();
    assert_eq!(stats.first_audio, Some(Duration::from_millis(300)));
    assert_eq!((stats.samples_received, stats.frames_sent), (640, 1));
}
