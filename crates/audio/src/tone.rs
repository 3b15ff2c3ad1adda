//! Sines and pairs of them: call progress tones and DTMF.
//!
//! The phase runs on over calls, so a tone may be fetched in chunks of any length. All levels are
//! peak amplitudes in 16 bit samples; a pair peaks at the sum of both.

use crate::frame::SAMPLE_RATE_HZ;
use std::f64::consts::TAU;

/// A sine that never loses amplitude: a phasor turned once a sample.
#[derive(Clone, Debug)]
struct Sine {
    /// Position on the circle, in turns from 0 to 1.
    turns: f64,
    turns_per_sample: f64,
    amplitude: f64,
}

impl Sine {
    fn new(hz: f64, amplitude: i16, rate_hz: u32) -> Self {
        Self {
            turns: 0.0,
            turns_per_sample: hz / f64::from(rate_hz),
            amplitude: f64::from(amplitude),
        }
    }

    fn next(&mut self) -> f64 {
        let value = (self.turns * TAU).sin() * self.amplitude;
        self.turns = (self.turns + self.turns_per_sample).fract();
        value
    }
}

/// An endless tone of one or two frequencies, steady or in a cadence.
#[derive(Clone, Debug)]
pub struct Tone {
    sines: [Sine; 2],
    /// Samples on and off, repeated; `None` is a steady tone.
    cadence: Option<(u64, u64)>,
    position: u64,
}

impl Tone {
    /// A steady sine of `hz` at 16 kHz.
    pub fn sine(hz: f64, amplitude: i16) -> Self {
        Self::pair_at(hz, amplitude, 0.0, 0, SAMPLE_RATE_HZ)
    }

    /// A steady sine of `hz` at `rate_hz` samples a second.
    pub fn sine_at(hz: f64, amplitude: i16, rate_hz: u32) -> Self {
        Self::pair_at(hz, amplitude, 0.0, 0, rate_hz)
    }

    /// Two steady sines at 16 kHz, each with its own peak amplitude.
    pub fn pair(low_hz: f64, low: i16, high_hz: f64, high: i16) -> Self {
        Self::pair_at(low_hz, low, high_hz, high, SAMPLE_RATE_HZ)
    }

    fn pair_at(low_hz: f64, low: i16, high_hz: f64, high: i16, rate_hz: u32) -> Self {
        let sines = [
            Sine::new(low_hz, low, rate_hz),
            Sine::new(high_hz, high, rate_hz),
        ];
        Self {
            sines,
            cadence: None,
            position: 0,
        }
    }

    /// The North American ringing tone: 440 + 480 Hz, 2 s on, 4 s off (ITU-T E.180).
    pub fn ringback() -> Self {
        Self::pair(440.0, 2_000, 480.0, 2_000).with_cadence(2_000, 4_000)
    }

    /// The North American busy tone: 480 + 620 Hz, 0.5 s on, 0.5 s off (ITU-T E.180).
    pub fn busy() -> Self {
        Self::pair(480.0, 2_000, 620.0, 2_000).with_cadence(500, 500)
    }

    /// The pair of a DTMF key (ITU-T Q.23), steady; `None` for what is not a key. The high group is
    /// 2 dB louder, as Q.24 lets networks expect.
    pub fn dtmf(key: char) -> Option<Self> {
        const LOW_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
        const HIGH_HZ: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
        const KEYS: &str = "123A456B789C*0#D";
        let place = KEYS.find(key.to_ascii_uppercase())?;
        let (low, high) = (LOW_HZ.get(place / 4)?, HIGH_HZ.get(place % 4)?);
        Some(Self::pair(*low, 5_200, *high, 6_500))
    }

    /// The same tone, on and off in turns of so many milliseconds at 16 kHz.
    pub fn with_cadence(self, on_ms: u32, off_ms: u32) -> Self {
        let samples = |ms| u64::from(ms) * u64::from(SAMPLE_RATE_HZ) / 1_000;
        Self {
            cadence: Some((samples(on_ms), samples(off_ms))),
            ..self
        }
    }

    /// Overwrites `samples` with what comes next.
    pub fn fill(&mut self, samples: &mut [i16]) {
        for sample in samples {
            let value = self.sines.iter_mut().map(Sine::next).sum::<f64>();
            *sample = if self.is_on() {
                value.round() as i16
            } else {
                0
            };
            self.position += 1;
        }
    }

    fn is_on(&self) -> bool {
        self.cadence
            .is_none_or(|(on, off)| self.position % (on + off).max(1) < on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Power of `samples` at `hz`, as the amplitude of the sine that fits best.
    fn amplitude_at(hz: f64, samples: &[i16]) -> f64 {
        let step = TAU * hz / f64::from(SAMPLE_RATE_HZ);
        let (sine, cosine) = samples
            .iter()
            .zip(0_u32..)
            .fold((0.0, 0.0), |(s, c), (x, n)| {
                let (sin, cos) = (step * f64::from(n)).sin_cos();
                (s + f64::from(*x) * sin, c + f64::from(*x) * cos)
            });
        2.0 * f64::hypot(sine, cosine) / samples.len() as f64
    }

    #[test]
    fn a_sine_has_its_frequency_and_amplitude() {
        let mut samples = [0; 16_000];
        Tone::sine(1_000.0, 10_000).fill(&mut samples);
        assert!((amplitude_at(1_000.0, &samples) - 10_000.0).abs() < 1.0);
        assert!(amplitude_at(1_100.0, &samples) < 1.0);
    }

    #[test]
    fn chunks_of_any_length_join_without_a_seam() {
        let mut whole = [0; 1_000];
        Tone::dtmf('5').expect("a key").fill(&mut whole);
        let mut cut = [0; 1_000];
        let mut tone = Tone::dtmf('5').expect("a key");
        let (first, second) = cut.split_at_mut(333);
        tone.fill(first);
        tone.fill(second);
        assert_eq!(whole, cut);
    }

    #[test]
    fn every_key_has_its_pair() {
        for (key, low, high) in [
            ('1', 697.0, 1_209.0),
            ('D', 941.0, 1_633.0),
            ('#', 941.0, 1_477.0),
        ] {
            let mut samples = [0; 16_000];
            Tone::dtmf(key).expect("a key").fill(&mut samples);
            assert!((amplitude_at(low, &samples) - 5_200.0).abs() < 1.0, "{key}");
            assert!(
                (amplitude_at(high, &samples) - 6_500.0).abs() < 1.0,
                "{key}"
            );
        }
        assert!(Tone::dtmf('d').is_some());
        assert!(Tone::dtmf('E').is_none() && Tone::dtmf('é').is_none());
    }

    #[test]
    fn ringback_is_silent_between_rings() {
        let mut samples = vec![0; 16_000 * 12];
        Tone::ringback().fill(&mut samples);
        let loud: Vec<bool> = samples
            .chunks(16_000)
            .map(|s| s.iter().any(|x| *x != 0))
            .collect();
        let ring = [true, true, false, false, false, false];
        assert_eq!(loud, [ring, ring].concat());
    }

    #[test]
    fn the_loudest_pair_saturates_instead_of_wrapping() {
        let mut samples = [0; 1_600];
        Tone::pair(400.0, i16::MAX, 400.0, i16::MAX).fill(&mut samples);
        assert!(samples.contains(&i16::MAX) && samples.contains(&i16::MIN));
    }
}
