use super::*;
use crate::tone::Tone;
use proptest::prelude::*;

type Frame = [i16; FRAME_SAMPLES];

/// `count` frames of a voice-like pair of tones.
fn voice(count: usize) -> Vec<Frame> {
    let mut tone = Tone::pair(160.0, 8_000, 480.0, 4_000);
    let mut frames = vec![[0; FRAME_SAMPLES]; count];
    frames.iter_mut().for_each(|frame| tone.fill(frame));
    frames
}

/// What is played when the frames for which `missing` says so do not arrive.
fn played(frames: &[Frame], missing: impl Fn(usize) -> bool) -> Vec<Frame> {
    let mut concealer = Concealer::new();
    let mut frames = frames.to_vec();
    for (n, frame) in frames.iter_mut().enumerate() {
        if missing(n) {
            *frame = [i16::MAX; FRAME_SAMPLES];
            concealer.fill(frame);
        } else {
            concealer.hear(frame);
        }
    }
    frames
}

fn loudest(samples: &[i16]) -> u16 {
    samples
        .iter()
        .map(|sample| sample.unsigned_abs())
        .max()
        .unwrap_or(0)
}

fn steepest(frames: &[Frame]) -> u16 {
    let samples = frames.as_flattened();
    samples
        .windows(2)
        .map(|pair| pair[0].abs_diff(pair[1]))
        .max()
        .unwrap_or(0)
}

#[test]
fn nothing_changes_while_nothing_is_missing() {
    let frames = voice(20);
    assert_eq!(played(&frames, |_| false), frames);
}

#[test]
fn a_missing_frame_of_a_steady_voice_is_hardly_noticed() {
    let frames = voice(10);
    let played = played(&frames, |n| n == 5);
    // The first 10 ms are at full level and in phase.
    let error = |n: usize| (i32::from(played[5][n]) - i32::from(frames[5][n])).pow(2);
    let (error, signal) = (0..160).fold((0, 0), |(error_sum, signal), n| {
        (
            error_sum + i64::from(error(n)),
            signal + i64::from(frames[5][n]).pow(2),
        )
    });
    assert!(
        signal > 100 * error,
        "signal {signal}, error {error}: below 20 dB"
    );
    assert_eq!(played[..5], frames[..5]);
    assert_eq!(
        played[6][REJOIN..],
        frames[6][REJOIN..],
        "5 ms after the loss all is as it arrived"
    );
}

#[test]
fn a_loss_begins_and_ends_without_a_click() {
    let frames = voice(20);
    let natural = steepest(&frames);
    for lost in 1..8 {
        let played = played(&frames, |n| (6..6 + lost).contains(&n));
        assert!(
            steepest(&played) <= natural * 3 / 2,
            "{lost} frames: {}",
            steepest(&played)
        );
    }
}

#[test]
fn a_long_loss_fades_to_silence_in_60_ms() {
    let played = played(&voice(20), |n| n >= 5);
    let levels: Vec<u16> = played[5..].iter().map(|frame| loudest(frame)).collect();
    assert!(levels[0] > 8_000 && levels[0] > levels[1] && levels[1] > levels[2]);
    assert_eq!(loudest(played[8..].as_flattened()), 0);
}

#[test]
fn a_longer_loss_is_rejoined_more_slowly() {
    let frames = voice(20);
    let played = played(&frames, |n| (5..8).contains(&n));
    let rejoin = REJOIN + 2 * REJOIN_MORE;
    let untouched = played[8]
        .iter()
        .zip(&frames[8])
        .rev()
        .take_while(|(a, b)| a == b)
        .count();
    assert!(
        untouched.abs_diff(FRAME_SAMPLES - rejoin) < 8,
        "{untouched} samples as they arrived"
    );
    assert!(loudest(&played[8][..8]) < 500, "it starts from silence");
    assert_eq!(played[9], frames[9]);
}

#[test]
fn what_is_missing_before_anything_was_heard_is_silence() {
    let played = played(&voice(4), |n| n < 2);
    assert_eq!(loudest(played[..2].as_flattened()), 0);
}

proptest! {
    #[test]
    fn no_audio_and_no_pattern_overflows(
        seed in prop::collection::vec(prop_oneof![Just(i16::MIN), Just(i16::MAX), any::<i16>()], 1..97),
        missing in prop::collection::vec(any::<bool>(), 1..12),
    ) {
        let samples: Vec<i16> = seed.iter().copied().cycle().take(missing.len() * FRAME_SAMPLES).collect();
        let frames = samples.as_chunks::<FRAME_SAMPLES>().0;
        prop_assert_eq!(played(frames, |n| missing[n]).len(), missing.len());
    }
}
