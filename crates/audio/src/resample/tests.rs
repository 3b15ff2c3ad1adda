use super::meter::{level_db, snr_db};
use super::*;
use crate::tone::Tone;
use proptest::prelude::*;

/// −6 dBFS.
const AMPLITUDE: i16 = 16_422;

const RATES_HZ: [u32; 4] = [8_000, 16_000, 24_000, 48_000];

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    RATES_HZ
        .into_iter()
        .flat_map(|hz| [(hz, 16_000), (16_000, hz)])
}

fn resampled(from_hz: u32, to_hz: u32, input: &[i16]) -> Vec<i16> {
    let mut resampler = Resampler::new(from_hz, to_hz).expect("supported");
    let mut output = vec![0; resampler.output_len(input.len())];
    resampler.process(input, &mut output);
    output
}

fn tone(hz: f64, rate_hz: u32) -> Vec<i16> {
    let mut samples = vec![0; rate_hz as usize];
    Tone::sine_at(hz, AMPLITUDE, rate_hz).fill(&mut samples);
    samples
}

/// Drops the first 100 ms, where the filters fill.
fn settled(samples: &[i16]) -> &[i16] {
    &samples[samples.len() / 10..]
}

#[test]
fn tones_survive_the_round_trip_to_16_khz_and_back() {
    for hz in [440.0, 1_000.0, 2_000.0, 3_000.0] {
        let there = resampled(8_000, 16_000, &tone(hz, 8_000));
        let back = resampled(16_000, 8_000, &there);
        let snr = snr_db(settled(&back), hz, 8_000);
        assert!(snr >= 80.0, "{hz} Hz: {snr:.1} dB");
    }
}

#[test]
fn images_and_aliases_stay_below_minus_58_db_up_to_3_khz() {
    for hz in (100..=3_000).step_by(100).map(f64::from) {
        let up = resampled(8_000, 16_000, &tone(hz, 8_000));
        let up = settled(&up);
        let image = level_db(up, 8_000.0 - hz, 16_000) - level_db(up, hz, 16_000);
        assert!(image <= -58.0, "image of {hz} Hz: {image:.1} dB");
        let down = resampled(16_000, 8_000, &tone(8_000.0 - hz, 16_000));
        let alias = level_db(settled(&down), hz, 8_000) - 20.0 * f64::from(AMPLITUDE).log10();
        assert!(alias <= -58.0, "alias at {hz} Hz: {alias:.1} dB");
    }
}

#[test]
fn wide_rates_keep_speech_and_reject_what_16_khz_cannot_hold() {
    for high in [24_000, 48_000] {
        for hz in [100.0, 1_000.0, 3_400.0, 7_000.0] {
            for (from_hz, to_hz) in [(high, 16_000), (16_000, high)] {
                let out = resampled(from_hz, to_hz, &tone(hz, from_hz));
                let gain = level_db(settled(&out), hz, to_hz) - 20.0 * f64::from(AMPLITUDE).log10();
                assert!(
                    gain.abs() < 0.05,
                    "{from_hz} to {to_hz}, {hz} Hz: {gain:.3} dB"
                );
                let snr = snr_db(settled(&out), hz, to_hz);
                assert!(snr >= 60.0, "{from_hz} to {to_hz}, {hz} Hz: {snr:.1} dB");
            }
        }
        let alias = resampled(high, 16_000, &tone(9_000.0, high));
        let level =
            level_db(settled(&alias), 7_000.0, 16_000) - 20.0 * f64::from(AMPLITUDE).log10();
        assert!(level <= -60.0, "{high}: 9 kHz comes back at {level:.1} dB");
    }
}

/// Where the response to one pulse peaks, in seconds after the pulse.
fn delay_s(from_hz: u32, to_hz: u32) -> f64 {
    let mut pulse = vec![0; 480];
    pulse[0] = i16::MAX;
    let response = resampled(from_hz, to_hz, &pulse);
    let weight = |x: i16| f64::from(x).powi(2);
    let total: f64 = response.iter().map(|x| weight(*x)).sum();
    let centre: f64 = response
        .iter()
        .zip(0_u32..)
        .map(|(x, n)| weight(*x) * f64::from(n))
        .sum();
    centre / total / f64::from(to_hz)
}

