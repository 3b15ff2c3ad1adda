//! From any rate of a voice to 16 kHz. Voices come at 22,050 Hz too, which the converter of the media
//! path, made for the rates of telephony, does not know.

use std::f64::consts::PI;

use trunkline_audio::{Resampler, SAMPLE_RATE_HZ};

/// Rates that are believed.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Zero crossings of the filter on either side.
const CROSSINGS: f64 = 16.0;
/// Places between two samples for which the filter is kept.
const PHASES: usize = 128;

/// A converter at some place of a stream.
pub(super) enum Rate {
    /// One that the media path knows.
    Known(Box<Resampler>),
    /// Any other.
    Any(Sinc),
}

impl Rate {
    /// At the start of a stream. A rate that is not believed counts as the nearest that is.
    pub fn new(rate_hz: u32) -> Self {
        let rate_hz = rate_hz.clamp(*RATES.start(), *RATES.end());
        match Resampler::new(rate_hz, SAMPLE_RATE_HZ) {
            Ok(known) => Self::Known(Box::new(known)),
            Err(_) => Self::Any(Sinc::new(rate_hz)),
        }
    }

    /// What these samples are at 16 kHz.
    pub fn process(&mut self, input: &[i16]) -> Vec<i16> {
        match self {
            Self::Known(resampler) => {
                let mut output = vec![0; resampler.output_len(input.len())];
                let length = resampler.process(input, &mut output);
                output.truncate(length);
                output
            }
            Self::Any(sinc) => sinc.process(input),
        }
    }
}

/// A windowed sinc, looked up for every sample of the output.
pub(super) struct Sinc {
    /// Samples of the input for one of the output.
    step: f64,
    /// Where the next sample of the output lies, from the first of `input` on.
    at: f64,
    /// What the filter still needs.
    input: Vec<f32>,
    half: usize,
    /// For each phase, the filter around it.
    taps: Vec<Vec<f32>>,
}

impl Sinc {
    fn new(rate_hz: u32) -> Self {
        let step = f64::from(rate_hz) / f64::from(SAMPLE_RATE_HZ);
        // Going down, what 16 kHz cannot carry is filtered out.
        let cutoff = (0.94 / step).min(0.94);
        let half = (CROSSINGS / cutoff).ceil() as usize;
        let tap = |phase: usize, index: usize| {
            let x = index as f64 - half as f64 + 1.0 - phase as f64 / PHASES as f64;
            let window = (PI * x / (2.0 * half as f64)).cos().powi(2);
            let sinc = match x.abs() < 1e-9 {
                true => cutoff,
                false => (PI * cutoff * x).sin() / (PI * x),
            };
            (sinc * window) as f32
        };
        let taps = |phase| (0..2 * half).map(|index| tap(phase, index)).collect();
        Self {
            step,
            at: half as f64 - 1.0,
            // Silence before the stream, so that its first sample has a neighbourhood.
            input: vec![0.0; half - 1],
            half,
            taps: (0..=PHASES).map(taps).collect(),
        }
    }

    fn process(&mut self, input: &[i16]) -> Vec<i16> {
        self.input
            .extend(input.iter().map(|sample| f32::from(*sample)));
        let mut output = Vec::with_capacity((input.len() as f64 / self.step) as usize + 1);
        while self.at as usize + self.half < self.input.len() {
            let whole = self.at as usize;
            let phase = ((self.at - whole as f64) * PHASES as f64).round() as usize;
            let around = &self.input[whole + 1 - self.half..=whole + self.half];
            let sum: f32 = around
                .iter()
                .zip(&self.taps[phase])
                .map(|(a, b)| a * b)
                .sum();
            output.push(sum.round() as i16);
            self.at += self.step;
        }
        let gone = (self.at as usize + 1)
            .saturating_sub(self.half)
            .min(self.input.len());
        self.input.drain(..gone);
        self.at -= gone as f64;
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_audio::tone::Tone;

    fn converted(rate_hz: u32, hz: f64, size: usize) -> Vec<i16> {
        let mut tone = vec![0; rate_hz as usize];
        Tone::sine_at(hz, 8_000, rate_hz).fill(&mut tone);
        let mut rate = Rate::new(rate_hz);
        tone.chunks(size)
            .flat_map(|piece| rate.process(piece))
            .collect()
    }

    #[test]
    fn a_voice_at_any_rate_sounds_as_it_did() {
        for rate_hz in [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000] {
            let heard = converted(rate_hz, 1_000.0, 997);
            let second = heard.len() as f64;
            assert!((second - 16_000.0).abs() < 100.0, "{rate_hz}: {second}");
            let middle = &heard[2_000..14_000];
            let power: f64 = middle.iter().map(|s| f64::from(*s).powi(2)).sum();
            let amplitude = (2.0 * power / middle.len() as f64).sqrt();
            assert!(
                (amplitude - 8_000.0).abs() < 120.0,
                "{rate_hz}: {amplitude}"
            );
        }
    }

    #[test]
    fn what_16_khz_cannot_carry_is_not_folded_back() {
        for rate_hz in [22_050, 44_100] {
            let heard = converted(rate_hz, 10_000.0, 1_024);
            let loudest = heard[500..].iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!(loudest < 80, "{rate_hz}: {loudest}");
        }
    }

    #[test]
    fn pieces_of_any_size_give_the_same_sound() {
        let whole = converted(22_050, 440.0, 22_050);
        assert_eq!(converted(22_050, 440.0, 1), whole);
        assert_eq!(converted(22_050, 440.0, 321), whole);
    }
}
