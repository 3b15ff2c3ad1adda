//! Figures as they are printed.

use std::time::Duration;

/// Milliseconds with their fraction.
pub fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// To three places: what is measured is not finer.
pub fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
