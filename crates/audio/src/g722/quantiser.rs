//! The adaptive quantisers: codes to differences and back, and the step size that follows the signal.

use super::tables::{
    HIGH_LEVELS, HIGH_WEIGHTS, LOG_TO_LINEAR, LOW_DECISIONS, LOW_LEVELS_4, LOW_LEVELS_6,
    LOW_WEIGHTS,
};

/// Bounds of the logarithmic step sizes.
const LOW_LOG_MAX: i32 = 18_432;
const HIGH_LOG_MAX: i32 = 22_528;

/// The upper band's decision level between its small and its large step.
const HIGH_DECISION: i32 = 564;

/// The 6 bit code of the smallest positive difference: larger ones count down from it to 32.
const LOW_POSITIVE: u8 = 61;
/// The same of negative differences: after the two smallest, 63 and 62, they go on from 31 to 4.
const LOW_NEGATIVE: u8 = 63;

/// The magnitude that is compared with decision levels: one's complement when negative.
fn magnitude(difference: i32) -> i32 {
    difference ^ (difference >> 31)
}

/// LOGSCL and LOGSCH: leaks a 128th and takes in the code's weight.
fn adapted(log: i32, weight: i16, max: i32) -> i32 {
    (((log * 127) >> 7) + i32::from(weight)).clamp(0, max)
}

/// SCALEL and SCALEH: two to the power of `log / 2048`, less `octaves_down`, times four.
fn linear(log: i32, octaves_down: i32) -> i32 {
    let mantissa = i32::from(LOG_TO_LINEAR[(log >> 6) as usize & 31]);
    let shift = octaves_down - (log >> 11);
    let scaled = if shift < 0 {
        mantissa << -shift
    } else {
        mantissa >> shift
    };
    scaled << 2
}

fn scaled(level: i16, step: i32) -> i32 {
    (step * i32::from(level)) >> 15
}

/// INVQAL: the difference of a 6 bit code by its upper four bits.
pub(super) fn invert_low_4(code: u8, step: i32) -> i32 {
    scaled(LOW_LEVELS_4[usize::from(code >> 2) & 15], step)
}

/// INVQBL: the difference of a 6 bit code.
pub(super) fn invert_low_6(code: u8, step: i32) -> i32 {
    scaled(LOW_LEVELS_6[usize::from(code) & 63], step)
}

/// INVQAH: the difference of a 2 bit code.
pub(super) fn invert_high(code: u8, step: i32) -> i32 {
    scaled(HIGH_LEVELS[usize::from(code) & 3], step)
}

/// The lower band's step size.
#[derive(Clone, Debug)]
pub(super) struct LowScale {
    log: i32,
    step: i32,
}

impl LowScale {
    pub(super) fn new() -> Self {
        Self { log: 0, step: 32 }
    }

    pub(super) fn step(&self) -> i32 {
        self.step
    }

    /// QUANTL.
    pub(super) fn quantise(&self, difference: i32) -> u8 {
        let heard = magnitude(difference);
        let level = |decision: &i16| (i32::from(*decision) * self.step) >> 12;
        let passed = LOW_DECISIONS.partition_point(|decision| level(decision) <= heard) as u8;
        match (difference < 0, passed) {
            (false, _) => LOW_POSITIVE - passed,
            (true, 0 | 1) => LOW_NEGATIVE - passed,
            (true, _) => LOW_NEGATIVE - 30 - passed,
        }
    }

    pub(super) fn adapt(&mut self, code: u8) {
        let weight = LOW_WEIGHTS[usize::from(code >> 2) & 15];
        self.log = adapted(self.log, weight, LOW_LOG_MAX);
        self.step = linear(self.log, 8);
    }
}

/// The upper band's step size.
#[derive(Clone, Debug)]
pub(super) struct HighScale {
    log: i32,
    step: i32,
}

impl HighScale {
    pub(super) fn new() -> Self {
        Self { log: 0, step: 8 }
    }

    pub(super) fn step(&self) -> i32 {
        self.step
    }

    /// QUANTH.
    pub(super) fn quantise(&self, difference: i32) -> u8 {
        let large = magnitude(difference) >= (HIGH_DECISION * self.step) >> 12;
        match (difference < 0, large) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        }
    }

    pub(super) fn adapt(&mut self, code: u8) {
        let weight = HIGH_WEIGHTS[usize::from(code) & 3];
        self.log = adapted(self.log, weight, HIGH_LOG_MAX);
        self.step = linear(self.log, 10);
    }
}
