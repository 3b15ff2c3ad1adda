use trunkline_call::{AudioFrame, Digit, FRAME_SAMPLES, GatewayReason, TransferOutcome};

use super::*;

fn frame(value: i16) -> CallEvent {
    let frame = AudioFrame::from_samples([value; FRAME_SAMPLES]);
    CallEvent::Audio {
        frame,
        at: 0,
        concealed: false,
    }
}

#[test]
fn each_side_hears_the_other_and_nobody_hears_himself() {
    let mut bridge = Bridge::new();
    for (side, value) in [(Side::Caller, 7), (Side::Callee, -7)] {
        let event = frame(value);
        let Some(CallCommand::Play(samples)) = bridge.on_event(side, &event) else {
            panic!("audio of {side:?} must be played");
        };
        assert_eq!(samples.as_ref(), [value; FRAME_SAMPLES]);
        assert!(
            matches!(samples, std::borrow::Cow::Borrowed(_)),
            "a frame crosses uncopied"
        );
    }
    bridge.on_event(Side::Caller, &frame(1));
    assert_eq!(bridge.carried_ms(Side::Callee), 40);
    assert_eq!(bridge.carried_ms(Side::Caller), 20);
}

#[test]
fn a_key_is_pressed_on_the_other_leg_for_as_long() {
    let digit = Digit::from_char('#').unwrap();
    let event = CallEvent::Dtmf {
        digit,
        duration_ms: 250,
    };
    let command = Bridge::new().on_event(Side::Callee, &event);
    assert_eq!(
        command,
        Some(CallCommand::SendDtmf {
            digit,
            duration_ms: 250
        })
    );
}

#[test]
fn one_end_hangs_up_the_other_and_the_first_reason_is_kept() {
    let mut bridge = Bridge::new();
    let ended = CallEvent::Ended(EndReason::Remote);
    let command = bridge.on_event(Side::Callee, &ended);
    assert_eq!(command, Some(CallCommand::Hangup(HangupCause::Normal)));
    assert!(!bridge.is_over());
    assert_eq!(
        bridge.on_event(Side::Caller, &frame(1)),
        None,
        "nobody is left to hear it"
    );
    let second = CallEvent::Ended(EndReason::App(HangupCause::Normal));
    assert_eq!(
        bridge.on_event(Side::Caller, &second),
        None,
        "the other is gone already"
    );
    assert!(bridge.is_over());
    let first = BridgeEnd {
        first: Side::Callee,
        reason: EndReason::Remote,
    };
    assert_eq!(bridge.first_end(), Some(&first));
}

#[test]
fn both_ends_at_once_end_it_without_a_second_hangup() {
    let mut bridge = Bridge::new();
    let timeout = CallEvent::Ended(EndReason::Gateway(GatewayReason::RtpTimeout));
    assert!(bridge.on_event(Side::Caller, &timeout).is_some());
    assert!(bridge.on_event(Side::Callee, &timeout).is_none());
    assert!(bridge.is_over());
}

#[test]
fn a_side_that_holds_is_told_nothing_until_it_resumes() {
    let mut bridge = Bridge::new();
    assert_eq!(bridge.on_event(Side::Caller, &CallEvent::Held), None);
    assert_eq!(bridge.on_event(Side::Callee, &frame(1)), None);
    let heard = frame(2);
    assert!(bridge.on_event(Side::Caller, &heard).is_some(), "but says");
    assert_eq!(bridge.on_event(Side::Caller, &CallEvent::Resumed), None);
    assert!(bridge.on_event(Side::Callee, &heard).is_some());
}

#[test]
fn what_concerns_one_leg_alone_stays_there() {
    let mut bridge = Bridge::new();
    let outcome = TransferOutcome {
        code: 200,
        text: "OK".into(),
    };
    let own = [
        CallEvent::Held,
        CallEvent::Resumed,
        CallEvent::QueueHigh { queued_ms: 1 },
        CallEvent::QueueLow { queued_ms: 1 },
        CallEvent::Transferred(outcome),
    ];
    for event in own {
        assert_eq!(bridge.on_event(Side::Caller, &event), None, "{event:?}");
    }
}
