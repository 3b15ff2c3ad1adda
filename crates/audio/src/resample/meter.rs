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
