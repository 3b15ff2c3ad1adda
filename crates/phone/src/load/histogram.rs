//! Times counted into bins, so that a million of them cost no memory.

use std::time::Duration;

/// The width of a bin.
const BIN: Duration = Duration::from_micros(10);
/// Bins up to one second; what is longer is in the last.
const BINS: usize = 100_000;

/// How often each time occurred, to 10 µs.
pub struct Histogram {
    bins: Vec<u32>,
    count: u64,
    max: Duration,
}

/// What a histogram comes to, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Summary {
    /// How many times were counted.
    pub count: u64,
    /// Half of them are no longer.
    pub p50: f64,
    /// 99 of 100 are no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            bins: vec![0; BINS],
            count: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Counts a time.
    pub fn add(&mut self, time: Duration) {
        let bin = usize::try_from(time.as_nanos() / BIN.as_nanos()).unwrap_or(usize::MAX);
        if let Some(bin) = self.bins.get_mut(bin.min(BINS - 1)) {
            *bin += 1;
        }
        self.count += 1;
        self.max = self.max.max(time);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bins.fill(0);
        self.count = 0;
        self.max = Duration::ZERO;
    }

    /// The time that this part of all times does not exceed, to the middle of its bin.
    pub fn quantile(&self, part: f64) -> Duration {
        let wanted = (self.count as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bin, times) in (0_u32..).zip(&self.bins) {
            seen += u64::from(*times);
            if seen >= wanted {
                return (BIN * bin + BIN / 2).min(self.max);
            }
        }
        Duration::ZERO
    }

    /// The whole in a few figures.
    pub fn summary(&self) -> Summary {
        Summary {
            count: self.count,
            p50: in_ms(self.quantile(0.5)),
            p99: in_ms(self.quantile(0.99)),
            max: in_ms(self.max),
        }
    }
}

/// Milliseconds to three places.
pub(crate) fn in_ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_bin() {
        let mut histogram = Histogram::default();
        for n in 1..=1_000_u32 {
            histogram.add(Duration::from_micros(100) * n);
        }
        let Summary {
            count,
            p50,
            p99,
            max,
        } = histogram.summary();
        assert_eq!(count, 1_000);
        assert!((p50 - 50.0).abs() < 0.011, "{p50}");
        assert!((p99 - 99.0).abs() < 0.011, "{p99}");
        assert!((max - 100.0).abs() < 0.001, "{max}");
        histogram.clear();
        assert_eq!(histogram.summary(), Summary::default());
    }

    #[test]
    fn what_is_longer_than_the_last_bin_keeps_its_maximum() {
        let mut histogram = Histogram::default();
        histogram.add(Duration::from_secs(5));
        assert!(histogram.summary().p50 > 999.0);
        assert!((histogram.summary().max - 5_000.0).abs() < f64::EPSILON);
    }
}
