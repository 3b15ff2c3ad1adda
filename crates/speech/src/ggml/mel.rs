//! The filters by which Whisper hears: 80 bands on the scale of Slaney's Auditory Toolbox, over the
//! spectrum of 400 samples at 16 kHz.

/// Bands of a spectrogram.
pub const BANDS: usize = 80;
/// Frequencies of a spectrum of 400 samples.
pub const BINS: usize = 201;

/// Between two frequencies of the spectrum.
const BIN_HZ: f64 = 40.0;
/// The scale is linear up to here,
const LINEAR_UP_TO_HZ: f64 = 1_000.0;
/// with so many hertz to one mel,
const HZ_PER_MEL: f64 = 200.0 / 3.0;
/// and logarithmic beyond: 27 mel are a factor of 6.4.
const LOG_FACTOR: f64 = 6.4;
const LOG_MELS: f64 = 27.0;
/// 8 kHz.
const MOST_MEL: f64 = 45.245_640_471_924_965;

/// The weight of each frequency in each band, band by band.
pub fn filters() -> Vec<f32> {
    let corners: Vec<f64> = (0..BANDS + 2).map(corner_hz).collect();
    let bands = corners.windows(3);
    let weights = bands.flat_map(|corners| match *corners {
        [low, middle, high] => (0..BINS)
            .map(|bin| weight(bin as f64 * BIN_HZ, low, middle, high) as f32)
            .collect(),
        _ => Vec::new(),
    });
    weights.collect()
}

/// Where a band begins, at even distances in mel.
fn corner_hz(number: usize) -> f64 {
    let mel = match number {
        number if number == BANDS + 1 => MOST_MEL,
        number => number as f64 * (MOST_MEL / (BANDS + 1) as f64),
    };
    let linear_mels = LINEAR_UP_TO_HZ / HZ_PER_MEL;
    if mel < linear_mels {
        return mel * HZ_PER_MEL;
    }
    let step = LOG_FACTOR.ln() / LOG_MELS;
    LINEAR_UP_TO_HZ * (step * (mel - linear_mels)).exp()
}

/// A triangle over `low` and `high` whose area is the same for every band.
fn weight(hz: f64, low: f64, middle: f64, high: f64) -> f64 {
    let rising = (hz - low) / (middle - low);
    let falling = (high - hz) / (high - middle);
    let height = rising.min(falling);
    // Not by `max`, which may give zero either sign: every machine writes the same bytes.
    match height > 0.0 {
        true => height * (2.0 / (high - low)),
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_band_hears_something_and_all_have_the_same_area() {
        let filters = filters();
        assert_eq!(filters.len(), BANDS * BINS);
        for (band, weights) in filters.chunks(BINS).enumerate() {
            let area = weights.iter().sum::<f32>() * BIN_HZ as f32;
            // A triangle is met at a few frequencies only, the narrowest at one or two.
            assert!((0.3..1.7).contains(&area), "band {band}: {area}");
        }
    }

    #[test]
    fn the_scale_is_linear_to_1_khz_and_ends_at_8_khz() {
        let mel = MOST_MEL / 81.0;
        assert!((corner_hz(1) - mel * 200.0 / 3.0).abs() < 1e-9);
        assert!((corner_hz(81) - 8_000.0).abs() < 1e-6, "{}", corner_hz(81));
        let steps: Vec<f64> = (0..81).map(|n| corner_hz(n + 1) - corner_hz(n)).collect();
        assert!(steps.windows(2).all(|pair| pair[1] > pair[0] - 1e-9));
    }
}
