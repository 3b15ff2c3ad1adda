//! What a call probably sounds like: the E-model of ITU-T G.107, cut down to delay and loss.
//!
//! `R = 93.2 − Id − Ie,eff`. The delay impairment `Id` is the usual approximation of G.107 figure
//! B.1 with two straight lines. `Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl / BurstR + Bpl)` with `Ie` = 0
//! and `Bpl` = 25.1, the values of G.113 appendix I for G.711 with packet loss concealment, and
//! random loss (`BurstR` = 1). Echo, level and noise keep their default values. It is an estimate
//! for comparing calls with each other; nobody listened.

use std::time::Duration;

/// The basic signal-to-noise ratio with every other parameter at its default (G.107 table 3).
const R_DEFAULT: f64 = 93.2;

/// Robustness of concealed G.711 against random loss (G.113 table I.4).
const LOSS_ROBUSTNESS: f64 = 25.1;

/// Above this one-way delay a conversation suffers much more (G.107 figure B.1).
const DELAY_KNEE_MS: f64 = 177.3;

/// An estimate of conversational quality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The transmission rating factor, 0 to 93.2.
    pub r: f64,
    /// The mean opinion score that goes with it, 1 to 4.4.
    pub mos: f64,
}

impl Quality {
    /// Estimates from the one-way delay, mouth to ear as far as it is known, and the share of audio
    /// that was lost or came too late, 0 to 1.
    pub fn estimate(delay: Duration, loss: f64) -> Self {
        let delay_ms = delay.as_secs_f64() * 1000.0;
        let delay_impairment = 0.024 * delay_ms + 0.11 * (delay_ms - DELAY_KNEE_MS).max(0.0);
        let loss_percent = loss.clamp(0.0, 1.0) * 100.0;
        let loss_impairment = 95.0 * loss_percent / (loss_percent + LOSS_ROBUSTNESS);
        let r = (R_DEFAULT - delay_impairment - loss_impairment).clamp(0.0, 100.0);
        Self { r, mos: mos(r) }
    }
}

/// G.107 annex B, equation B-4.
fn mos(r: f64) -> f64 {
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_call_has_the_score_that_g_107_gives_for_its_defaults() {
        let quality = Quality::estimate(Duration::ZERO, 0.0);
        assert!((quality.mos - 4.41).abs() < 0.005, "{quality:?}");
    }

    #[test]
    fn loss_and_delay_only_ever_make_it_worse() {
        let mut last = f64::MAX;
        for percent in 0..=100 {
            let mos = Quality::estimate(Duration::from_millis(50), f64::from(percent) / 100.0).mos;
            assert!(mos <= last && mos >= 1.0);
            last = mos;
        }
        let near = Quality::estimate(Duration::from_millis(100), 0.01);
        let far = Quality::estimate(Duration::from_millis(400), 0.01);
        assert!(far.r < near.r - 25.0, "{near:?} {far:?}");
    }
}
