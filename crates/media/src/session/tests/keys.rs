//! Keys pressed on either side.

use super::*;
use crate::dtmf::{Digit, Event};

#[test]
fn a_key_is_heard_once_with_its_length_and_its_packets_are_no_loss() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    for n in 0..50 {
        if !(10..18).contains(&n) {
            run.packet(n * 20_000, header(n, 0), &level(500));
            continue;
        }
        let end = n >= 15;
        let duration = if end { 800 } else { (n - 9) as u16 * 160 };
        let event = Event {
            code: 5,
            end,
            volume: 10,
            duration,
        };
        let header = Header {
            timestamp: 1600,
            ..header(n, EVENT_TYPE)
        };
        run.packet(n * 20_000, header, &event.to_bytes());
    }
    let five = Digit::from_event(5).unwrap();
    assert_eq!(
        run.told(),
        [format!(
            "{:?}",
            Output::Dtmf {
                digit: five,
                duration_ms: 100
            }
        )]
    );
    let statistics = run.session.statistics();
    assert_eq!(
        (statistics.packets_lost, statistics.samples_concealed),
        (0, 0)
    );
    assert_eq!(statistics.digits_received, 1);
}

#[test]
fn keys_we_press_go_out_in_the_place_of_audio_and_speech_goes_on_after_them() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    run.input(Input::Play(&[2000; 16_000]));
    run.until(200_000);
    for code in [1, 2] {
        let digit = Digit::from_event(code).unwrap();
        run.input(Input::SendDtmf {
            digit,
            duration_ms: 60,
        });
    }
    run.until(3_000_000);
    let sent = run.sent();
    let events: Vec<_> = sent
        .iter()
        .filter(|(_, header, _)| header.payload_type == EVENT_TYPE)
        .collect();
    assert_eq!(
        events.len(),
        2 * 5,
        "three updates, the last of them an end, and two more ends"
    );
    for pair in sent.windows(2) {
        assert_eq!(pair[1].1.sequence, pair[0].1.sequence.wrapping_add(1));
        assert!(pair[1].0 - pair[0].0 <= 31_000);
    }
    let first = sent[0].1;
    for (n, (_, header, _)) in sent.iter().enumerate() {
        if header.payload_type == 0 {
            assert_eq!(
                header.timestamp,
                first.timestamp.wrapping_add(n as u32 * 160)
            );
        }
    }
    assert_eq!(
        run.session.played_ms(),
        1000,
        "all of the speech was played"
    );
    let starts: Vec<_> = events
        .iter()
        .filter(|(_, h, _)| h.marker)
        .map(|(at, ..)| *at)
        .collect();
    assert!(
        starts[1] - starts[0] >= 60_000 + 40_000 + 80_000 - 1_000,
        "a gap between the two"
    );
}

#[test]
fn a_call_without_telephone_event_refuses_keys() {
    let mut run = Run::new(&Agreed {
        dtmf: None,
        ..agreed(Codec::Pcmu, 20)
    });
    let digit = Digit::from_event(1).unwrap();
    run.input(Input::SendDtmf {
        digit,
        duration_ms: 60,
    });
    assert_eq!(run.told(), ["Refused(DtmfUnsupported)"]);
}
