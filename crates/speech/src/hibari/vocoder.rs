//! From a spectrum to sound: the pulses of the throat and noise go through the filters that the
//! spectrum describes, frame by frame, and the frames are laid over each other.
//!
//! In each frame, over all bands: `S = e^V·e^{iπ·tanh θ}·P + e^N·Z + e^R·e^{iφ}`, where P is the
//! pulses' spectrum and Z complex noise. Frames are 1,200 samples of 24 kHz under a Hann window, one
//! every 300, so four overlap in each sample.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rten_simd::SimdUnaryOp;
use rten_vecmath::{Cos, Exp, Sin, Tanh};

use super::network::{BANDS, Part, Spectrum};
use super::noise::Noise;
use super::pulses::pulses;

/// Samples a second that come out.
pub(super) const RATE_HZ: u32 = 24_000;
/// Samples from one frame to the next: 12.5 ms.
pub(super) const HOP: usize = 300;
/// Samples of a frame.
const FRAME: usize = 1_200;
/// Frames that overlap in a sample.
const OVERLAP: usize = FRAME / HOP;
/// No logarithm of the network's counts as more: e^7 is far beyond full scale.
const LOGARITHM_MAX: f32 = 7.0;
/// What squared windows sum up to where all frames are there.
const WINDOWS_SUM: f32 = 1.5;

/// Makes sound of spectra. What it works in is made for each phrase.
pub(super) struct Vocoder {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: [f32; FRAME],
}

impl Vocoder {
    pub fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            forward: planner.plan_fft_forward(FRAME),
            inverse: planner.plan_fft_inverse(FRAME),
            window: std::array::from_fn(|n| 0.5 - 0.5 * (TAU * n as f32 / FRAME as f32).cos()),
        }
    }

    /// Gives the sound of a spectrum, [`HOP`] samples at a time around ±1.0, until it is told false.
    pub fn play(&self, spectrum: &Spectrum, sound: &mut dyn FnMut(&[f32]) -> bool) -> bool {
        let frames = spectrum.frames();
        let mut work = Work::new(self, spectrum);
        // The middle of frame n is at sample n·HOP: two more frames reach into what a hop gives.
        for frame in 0..frames + OVERLAP / 2 {
            if frame < frames {
                work.frame(frame);
            }
            let Some(hop) = frame.checked_sub(OVERLAP / 2) else {
                work.shift();
                continue;
            };
            if !sound(work.hop(hop, frames)) {
                return false;
            }
            work.shift();
        }
        true
    }
}

/// What a phrase is worked in: room for one frame, reused.
struct Work<'a> {
    vocoder: &'a Vocoder,
    spectrum: &'a Spectrum,
    pulses: Vec<f32>,
    noise: Noise,
    samples: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    bands: [[f32; BANDS]; 3],
    /// The frames laid over each other, from the first sample that is not given yet.
    sum: [f32; FRAME],
}

impl<'a> Work<'a> {
    fn new(vocoder: &'a Vocoder, spectrum: &'a Spectrum) -> Self {
        let scratch = vocoder
            .forward
            .get_scratch_len()
            .max(vocoder.inverse.get_scratch_len());
        Self {
            vocoder,
            spectrum,
            pulses: pulses(&spectrum.pitch),
            noise: Noise::new(),
            samples: vec![0.0; FRAME],
            bins: vec![Complex::default(); BANDS],
            scratch: vec![Complex::default(); scratch],
            bands: [[0.0; BANDS]; 3],
            sum: [0.0; FRAME],
        }
    }

    /// Lays one frame over those before.
    fn frame(&mut self, frame: usize) {
        self.take_pulses(frame);
        self.shape_pulses(frame);
        self.add_noise(frame);
        self.add_free(frame);
        self.lay();
    }

    /// The pulses around the middle of the frame, as a spectrum: beyond the ends they are mirrored.
    fn take_pulses(&mut self, frame: usize) {
        let begin = (frame * HOP) as isize - FRAME as isize / 2;
        for ((at, sample), window) in (begin..).zip(&mut self.samples).zip(&self.vocoder.window) {
            let place = mirrored(at, self.pulses.len());
            // A harmonic of amplitude 1 has height 1 in the spectrum.
            *sample = self.pulses[place] * window / (FRAME / 4) as f32;
        }
        let forward = &self.vocoder.forward;
        let done =
            forward.process_with_scratch(&mut self.samples, &mut self.bins, &mut self.scratch);
        debug_assert!(done.is_ok(), "all lengths are the plan's");
    }

