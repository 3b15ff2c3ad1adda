//! The adaptive predictor of block 4: two poles and six zeros, the same in both bands.

use super::saturated;

const ZEROS: usize = 6;

/// Leak of the zeros' and the second pole's coefficients, Q15.
const LEAK_ZEROS: i32 = 32_640;
const LEAK_POLE_1: i32 = 32_640;
const LEAK_POLE_2: i32 = 32_512;

/// Bounds that keep the poles inside the unit circle, Q14.
const POLE_2_MAX: i32 = 12_288;
const POLES_SUM_MAX: i32 = 15_360;

#[derive(Clone, Debug)]
pub(super) struct Predictor {
    /// Estimate of the next sample, and the zeros' part of it.
    estimate: i32,
    zeros_estimate: i32,
    /// Coefficients, Q14.
    poles: [i32; 2],
    zeros: [i32; ZEROS],
    /// The last differences, newest first.
    differences: [i32; ZEROS],
    /// The last reconstructed sample.
    reconstructed: i32,
    /// The last two partial reconstructions' signs, newest first: −1 or 0.
    signs: [i32; 2],
}

impl Predictor {
    pub(super) fn new() -> Self {
        Self {
            estimate: 0,
            zeros_estimate: 0,
            poles: [0; 2],
            zeros: [0; ZEROS],
            differences: [0; ZEROS],
            reconstructed: 0,
            signs: [0; 2],
        }
    }

    pub(super) fn estimate(&self) -> i32 {
        self.estimate
    }

    /// Takes in the quantised difference of the sample just coded and predicts the next one.
    pub(super) fn adapt(&mut self, difference: i32) {
        let reconstructed = saturated(self.estimate + difference); // RECONS
        let sign = saturated(self.zeros_estimate + difference) >> 15; // PARREC
        self.adapt_poles(sign);
        self.adapt_zeros(difference);
        self.predict(reconstructed);
        self.reconstructed = reconstructed;
        self.signs = [sign, self.signs[0]];
    }

    /// UPPOL2, then UPPOL1, which is bounded by the new second pole.
    fn adapt_poles(&mut self, sign: i32) {
        let [first, second] = self.poles;
        let [sign_1, sign_2] = self.signs;
        let step = saturated(first * 4);
        let toward = if sign == sign_1 {
            saturated(-step)
        } else {
            step
        };
        let nudge = if sign == sign_2 { 128 } else { -128 };
        let second = saturated((toward >> 7) + nudge + ((second * LEAK_POLE_2) >> 15));
        let second = second.clamp(-POLE_2_MAX, POLE_2_MAX);

        let nudge = if sign == sign_1 { 192 } else { -192 };
        let first = saturated(nudge + ((first * LEAK_POLE_1) >> 15));
        let bound = saturated(POLES_SUM_MAX - second);
        self.poles = [first.clamp(-bound, bound), second];
    }

    /// UPZERO and DELAYA of the differences.
    fn adapt_zeros(&mut self, difference: i32) {
        let step = if difference == 0 { 0 } else { 128 };
        for (zero, old) in self.zeros.iter_mut().zip(&self.differences) {
            // Toward the difference where both have one sign, else away. Shifting keeps the sign.
            let turned = (old ^ difference) >> 31;
            let nudge = (step ^ turned) - turned;
            *zero = saturated(nudge + ((*zero * LEAK_ZEROS) >> 15));
        }
        self.differences.copy_within(..ZEROS - 1, 1);
        self.differences[0] = difference;
    }

    /// FILTEP, FILTEZ and PREDIC.
    fn predict(&mut self, reconstructed: i32) {
        let part = |coefficient: i32, sample: i32| (coefficient * saturated(2 * sample)) >> 15;
        let [first, second] = self.poles;
        let poles = saturated(part(first, reconstructed) + part(second, self.reconstructed));
        let parts = self.zeros.iter().zip(&self.differences);
        self.zeros_estimate = saturated(parts.map(|(zero, old)| part(*zero, *old)).sum());
        self.estimate = saturated(poles + self.zeros_estimate);
    }
}
