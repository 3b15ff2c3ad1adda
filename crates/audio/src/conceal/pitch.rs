//! The pitch period of what was heard last.

/// Periods looked for: 400 Hz down to 62 Hz.
pub(super) const LAG_MIN: usize = 40;
pub(super) const LAG_MAX: usize = 260;

/// The last 10 ms are compared with the past.
pub(super) const WINDOW: usize = 160;

/// Partial sums kept side by side, so that the compiler may use vector instructions: floating point
/// sums must not be reordered on its own.
const LANES: usize = 8;

/// The lag at which the end of `history` resembles its past most, by normalised correlation.
pub(super) fn period(history: &[i16; WINDOW + LAG_MAX]) -> usize {
    let history = history.map(f32::from);
    let (past, recent) = history.split_at(LAG_MAX);
    let mut best = (f32::NEG_INFINITY, LAG_MIN);
    for lag in LAG_MIN..=LAG_MAX {
        let earlier = &history[past.len() - lag..][..WINDOW];
        let alike = dot(recent, earlier);
        // Silence resembles nothing; the one keeps it from dividing by zero.
        let score = alike * alike.abs() / (dot(earlier, earlier) + 1.0);
        if score > best.0 {
            best = (score, lag);
        }
    }
    best.1
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (left, _) = left.as_chunks::<LANES>();
    let (right, _) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::Tone;

    #[test]
    fn a_tone_s_period_is_found() {
        for hz in [70.0, 100.0, 140.0, 220.0, 310.0] {
            let mut history = [0; WINDOW + LAG_MAX];
            Tone::pair(hz, 5_000, 3.0 * hz, 3_000).fill(&mut history);
            let periods = period(&history) as f64 * hz / 16_000.0;
            assert!(
                (periods - periods.round()).abs() < 0.03,
                "{hz} Hz: {periods} periods"
            );
        }
    }
}
