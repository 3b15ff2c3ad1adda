//! Turns as a session times them: from its own packets, to the microsecond.

use trunkline_audio::g711::alaw;
use trunkline_audio::g722;

use super::*;
use crate::turns::{Finding, Stages};

/// 8 kHz µ-law of a 200 Hz square wave, 20 ms.
fn voice() -> [u8; 160] {
    std::array::from_fn(|n| ulaw::encode(if n % 40 < 20 { 5_000 } else { -5_000 }))
}

/// A second of the same in any codec, and silence until five seconds, packet by packet.
fn spoken(codec: Codec) -> Vec<[u8; 160]> {
    let mut g722 = g722::Encoder::new();
    let samples = [answer(50), vec![0; 200 * 320]].concat();
    let packets = samples.as_chunks::<320>().0.iter().map(|frame| {
        let mut payload = [0; 160];
        match codec {
            Codec::G722 => {
                g722.encode(frame, &mut payload);
            }
            Codec::Pcmu => payload = std::array::from_fn(|n| ulaw::encode(frame[2 * n])),
            Codec::Pcma => payload = std::array::from_fn(|n| alaw::encode(frame[2 * n])),
        }
        payload
    });
    packets.collect()
}

/// The same at 16 kHz, so many frames of it.
fn answer(frames: usize) -> Vec<i16> {
    let sample = |n: usize| if n % 80 < 40 { 5_000 } else { -5_000 };
    (0..frames * 320).map(sample).collect()
}

fn findings(run: &Run) -> Vec<Finding> {
    let told = run.log.told.iter();
    let found = told.filter_map(|(_, told)| match told {
        Output::Found(finding) => Some(*finding),
        _ => None,
    });
    found.collect()
}

/// When packets left that can be heard.
fn loud(run: &Run) -> Vec<i64> {
    let is_loud = |code: &u8| ulaw::decode(*code).unsigned_abs() > 1_000;
    let sent = run.sent().into_iter();
    let loud = sent.filter(|(_, _, payload)| payload.iter().any(is_loud));
    loud.map(|(at_us, ..)| at_us).collect()
}

fn us(stages: &Stages) -> [i64; 6] {
    stages.each().map(|stage| stage.as_micros() as i64)
}

/// The caller speaks for a second and is silent from then on, each packet as late as is said; the
/// application answers at a time with so many frames.
fn conversation(codec: Codec, late_us: impl Fn(i64) -> i64, answers_us: i64, frames: usize) -> Run {
    let mut run = Run::new(&agreed(codec, 20));
    let mut answer = Some(answer(frames));
    for (n, payload) in (0..).zip(spoken(codec)) {
        let at_us = 20_000 + n * 20_000 + late_us(n);
        if at_us > answers_us
            && let Some(samples) = answer.take()
        {
            run.until(answers_us);
            run.input(Input::Play(&samples));
        }
        run.packet(at_us, header(n, codec.static_payload_type()), &payload);
    }
    run
}

#[test]
fn a_turn_over_a_clean_line_is_the_applications_time_and_the_filters() {
    let run = conversation(Codec::Pcmu, |_| 0, 1_600_000, 50);
    let [Finding::Turn { at, stages }] = findings(&run)[..] else {
        panic!("{:?}", findings(&run));
    };
    // The last packet with a voice came at 1.00 s. The filter of 8 to 16 kHz carries the end of it
    // into the first 5 ms of the next, which came at 1.02 s.
    assert_eq!(us(&stages), [15_000, 0, 813, 580_000, 0, 938]);
    assert_eq!(at.as_micros(), 1_600_938);
    assert_eq!(
        loud(&run).first(),
        Some(&1_600_000),
        "the packet it begins in"
    );
}

#[test]
fn what_the_jitter_buffer_holds_back_counts_there() {
    // Every fifth packet is 60 ms late until the answer.
    let late_us = |n: i64| if n % 5 == 4 && n < 40 { 60_000 } else { 0 };
    let run = conversation(Codec::Pcmu, late_us, 1_600_000, 50);
    let [Finding::Turn { stages, .. }] = findings(&run)[..] else {
        panic!("{:?}", findings(&run));
    };
    let [packet, jitter_buffer, decode, application, queue, encode] = us(&stages);
    assert!(
        (40_000..=80_000).contains(&jitter_buffer),
        "{jitter_buffer}"
    );
    assert_eq!(
        jitter_buffer + application,
        580_000,
        "later heard, sooner answered"
    );
    assert_eq!((packet, decode, queue, encode), (15_000, 813, 0, 938));
}

#[test]
fn what_waits_behind_other_sound_counts_as_queued() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    for n in 0..50 {
        run.packet(20_000 + n * 20_000, header(n, 0), &voice());
    }
    run.until(1_100_000);
    // Half a second of silence, and then what is to be heard.
    run.input(Input::Play(&[0; 8_000]));
    run.until(1_200_000);
    run.input(Input::Play(&answer(50)));
    run.until(3_000_000);
    let [Finding::Turn { stages, .. }] = findings(&run)[..] else {
        panic!("{:?}", findings(&run));
    };
    let [.., queue, _] = us(&stages);
    assert_eq!(queue, 400_000);
    assert_eq!(stages.total().as_micros() as i64, 600_000 + 938 + 813);
}

#[test]
fn the_stages_of_every_codec_add_up_to_what_was_on_the_wire() {
    for codec in Codec::ALL {
        let run = conversation(codec, |n| n * 7_919 % 8_000, 1_600_000, 50);
        let [Finding::Turn { at, stages }] = findings(&run)[..] else {
            panic!("{codec}: {:?}", findings(&run));
        };
        let word_us = at.as_micros() as i64 - stages.total().as_micros() as i64;
        // To a block of 5 ms and the filters, from a packet that came up to 8 ms late.
        assert!(word_us.abs_diff(1_000_000) <= 14_000, "{codec}: {word_us}");
    }
}

#[test]
fn an_interruption_is_timed_from_the_callers_first_sound_to_our_last_one() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    run.input(Input::Play(&answer(500)));
    for n in 0..150 {
        let payload = if n >= 50 { voice() } else { level(0) };
        // The application hears 200 ms of it before it stops.
        if n == 60 {
            run.until(1_220_000);
            run.input(Input::Clear);
        }
        run.packet(20_000 + n * 20_000, header(n, 0), &payload);
    }
    let [Finding::Interrupted { at, yielded }] = findings(&run)[..] else {
        panic!("{:?}", findings(&run));
    };
    assert!(at.as_micros().abs_diff(1_000_000) <= 1_000, "{at:?}");
    let stages = yielded.expect("it yielded");
    let [packet, jitter_buffer, decode, application, queue, encode] = us(&stages);
    assert_eq!((packet, jitter_buffer), (20_000, 0));
    assert_eq!((decode, encode), (813, 938));
    assert_eq!(application, 200_000);
    // What the filter held back is in the packet of silence after the last.
    let [.., last_us, _] = loud(&run)[..] else {
        panic!("our voice");
    };
    assert_eq!(queue, last_us + 20_000 - 1_220_000);
}

#[test]
fn a_caller_on_hold_is_neither_answered_nor_unanswered() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    let held = Agreed {
        direction: Direction::SendOnly,
        ..agreed(Codec::Pcmu, 20)
    };
    for n in 0..50 {
        run.packet(20_000 + n * 20_000, header(n, 0), &voice());
    }
    run.input(Input::Renegotiated(&held));
    run.input(Input::Play(&answer(100)));
    run.until(5_000_000);
    assert_eq!(findings(&run), []);
}
