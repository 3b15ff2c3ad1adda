use super::*;
use crate::tone::Tone;
use crate::wav;

/// The events of a signal, and the detector after it.
fn heard(samples: &[i16]) -> (Vec<SpeechEvent>, SpeechDetector) {
    let mut detector = SpeechDetector::new();
    let frames = samples.as_chunks::<FRAME_SAMPLES>().0;
    let events = frames
        .iter()
        .filter_map(|frame| detector.hear(frame))
        .collect();
    (events, detector)
}

/// Steady noise that peaks at `amplitude`.
fn noise(count: usize, amplitude: i32) -> Vec<i16> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i32 - 32_768) * amplitude / 32_768
    };
    (0..count).map(|_| next() as i16).collect()
}

fn with_tone(mut samples: Vec<i16>, from: usize, to: usize) -> Vec<i16> {
    let mut tone = vec![0; to - from];
    Tone::pair(200.0, 4_000, 900.0, 3_000).fill(&mut tone);
    for (sample, tone) in samples[from..to].iter_mut().zip(tone) {
        *sample += tone;
    }
    samples
}

/// Both positions are within one block of the truth.
fn assert_heard(events: &[SpeechEvent], from: usize, to: usize) {
    let [
        SpeechEvent::Started { at: start },
        SpeechEvent::Ended { at: end },
    ] = events
    else {
        panic!("not one start and one end: {events:?}");
    };
    assert!(
        start.abs_diff(from as u64) <= BLOCK as u64,
        "{start}, not {from}"
    );
    assert!(end.abs_diff(to as u64) <= BLOCK as u64, "{end}, not {to}");
}

#[test]
fn start_and_end_are_found_to_5_ms_in_silence() {
    let (events, detector) = heard(&with_tone(vec![0; 64_000], 16_123, 40_321));
    assert_heard(&events, 16_123, 40_321);
    assert!(!detector.is_speaking());
}

#[test]
fn start_and_end_are_found_to_5_ms_in_noise() {
    let (events, _) = heard(&with_tone(noise(112_000, 600), 80_123, 96_321));
    // The noise itself is new at first, and taken for sound until the background has grown to it.
    assert_heard(&events[events.len() - 2..], 80_123, 96_321);
}

#[test]
fn the_last_speech_is_known_before_its_end_is_certain() {
    let (events, detector) = heard(&with_tone(vec![0; 33_000], 16_000, 32_000));
    assert_eq!(events.len(), 1);
    assert_eq!(detector.last_speech(), Some(32_000));
    assert!(detector.is_speaking());
}

#[test]
fn silence_clicks_and_the_smallest_codes_are_not_speech() {
    let mut clicks = noise(64_000, 60);
    clicks
        .iter_mut()
        .step_by(16_000)
        .for_each(|sample| *sample = 30_000);
    let (events, detector) = heard(&clicks);
    assert_eq!(events, []);
    assert_eq!(detector.last_speech(), None);
}

#[test]
fn an_echo_of_the_other_direction_is_not_speech() {
    let mut other = SpeechDetector::new();
    let mut tone = [0; FRAME_SAMPLES];
    Tone::pair(200.0, 4_000, 900.0, 3_000).fill(&mut tone);
    other.hear(&tone);
    let echo = tone.map(|sample| sample / 10); // -20 dB
    let mut detector = SpeechDetector::new();
    let mut heard = |frame: &[i16]| detector.hear_above(frame, other.loudest() / 32);
    assert!((0..50).all(|_| heard(&echo).is_none()));
    assert!((0..2).any(|_| heard(&tone).is_some()), "but a voice is");
}

#[test]
fn frames_may_come_in_halves() {
    let signal = with_tone(vec![0; 64_000], 16_123, 40_321);
    let mut detector = SpeechDetector::new();
    let halves = signal.as_chunks::<{ FRAME_SAMPLES / 2 }>().0;
    let events = halves
        .iter()
        .filter_map(|half| detector.hear_above(half, 0));
    assert_heard(&events.collect::<Vec<_>>(), 16_123, 40_321);
}

#[test]
fn full_scale_does_not_overflow() {
    let (events, _) = heard(&[i16::MIN; 3_200]);
    assert_eq!(events, [SpeechEvent::Started { at: 0 }]);
}

#[test]
fn a_spoken_sentence_is_framed_by_its_first_and_last_sound() {
    let file = include_bytes!("../../../../fixtures/speech/slt.wav");
    let speech = wav::read(file).expect("a fixture").into_mono();
    let loud = |sample: &i16| sample.unsigned_abs() > 1_000;
    let first = speech.iter().position(loud).expect("speech");
    let last = speech.iter().rposition(loud).expect("speech");
    let mut padded = vec![0; 16_000];
    padded.extend(&speech);
    padded.extend([0; 16_000]);
    let (events, _) = heard(&padded);
    let (Some(SpeechEvent::Started { at: start }), Some(SpeechEvent::Ended { at: end })) =
        (events.first(), events.last())
    else {
        panic!("not framed: {events:?}");
    };
    // Soft sounds may come before and after the loud ones, by less than 150 ms.
    assert!(
        start.abs_diff(16_000 + first as u64) < 2_400,
        "{start}, not {first}"
    );
    assert!(
        end.abs_diff(16_000 + last as u64) < 2_400,
        "{end}, not {last}"
    );
}