    fn shape_pulses(&mut self, frame: usize) {
        let [strength, cosine, sine] = &mut self.bands;
        self.spectrum.frame(Part::Voiced, frame, strength);
        raise(strength);
        self.spectrum.frame(Part::VoicedPhase, frame, cosine);
        Tanh {}.map_mut(cosine);
        cosine.iter_mut().for_each(|angle| *angle *= PI);
        turn(cosine, sine);
        let turned = strength.iter().zip(cosine).zip(sine);
        for (bin, ((strength, cosine), sine)) in self.bins.iter_mut().zip(turned) {
            *bin *= Complex::new(*cosine, *sine) * *strength;
        }
    }

    fn add_noise(&mut self, frame: usize) {
        let [strength, ..] = &mut self.bands;
        self.spectrum.frame(Part::Noise, frame, strength);
        raise(strength);
        for (bin, strength) in self.bins.iter_mut().zip(strength) {
            *bin += Complex::new(self.noise.normal(), self.noise.normal()) * *strength;
        }
    }

    fn add_free(&mut self, frame: usize) {
        let [strength, cosine, sine] = &mut self.bands;
        self.spectrum.frame(Part::Free, frame, strength);
        raise(strength);
        self.spectrum.frame(Part::FreePhase, frame, cosine);
        turn(cosine, sine);
        let turned = strength.iter().zip(cosine).zip(sine);
        for (bin, ((strength, cosine), sine)) in self.bins.iter_mut().zip(turned) {
            *bin += Complex::new(*cosine, *sine) * *strength;
        }
    }

    /// Back from bands to samples, and onto the sum.
    fn lay(&mut self) {
        // A real sound has no phase at 0 Hz and at half the rate.
        for end in [0, BANDS - 1] {
            self.bins[end].im = 0.0;
        }
        let inverse = &self.vocoder.inverse;
        let done =
            inverse.process_with_scratch(&mut self.bins, &mut self.samples, &mut self.scratch);
        debug_assert!(done.is_ok(), "all lengths are the plan's");
        let heard = self.samples.iter().zip(&self.vocoder.window);
        for (sum, (sample, window)) in self.sum.iter_mut().zip(heard) {
            *sum += sample * window / FRAME as f32;
        }
    }

    /// The samples of a hop, which no later frame reaches.
    fn hop(&mut self, hop: usize, frames: usize) -> &[f32] {
        let inside = (OVERLAP / 2 - 1..frames.saturating_sub(OVERLAP / 2)).contains(&hop);
        for (at, sample) in self.sum[..HOP].iter_mut().enumerate() {
            *sample /= match inside {
                true => WINDOWS_SUM,
                false => windows(&self.vocoder.window, hop, at, frames),
            };
        }
        &self.sum[..HOP]
    }

    fn shift(&mut self) {
        self.sum.copy_within(HOP.., 0);
        self.sum[FRAME - HOP..].fill(0.0);
    }
}

/// The sum of squared windows over a sample, of those frames that exist.
fn windows(window: &[f32; FRAME], hop: usize, at: usize, frames: usize) -> f32 {
    let reach = (hop + 1).saturating_sub(OVERLAP / 2)..(hop + 1 + OVERLAP / 2).min(frames);
    let places = reach.map(|frame| (hop * HOP + at + FRAME / 2) - frame * HOP);
    let sum: f32 = places
        .filter_map(|place| window.get(place))
        .map(|w| w * w)
        .sum();
    sum.max(1e-3)
}

/// A place before the first or after the last sample, mirrored inwards.
fn mirrored(at: isize, len: usize) -> usize {
    let last = len.saturating_sub(1);
    let inward = at.unsigned_abs();
    let inward = if inward > last {
        (2 * last).saturating_sub(inward)
    } else {
        inward
    };
    inward.min(last)
}

/// From logarithms to strengths.
fn raise(bands: &mut [f32; BANDS]) {
    bands
        .iter_mut()
        .for_each(|band| *band = band.min(LOGARITHM_MAX));
    Exp {}.map_mut(bands);
}

/// From angles to their cosines and sines.
fn turn(angle: &mut [f32; BANDS], sine: &mut [f32; BANDS]) {
    *sine = *angle;
    Sin::new().map_mut(sine);
    Cos::new().map_mut(angle);
}