#[test]
fn the_round_trip_of_a_telephone_call_takes_1750_microseconds() {
    let mut pulse = vec![0; 160];
    pulse[0] = 16_000;
    let back = resampled(16_000, 8_000, &resampled(8_000, 16_000, &pulse));
    let peak = back
        .iter()
        .enumerate()
        .max_by_key(|(_, x)| **x)
        .map(|(n, _)| n);
    assert_eq!(peak, Some(14), "14 samples of 8 kHz");
}

#[test]
fn every_ratio_takes_the_documented_delay() {
    for ((from_hz, to_hz), samples_at_hz) in [
        ((8_000, 16_000), 13.0 / 16_000.0),
        ((24_000, 16_000), 47.0 / 48_000.0),
        ((48_000, 16_000), 47.0 / 48_000.0),
        ((16_000, 24_000), 47.0 / 48_000.0),
        ((16_000, 48_000), 47.0 / 48_000.0),
    ] {
        let delay = delay_s(from_hz, to_hz);
        assert!(
            (delay - samples_at_hz).abs() < 20e-6,
            "{from_hz} to {to_hz}: {delay:.6} s"
        );
        let told_us = Resampler::new(from_hz, to_hz)
            .expect("supported")
            .delay_us();
        assert!((told_us as f64 - samples_at_hz * 1e6).abs() < 1.0);
    }
    let [up, down] = [(8_000, 16_000), (16_000, 8_000)]
        .map(|(from, to)| Resampler::new(from, to).expect("supported").delay_us());
    assert!((up + down).abs_diff(1_750) <= 1, "14 samples of 8 kHz");
}

#[test]
fn a_20_ms_frame_in_is_a_20_ms_frame_out() {
    for (from_hz, to_hz) in pairs() {
        let mut resampler = Resampler::new(from_hz, to_hz).expect("supported");
        let frame = vec![0; from_hz as usize / 50];
        let mut out = vec![0; to_hz as usize / 50];
        for _ in 0..10 {
            assert_eq!(
                resampler.process(&frame, &mut out),
                out.len(),
                "{from_hz} to {to_hz}"
            );
        }
    }
}

#[test]
fn full_scale_saturates_instead_of_wrapping() {
    for (from_hz, to_hz) in pairs() {
        // A square wave of 50 Hz overshoots full scale at every edge.
        let half_wave = |hz: u32, n: usize| n * 100 / hz as usize;
        let square = |n| {
            if half_wave(from_hz, n) % 2 == 0 {
                i16::MAX
            } else {
                i16::MIN
            }
        };
        let input: Vec<i16> = (0..from_hz as usize / 2).map(square).collect();
        for (n, sample) in resampled(from_hz, to_hz, &input).into_iter().enumerate() {
            let second_half = half_wave(2 * to_hz, 4 * n) % 2 == 1;
            let expected = if half_wave(to_hz, n) % 2 == 0 {
                30_000..=i16::MAX
            } else {
                i16::MIN..=-30_000
            };
            assert!(
                !second_half || expected.contains(&sample),
                "{from_hz} to {to_hz}, {n}: {sample}"
            );
        }
    }
}

#[test]
fn other_rates_are_refused_by_name() {
    let error = Resampler::new(44_100, 16_000).expect_err("not supported");
    assert!(error.to_string().contains("44100 Hz to 16000 Hz"));
    assert!(Resampler::new(8_000, 48_000).is_err());
}

proptest! {
    #[test]
    fn any_cut_of_the_input_gives_the_same_samples(
        pair in 0_usize..8,
        input in prop::collection::vec(any::<i16>(), 0..2_000),
        cuts in prop::collection::vec(0_usize..400, 0..20),
    ) {
        let (from_hz, to_hz) = pairs().nth(pair).expect("eight pairs");
        let whole = resampled(from_hz, to_hz, &input);
        let mut resampler = Resampler::new(from_hz, to_hz).expect("supported");
        let mut joined = Vec::new();
        let mut rest = input.as_slice();
        for cut in cuts.into_iter().chain([input.len()]) {
            let (chunk, tail) = rest.split_at(cut.min(rest.len()));
            let start = joined.len();
            joined.resize(start + resampler.output_len(chunk.len()), 0);
            prop_assert_eq!(resampler.process(chunk, &mut joined[start..]), joined.len() - start);
            rest = tail;
        }
        prop_assert_eq!(joined, whole);
    }
}
