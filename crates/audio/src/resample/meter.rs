//! Measures tones; for the tests here and for `examples/quality.rs`.

use std::f64::consts::TAU;

/// The phasor (in phase, in quadrature) of `samples` at `hz`.
fn phasor(samples: &[i16], hz: f64, rate_hz: u32) -> (f64, f64) {
    let step = TAU * hz / f64::from(rate_hz);
    let (re, im) = samples
        .iter()
        .zip(0_u32..)
        .fold((0.0, 0.0), |(re, im), (sample, n)| {
            let (sin, cos) = (step * f64::from(n)).sin_cos();
            (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
        });
    (
        2.0 * re / samples.len() as f64,
        2.0 * im / samples.len() as f64,
    )
}

/// The level of `samples` at `hz`, in dB over an amplitude of one.
pub fn level_db(samples: &[i16], hz: f64, rate_hz: u32) -> f64 {
    let (re, im) = phasor(samples, hz, rate_hz);
    20.0 * f64::hypot(re, im).log10()
}

/// How much later than at the input a tone stands at the output, in radians of its own turn: what
/// `process` makes of a second of a tone at `from_hz`, after its first tenth.
fn lag(hz: f64, rates: (u32, u32), process: &dyn Fn(&[i16]) -> Vec<i16>) -> f64 {
    let step = TAU * hz / f64::from(rates.0);
    let sine = |n: u32| (16_422.0 * (step * f64::from(n)).sin()).round() as i16;
    let tone: Vec<i16> = (0..rates.0).map(sine).collect();
    let output = process(&tone);
    let phase = |samples: &[i16], rate_hz| {
        let (re, im) = phasor(&samples[samples.len() / 10..], hz, rate_hz);
        im.atan2(re)
    };
    phase(&output, rates.1) - phase(&tone, rates.0)
}

/// The group delay around `hz` of what turns audio of one rate into audio of another, in seconds.
/// `hz` must be a multiple of 10, or the tones do not fit their window.
pub fn delay_s(hz: f64, rates: (u32, u32), process: &dyn Fn(&[i16]) -> Vec<i16>) -> f64 {
    let turned = lag(hz + 10.0, rates, process) - lag(hz - 10.0, rates, process);
    turned.rem_euclid(TAU) / (TAU * 20.0)
}

/// Signal to noise of a tone after the best constant gain and delay: what is left once the sine that
/// fits best is taken away.
pub fn snr_db(samples: &[i16], hz: f64, rate_hz: u32) -> f64 {
    let (re, im) = phasor(samples, hz, rate_hz);
    let step = TAU * hz / f64::from(rate_hz);
    let noise: f64 = samples
        .iter()
        .zip(0_u32..)
        .map(|(sample, n)| {
            let (sin, cos) = (step * f64::from(n)).sin_cos();
            (f64::from(*sample) - re * cos - im * sin).powi(2)
        })
        .sum();
    let signal = (re * re + im * im) / 2.0 * samples.len() as f64;
    10.0 * (signal / noise).log10()
}
