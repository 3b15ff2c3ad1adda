//! A short tone in the silence, found again to the sample.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use trunkline_audio::g711::ulaw;

/// Samples of a packet: 20 ms at 8 kHz.
pub const FRAME: usize = 160;
/// µ-law for silence.
const QUIET: u8 = 0xFF;
/// The pulse: as loud as speech.
const AMPLITUDE: f64 = 10_000.0;
const HZ: f64 = 1_000.0;
/// A µ-law magnitude below this (about 800 of 32,768) is part of a pulse. What filters ring before
/// it is softer.
const LOUD: u8 = 0x50;
/// How far around its first loud sample the pulse may begin.
const BEFORE: usize = 12;
const AFTER: usize = 12;

/// The payload of a packet without a pulse.
pub static SILENCE: [u8; FRAME] = [QUIET; FRAME];
/// The payload of a packet that is a pulse.
pub static PULSE: LazyLock<[u8; FRAME]> =
    LazyLock::new(|| std::array::from_fn(|n| ulaw::encode(wave(n) as i16)));
static TEMPLATE: LazyLock<[f32; FRAME]> = LazyLock::new(|| std::array::from_fn(|n| wave(n) as f32));

fn wave(n: usize) -> f64 {
    AMPLITUDE * (TAU * HZ * n as f64 / 8_000.0).sin()
}

/// The first sample of a payload that is louder than silence can be.
pub fn first_loud(payload: &[u8]) -> Option<usize> {
    // The whole payload at once, so that the ordinary case is a few vector instructions.
    let loudest = payload
        .iter()
        .fold(0x7F, |loudest, code| loudest.min(code & 0x7F));
    if loudest >= LOUD {
        return None;
    }
    payload.iter().position(|code| code & 0x7F < LOUD)
}

/// The place where the pulse begins in three payloads, of which the second has its first loud
/// sample: counted from the start of the second, so it may be a little before it. A pulse has many
/// equal periods, so the place is where all of them fit and not where most do.
pub fn locate(payloads: &[[u8; FRAME]; 3], first_loud: usize) -> i64 {
    let mut samples = [0.0_f32; 3 * FRAME];
    for (sample, code) in samples.iter_mut().zip(payloads.as_flattened()) {
        *sample = f32::from(ulaw::decode(*code));
    }
    let around = FRAME + first_loud;
    let fit = |at: usize| -> f32 {
        let place = samples.get(at..at + FRAME).unwrap_or_default();
        place.iter().zip(TEMPLATE.iter()).map(|(a, b)| a * b).sum()
    };
    let places = around.saturating_sub(BEFORE)..=around + AFTER;
    let best = places.max_by(|&a, &b| fit(a).total_cmp(&fit(b)));
    best.unwrap_or(around) as i64 - FRAME as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trunkline_audio::Resampler;

    /// The pulse `at` samples into the second of three payloads, through this.
    fn three(at: usize, through: impl Fn(&[i16]) -> Vec<i16>) -> [[u8; FRAME]; 3] {
        let mut samples = vec![0; FRAME + at];
        samples.extend((0..FRAME).map(|n| wave(n) as i16));
        samples.resize(3 * FRAME, 0);
        let heard = through(&samples);
        let mut payloads = [[QUIET; FRAME]; 3];
        ulaw::encode_slice(&heard, payloads.as_flattened_mut());
        payloads
    }

    fn found(payloads: &[[u8; FRAME]; 3]) -> i64 {
        locate(payloads, first_loud(&payloads[1]).unwrap())
    }

    proptest! {
        #[test]
        fn a_pulse_is_found_to_the_sample_at_any_level(at in 0_usize..150, gain in 0.2_f64..1.5) {
            let payloads = three(at, |samples| {
                samples.iter().map(|&s| (f64::from(s) * gain) as i16).collect()
            });
            prop_assert_eq!(found(&payloads), at as i64);
        }
    }

    #[test]
    fn the_filters_of_the_way_are_part_of_the_delay() {
        let through = |samples: &[i16]| {
            let mut up = Resampler::new(8_000, 16_000).unwrap();
            let mut down = Resampler::new(16_000, 8_000).unwrap();
            let mut wide = vec![0; 2 * samples.len()];
            let mut narrow = vec![0; samples.len()];
            up.process(samples, &mut wide);
            down.process(&wide, &mut narrow);
            narrow
        };
        for at in [0, 1, 77, 130] {
            assert_eq!(
                found(&three(at, through)),
                at as i64 + 14,
                "14 samples of 8 kHz"
            );
        }
    }

    #[test]
    fn silence_and_comfort_noise_are_no_pulse() {
        assert_eq!(first_loud(&SILENCE), None);
        assert_eq!(first_loud(&[ulaw::encode(300); FRAME]), None);
        assert_eq!(first_loud(&[ulaw::encode(-300); FRAME]), None);
        assert!(first_loud(PULSE.as_slice()).unwrap() < 3);
    }
}
