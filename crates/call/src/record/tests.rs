use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::{CallRecord, MediaRecord, RECORDS_MAX, Records, why};
use crate::turns::{Deafness, Interruption, Stages, Turn, Turns};
use crate::{CallId, CallInfo, Direction, EndReason, GatewayReason, Headers, Parameters};

fn record() -> CallRecord {
    let info = CallInfo {
        id: CallId::from_bytes([1; 16]),
        direction: Direction::Inbound,
        from: "alice".into(),
        to: "support".into(),
        peer: None,
        headers: Headers::default(),
        parameters: Parameters::default(),
        traceparent: String::new(),
    };
    let mut record = CallRecord::new(&info, "echo", UNIX_EPOCH + Duration::from_secs(86_400));
    record.answered_after = Some(Duration::from_millis(200));
    record.lasted = Duration::from_millis(10_200);
    record.application.samples_received = 1;
    record.media = Some(MediaRecord {
        codec: "PCMU",
        packets_sent: 500,
        packets_received: 500,
        jitter_ms: 0.1,
        mos: Some(4.41),
        ..MediaRecord::default()
    });
    record
}

fn told(record: &CallRecord) -> String {
    why(record).join("\n")
}

#[test]
fn a_record_is_one_line_with_round_figures() {
    let line = record().to_json().to_string();
    assert!(!line.contains('\n'));
    assert!(
        line.contains("\"jitterMs\":0.1,") && line.contains("\"mos\":4.41,"),
        "{line}"
    );
    let value = record().to_json();
    assert_eq!(value["started"], "1970-01-02T00:00:00.000Z");
    assert_eq!(
        (&value["answeredMs"], &value["talkMs"]),
        (&json!(200), &json!(10_000))
    );
    assert_eq!(value["end"]["by"], "remote");
}

#[test]
fn five_hundred_are_kept_newest_first() {
    let mut records = Records::default();
    for number in 0..RECORDS_MAX as u128 + 1 {
        let id = CallId::from_bytes(number.to_be_bytes());
        records.push(CallRecord { id, ..record() });
    }
    let id = |number: u128| CallId::from_bytes(number.to_be_bytes());
    assert_eq!(records.len(), RECORDS_MAX);
    assert_eq!(records.iter().next().unwrap().id, id(RECORDS_MAX as u128));
    assert!(records.find(id(0)).is_none() && records.find(id(1)).is_some());
}

#[test]
fn a_record_over_an_older_one_has_nothing_of_it_and_leaves_a_reader_what_it_reads() {
    let mut records = Records::default();
    let older = CallRecord {
        from: "somebody with a long name".into(),
        trunk: Some("carrier".into()),
        ..record()
    };
    for _ in 0..RECORDS_MAX {
        records.push(older.clone());
    }
    let read = records.iter().last().cloned().unwrap();
    let newer = CallRecord {
        to: "somebody with a longer name than before".into(),
        user: Some("1001".into()),
        ..record()
    };
    records.push(newer.clone());
    records.push(newer.clone());
    assert_eq!(*read, older);
    assert!(records.iter().take(2).all(|record| **record == newer));
    assert!(records.iter().skip(2).all(|record| **record == older));
}

#[test]
fn a_good_call_has_nothing_to_explain() {
    let told = why(&record());
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("alice called support at 1970-01-02"),
        "{told:?}"
    );
    assert!(
        told[0].ends_with("lasted 10.0 s, ended by the caller."),
        "{told:?}"
    );
    assert_eq!(told[1], "Nothing unusual was seen.");
}

#[test]
fn one_way_audio_is_named_with_its_remedy() {
    let mut one_way = record();
    one_way.media.as_mut().unwrap().packets_received = 0;
    assert!(told(&one_way).contains("One-way audio: we sent 500 packets and received none"));
    assert!(told(&one_way).contains("sip.external_address"));
    one_way.media.as_mut().unwrap().packets_rejected = 9;
    assert!(told(&one_way).contains("all 9 packets were rejected"));
    one_way.lasted = Duration::from_secs(1);
    assert!(!told(&one_way).contains("One-way"), "too short to say");
}

