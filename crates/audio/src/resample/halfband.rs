//! 8 ↔ 16 kHz, the conversion every telephone call makes, twice a frame.
//!
//! An elliptic half-band filter of the ninth order has all its poles on the imaginary axis, so it
//! comes apart into two chains of all-pass sections, each running at 8 kHz: one for the samples at
//! even places of the 16 kHz stream, one for those at odd places. It is short where it counts, in
//! time: a sentence comes out a sixth of a millisecond after it went in. The price is a phase that
//! is not linear, a third of a millisecond more at 3.4 kHz than at 300 Hz, which no ear and no
//! codec minds.

use super::taps::{ALL_PASS_BITS, ALL_PASS_EVEN, ALL_PASS_ODD};

/// Bits that a chain keeps below a sample's last one, so that its rounding is not heard.
const FRACTION_BITS: u32 = 12;

// A section adds at most 1 + 2a to the magnitude of what goes in. What the worst input makes of it,
// and the difference that a section takes, fit 32 bits.
const _: () = {
    let one = 1_i64 << ALL_PASS_BITS;
    let mut chain = 0;
    while chain < 2 {
        let [a, b] = [ALL_PASS_EVEN, ALL_PASS_ODD][chain];
        let first = (one + 2 * a) * 1_000 / one;
        let second = first * ((one + 2 * b) * 1_000 / one) / 1_000;
        assert!((first + second) << (15 + FRACTION_BITS) < 1_000 << 31);
        chain += 1;
    }
};

/// Two all-pass sections, one after the other: y(n) = x(n − 1) + a · (x(n) − y(n − 1)).
#[derive(Clone, Debug, Default)]
struct Chain {
    /// What last went in, came out of the first section, and came out of the second.
    last: [i32; 3],
}

impl Chain {
    #[inline(always)]
    fn step(&mut self, coefficients: [i64; 2], sample: i16) -> i32 {
        let input = i32::from(sample) << FRACTION_BITS;
        let [before, first, second] = self.last;
        let first_now = before + scaled(coefficients[0], input - first);
        let second_now = first + scaled(coefficients[1], first_now - second);
        self.last = [input, first_now, second_now];
        second_now
    }
}

#[inline(always)]
fn scaled(coefficient: i64, value: i32) -> i32 {
    let half = 1 << (ALL_PASS_BITS - 1);
    ((coefficient * i64::from(value) + half) >> ALL_PASS_BITS) as i32
}

/// A sum with so many bits below the last, as a sample.
#[inline(always)]
fn rounded(sum: i32, bits: u32) -> i16 {
    let value = (sum + (1 << (bits - 1))) >> bits;
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// 8 kHz to 16 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Up {
    even: Chain,
    odd: Chain,
}

impl Up {
    pub(super) fn output_len(&self, input_len: usize) -> usize {
        2 * input_len
    }

    /// `output` must be twice as long as `input`.
    pub(super) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        let (pairs, _) = output.as_chunks_mut::<2>();
        for (pair, &sample) in pairs.iter_mut().zip(input) {
            let even = self.even.step(ALL_PASS_EVEN, sample);
            let odd = self.odd.step(ALL_PASS_ODD, sample);
            *pair = [rounded(even, FRACTION_BITS), rounded(odd, FRACTION_BITS)];
        }
    }
}

/// 16 kHz to 8 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Down {
    even: Chain,
    odd: Chain,
    /// What the odd chain made of the last sample at an odd place.
    waiting: i32,
    /// Whether the next sample is at an odd place.
    is_odd: bool,
}

impl Down {
    pub(super) fn output_len(&self, input_len: usize) -> usize {
        (input_len + usize::from(!self.is_odd)) / 2
    }

    /// `output` must be [`Self::output_len`] long.
    pub(super) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        let (first, rest) = input.split_at(usize::from(self.is_odd).min(input.len()));
        for &sample in first {
            self.take_odd(sample);
        }
        let (pairs, last) = rest.as_chunks::<2>();
        let evens = pairs.iter().map(|pair| pair[0]).chain(last.iter().copied());
        let odds = pairs.iter().map(|pair| Some(pair[1])).chain([None]);
        for ((out, even), odd) in output.iter_mut().zip(evens).zip(odds) {
            let sum = self.even.step(ALL_PASS_EVEN, even) + self.waiting;
            *out = rounded(sum, FRACTION_BITS + 1);
            if let Some(odd) = odd {
                self.take_odd(odd);
            }
        }
        self.is_odd ^= input.len() % 2 == 1;
    }

    #[inline(always)]
    fn take_odd(&mut self, sample: i16) {
        self.waiting = self.odd.step(ALL_PASS_ODD, sample);
    }
}
