//! How a stream's call begins, what it can and cannot do, and how it ends.

use std::time::Duration;

use trunkline_audio::g711::ulaw;
use trunkline_call::json::DIGIT_MS_MAX;
use trunkline_call::{
    CallCommand, CallEvent, CommandKind, Digit, EndReason, GatewayReason, HangupCause, Headers,
    Mark, Target, TransferMode, TransferOutcome, Why,
};
use trunkline_legs::stream::{NONSENSE_MAX, PING_AFTER, QUIET_MAX, Settings, StreamLeg};
use trunkline_legs::{DialNews, Input, Leg, Wish};
use trunkline_streams::CloseCode;
use trunkline_streams::stream::{Encoding, Hangup, MediaFormat, Up};

use crate::rig::{Did, Rig, dialect, start};

fn ended(rig: &Rig) -> &EndReason {
    match rig.told().last() {
        Some(CallEvent::Ended(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stream_is_answered_when_it_begins() {
    let mut rig = Rig::new();
    rig.command(CallCommand::Ring);
    rig.command(CallCommand::Answer);
    assert_eq!(rig.told(), [&CallEvent::Answered]);
    let described = rig.leg.describe();
    assert_eq!(described.format, Some(MediaFormat::PCMU));
}

#[test]
fn a_key_is_told() {
    let mut rig = Rig::new();
    rig.press('5');
    let digit = Digit::from_char('5').unwrap();
    let told = CallEvent::Dtmf {
        digit,
        duration_ms: 0,
    };
    assert_eq!(rig.told().last(), Some(&&told));
}

#[test]
fn what_the_dialect_has_no_words_for_is_refused() {
    let mut rig = Rig::new();
    rig.command(CallCommand::Hold);
    rig.command(CallCommand::Resume);
    let refused = [CommandKind::Hold, CommandKind::Resume];
    let refused = refused.map(|command| CallEvent::Refused {
        command,
        why: Why::Unsupported,
    });
    assert_eq!(rig.told()[1..], refused.each_ref());
}

#[test]
fn a_transfer_that_the_dialect_cannot_ask_for_is_a_second_leg() {
    let mut rig = Rig::new();
    let transfer = |mode| CallCommand::Transfer {
        target: Target::new("sip:desk@pbx.example.com").unwrap(),
        headers: Headers::default(),
        mode,
    };
    rig.command(transfer(TransferMode::Refer));
    assert!(rig.has_done(&Did::Dialled("sip:desk@pbx.example.com".into())));
    rig.command(transfer(TransferMode::Bridge));
    let refused = |why| CallEvent::Refused {
        command: CommandKind::Transfer,
        why,
    };
    assert_eq!(rig.told().last(), Some(&&refused(Why::NotNow)));
    rig.input(Input::Dial(DialNews::Denied));
    assert_eq!(rig.told().last(), Some(&&refused(Why::Denied)));
    rig.command(transfer(TransferMode::Bridge));
    rig.input(Input::Dial(DialNews::Progress { code: 180 }));
    rig.input(Input::Dial(DialNews::Up));
    let outcome = TransferOutcome {
        code: 200,
        text: "OK".into(),
    };
    assert_eq!(rig.told().last(), Some(&&CallEvent::Transferred(outcome)));
}

#[test]
fn the_caller_hangs_up() {
    let mut rig = Rig::new();
    rig.play(&[1_000; 16_000]);
    rig.command(CallCommand::Mark(Mark::new("end").unwrap()));
    rig.run(100);
    rig.up(&Up::Stop);
    let told = rig.told();
    let cleared = CallEvent::Cleared {
        at_ms: 100,
        unplayed: vec![Mark::new("end").unwrap()],
    };
    assert_eq!(told[1..], [&cleared, &CallEvent::Ended(EndReason::Remote)]);
    let did: Vec<_> = rig.did.iter().map(|(_, did)| did.clone()).collect();
    assert!(
        did.ends_with(&[Did::Closed(1000), Did::Finished]),
        "{did:?}"
    );
    rig.close(CloseCode::Frame(1000));
    assert_eq!(rig.did.len(), did.len(), "nothing follows");
}

#[test]
fn we_hang_up_by_the_means_of_the_dialect() {
    for (hangup, before) in [
        (Hangup::Close, None),
        (Hangup::Rest, Some(Did::Asked(Wish::HangUp))),
    ] {
        let mut rig = Rig::with(|manners| manners.hangup = hangup);
        rig.command(CallCommand::Hangup(HangupCause::Normal));
        let did: Vec<_> = rig.did.drain(..).map(|(_, did)| did).collect();
        let expected = before.into_iter().chain([Did::Closed(1000), Did::Finished]);
        assert_eq!(did, expected.collect::<Vec<_>>());
        assert_eq!(ended(&rig), &EndReason::App(HangupCause::Normal));
    }
}

fn refer(target: &str) -> CallCommand<'static> {
    CallCommand::Transfer {
        target: Target::new(target).unwrap(),
        headers: Headers::default(),
        mode: TransferMode::Refer,
    }
}

#[test]
fn a_provider_that_is_asked_to_moves_the_caller_and_is_not_told_to_hang_up_after_that() {
    let mut rig = Rig::by_rest(|manners| manners.hangup = Hangup::Rest);
    rig.command(refer("+15551230000"));
    let target = Target::new("+15551230000").unwrap();
    let asked = Did::Asked(Wish::Transfer(target));
    assert_eq!(
        rig.did.drain(..).next_back().map(|(_, did)| did),
        Some(asked)
    );
    // One at a time.
    rig.command(refer("+15551230001"));
    let not_now = CallEvent::Refused {
        command: CommandKind::Transfer,
        why: Why::NotNow,
    };
    assert_eq!(rig.told().last(), Some(&&not_now));
    rig.input(Input::Dial(DialNews::Up));
    let taken_on = CallEvent::Transferred(TransferOutcome {
        code: 202,
        text: "Accepted".to_owned(),
    });
    assert_eq!(rig.told().last(), Some(&&taken_on));
    rig.command(CallCommand::Hangup(HangupCause::Normal));
    let did: Vec<_> = rig.did.drain(..).map(|(_, did)| did).collect();
    assert_eq!(did, [Did::Closed(1000), Did::Finished]);
}

#[test]
fn a_caller_whom_the_provider_does_not_move_stays() {
    let mut rig = Rig::by_rest(|manners| manners.hangup = Hangup::Rest);
    rig.command(refer("+15551230000"));
    let failed = DialNews::Failed {
        code: 503,
        text: "no".to_owned(),
    };
    rig.input(Input::Dial(failed));
    assert!(
        matches!(rig.told().last(), Some(CallEvent::Transferred(outcome)) if outcome.code == 503)
    );
    rig.command(refer("+15551230000"));
    rig.input(Input::Dial(DialNews::Denied));
    let denied = CallEvent::Refused {
        command: CommandKind::Transfer,
        why: Why::Denied,
    };
    assert_eq!(rig.told().last(), Some(&&denied));
    rig.did.clear();
    rig.command(CallCommand::Hangup(HangupCause::Normal));
    assert_eq!(
        rig.did.first().map(|(_, did)| did),
        Some(&Did::Asked(Wish::HangUp))
    );
}

#[test]
fn keys_are_pressed_by_a_provider_whose_dialect_has_no_word_for_them() {
    let digit = Digit::from_char('7').unwrap();
    let press = CallCommand::SendDtmf {
        digit,
        duration_ms: 100,
    };
    let mut rig = Rig::by_rest(|_| ());
    rig.command(press.clone());
    assert_eq!(
        rig.did.last().map(|(_, did)| did),
        Some(&Did::Asked(Wish::Press(digit)))
    );
}

#[test]
fn keys_that_nobody_presses_are_heard_as_tones() {
    let mut rig = Rig::new();
    for key in ['7', '7', '#'] {
        rig.command(CallCommand::SendDtmf {
            digit: Digit::from_char(key).unwrap(),
            duration_ms: 100,
        });
    }
    rig.run(1_000);
    let heard: Vec<i16> = rig.played.iter().map(|byte| ulaw::decode(*byte)).collect();
    assert_eq!(heard.len(), 3 * 8 * (100 + 100));
    for (start_ms, low, high) in [
        (0, 852.0, 1_209.0),
        (200, 852.0, 1_209.0),
        (400, 941.0, 1_477.0),
    ] {
        let tone = &heard[8 * (start_ms + 10)..8 * (start_ms + 90)];
        let levels = [low, high].map(|hz| amplitude_at(hz, tone));
        assert!(levels.iter().all(|level| *level > 4_500.0), "{levels:?}");
        let pause = &heard[8 * (start_ms + 110)..8 * (start_ms + 190)];
        assert!(
            pause.iter().all(|sample| sample.abs() < 100),
            "a pause behind it"
        );
    }
    assert_eq!(rig.told().len(), 1, "nothing was refused");
}

#[test]
fn a_key_that_has_no_room_is_refused() {
    let mut rig = Rig::new();
    let press = CallCommand::SendDtmf {
        digit: Digit::from_char('1').unwrap(),
        duration_ms: u32::MAX,
    };
    let five_minutes = 5 * 60 * 1_000;
    for _ in 0..=five_minutes / DIGIT_MS_MAX {
        rig.command(press.clone());
    }
    let refused = CallEvent::Refused {
        command: CommandKind::SendDtmf,
        why: Why::Full,
    };
    assert_eq!(rig.told().last(), Some(&&refused));
}

/// The peak of the sine of this frequency that fits samples at 8 kHz best.
fn amplitude_at(hz: f64, samples: &[i16]) -> f64 {
    let step = std::f64::consts::TAU * hz / 8_000.0;
    let waves = samples.iter().enumerate().map(|(at, sample)| {
        let (sine, cosine) = (step * at as f64).sin_cos();
        (f64::from(*sample) * sine, f64::from(*sample) * cosine)
    });
    let (sine, cosine) = waves.fold((0.0, 0.0), |sum, wave| (sum.0 + wave.0, sum.1 + wave.1));
    2.0 * f64::hypot(sine, cosine) / samples.len() as f64
}

#[test]
fn the_gateway_ends_the_call() {
    let mut rig = Rig::new();
    rig.input(Input::End(GatewayReason::Shutdown));
    assert_eq!(ended(&rig), &EndReason::Gateway(GatewayReason::Shutdown));
    assert!(rig.has_done(&Did::Closed(1001)));
}

#[test]
fn a_connection_that_is_closed_in_order_is_a_hang_up_and_one_that_breaks_is_not() {
    let lost = EndReason::Gateway(GatewayReason::StreamLost);
    for (code, reason) in [
        (CloseCode::Frame(1000), &EndReason::Remote),
        (CloseCode::Frame(1001), &EndReason::Remote),
        (CloseCode::Frame(1005), &EndReason::Remote),
        (CloseCode::Frame(1011), &lost),
        (CloseCode::Abnormal, &lost),
    ] {
        let mut rig = Rig::new();
        rig.close(code);
        assert_eq!(ended(&rig), reason, "{code:?}");
        assert_eq!(rig.did.last().map(|(_, did)| did), Some(&Did::Finished));
    }
}

#[test]
fn nonsense_is_counted_and_too_much_of_it_ends_the_call() {
    let mut rig = Rig::new();
    for _ in 1..NONSENSE_MAX {
        rig.text("nonsense");
    }
    assert_eq!(rig.told().len(), 1);
    assert_eq!(
        rig.leg.stats().media.unwrap().packets_malformed,
        NONSENSE_MAX - 1
    );
    rig.text(r#"{"event":"media"}"#);
    assert_eq!(
        ended(&rig),
        &EndReason::Gateway(GatewayReason::StreamNonsense)
    );
    assert!(rig.has_done(&Did::Closed(1008)));
}

#[test]
fn a_far_end_that_says_nothing_is_asked_and_then_given_up() {
    let mut rig = Rig::new();
    let ms = |duration: Duration| duration.as_millis() as u64;
    rig.run(ms(PING_AFTER) + 1);
    assert!(rig.has_done(&Did::Pinged));
    rig.input(Input::Pong);
    rig.run(ms(QUIET_MAX) - 10);
    assert_eq!(rig.told().len(), 1);
    rig.run(20);
    assert_eq!(ended(&rig), &EndReason::Gateway(GatewayReason::StreamLost));
}

#[test]
fn a_call_lasts_no_longer_than_permitted() {
    let settings = Settings {
        longest_call: Some(Duration::from_secs(10)),
        ..Settings::default()
    };
    let mut rig = Rig::of(dialect(|_| ()), start(), settings);
    for _ in 0..11 {
        rig.run(1_000);
    }
    assert_eq!(
        ended(&rig),
        &EndReason::Gateway(GatewayReason::DurationLimit)
    );
}

#[test]
fn audio_that_cannot_be_turned_into_ours_makes_no_call() {
    let odd = MediaFormat {
        encoding: Encoding::L16Little,
        rate: 11_025,
    };
    let mut start = start();
    start.up = Some(odd);
    let dialect = dialect(|_| ());
    let greeted = trunkline_legs::stream::Greeted {
        dialect,
        codec: (dialect.codec)(),
        start,
        sound: None,
    };
    let now = Rig::new().now;
    let error = StreamLeg::new(greeted, Settings::default(), now).unwrap_err();
    assert!(error.to_string().contains("11025"), "{error}");
}