#[test]
fn every_reason_of_the_gateway_is_explained() {
    for (reason, hint) in [
        (GatewayReason::NoAck, "never acknowledged"),
        (GatewayReason::AppUnreachable, "could not be reached"),
        (GatewayReason::NoCommonCodec, "sip.codecs"),
        (GatewayReason::Denied, "dial.allow"),
    ] {
        let ended = CallRecord {
            end: EndReason::Gateway(reason),
            ..record()
        };
        assert!(told(&ended).contains(hint), "{reason:?}");
    }
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let mut hostile = record();
    hostile.from = "\u{1b}[2Jalice\r\n".into();
    hostile.end = EndReason::Upstream {
        code: 486,
        text: "Busy\u{7} Here".into(),
    };
    hostile.detail = Some("a\nb.".into());
    assert!(
        why(&hostile)
            .iter()
            .all(|sentence| !sentence.chars().any(char::is_control))
    );
    assert!(told(&hostile).contains("In its own words: a b."));
}

#[test]
fn poor_sound_and_a_poor_application_are_told_apart() {
    let mut poor = record();
    poor.application.frames_dropped = 50;
    poor.application.nonsense = 3;
    poor.application.samples_received = 0;
    let media = poor.media.as_mut().unwrap();
    (media.packets_lost, media.jitter_ms, media.mos) = (50, 45.0, Some(2.9));
    media.far_loss_percent = Some(3.0);
    for hint in [
        "9.1 % of the far end's packets (50)",
        "lost 3.0 % of our packets",
        "45 ms of jitter",
        "MOS 2.9",
        "too slow to hear 1.0 s",
        "broke the protocol 3 times",
        "never said anything",
    ] {
        assert!(told(&poor).contains(hint), "{hint}: {}", told(&poor));
    }
}

/// Two turns whose time an application took, and two interruptions, at one of which it talked on.
fn turns() -> Turns {
    let stages = |application_ms| Stages {
        packet_ms: 10,
        application_ms,
        queue_ms: 30,
        ..Stages::default()
    };
    let mut turns = Turns::default();
    for (at_ms, application_ms) in [(5_000, 1_800), (9_000, 2_000)] {
        turns.push(Turn {
            at_ms,
            stages: stages(application_ms),
        });
    }
    for (at_ms, yielded) in [(6_000, Some(stages(700))), (12_000, None)] {
        turns.push_interruption(Interruption { at_ms, yielded });
    }
    turns.push_deafness(Deafness {
        at_ms: 20_000,
        silent_ms: 10_000,
    });
    turns
}

#[test]
fn a_record_has_every_turn_with_its_stages() {
    let turns = CallRecord {
        turns: turns(),
        ..record()
    };
    let json = turns.to_json();
    let told = &json["turns"];
    assert_eq!(
        (&told["count"], &told["medianMs"], &told["maxMs"]),
        (&json!(2), &json!(1_840), &json!(2_040))
    );
    assert_eq!(told["stagesMedian"]["applicationMs"], 1_800);
    assert_eq!(told["each"][1]["atMs"], 9_000);
    assert_eq!(told["each"][1]["waitMs"], 2_040);
    assert_eq!(told["each"][1]["stages"]["queueMs"], 30);
    let interruptions = &told["interruptions"];
    assert_eq!(
        (&interruptions["count"], &interruptions["unyielding"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(interruptions["each"][0]["yieldMs"], 740);
    assert_eq!(interruptions["each"][1]["yielded"], false);
    assert_eq!(told["appDeaf"], json!({"atMs": 20_000, "silentMs": 10_000}));
    let nothing = record().to_json();
    assert_eq!(nothing["turns"]["stagesMedian"], json!(null));
    assert_eq!(nothing["turns"]["appDeaf"], json!(null));
}

#[test]
fn slow_turns_name_the_stage_that_is_slow() {
    let told = told(&CallRecord {
        turns: turns(),
        ..record()
    });
    for sentence in [
        "The application was deaf: the caller had spoken by 20.0 s into the call, and 10.0 s later \
         nothing had been said",
        "The caller waited 1.8 s for each answer (median of 2 turns), 1.8 s of it in the application.",
        "The application talked on when the caller interrupted it, 1 of 2 times.",
        "When interrupted, it was heard for another 0.7 s (median).",
    ] {
        assert!(told.contains(sentence), "{sentence} in {told}");
    }
}
