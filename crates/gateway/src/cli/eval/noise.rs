//! White noise, the same in every run.

use std::sync::Arc;

/// It repeats itself after two seconds.
const SAMPLES: usize = 32_000;

/// Noise of this level in dB of full scale.
pub fn white(level_db: f64) -> Arc<[i16]> {
    // Uniform from -peak to peak has a power of a third of that of its peak.
    let peak = 32_767.0 * 10_f64.powf(level_db / 20.0) * 3_f64.sqrt();
    let mut state = 1_u64;
    let mut draw = || {
        // The generator of Knuth's MMIX; its upper bits are good enough for a hiss.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..SAMPLES)
        .map(|_| ((draw() * 2.0 - 1.0) * peak) as i16)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_level_that_was_asked_for() {
        for level in [-60.0, -40.0, -20.0] {
            let noise = white(level);
            let power: f64 = noise.iter().map(|s| f64::from(*s).powi(2)).sum();
            let rms = (power / noise.len() as f64).sqrt();
            let db = 20.0 * (rms / 32_767.0).log10();
            assert!((db - level).abs() < 0.5, "{db} dB for {level}");
        }
    }
}
