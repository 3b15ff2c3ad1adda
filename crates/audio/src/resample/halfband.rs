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

/// Samples of 8 kHz worked on at a time: 20 ms.
const BLOCK: usize = 160;

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

/// The product, rounded down: what that adds up to stays far below half a sample's last bit.
#[inline(always)]
fn scaled(coefficient: i64, value: i32) -> i32 {
    ((coefficient * i64::from(value)) >> ALL_PASS_BITS) as i32
}

/// A sum with so many bits below the last, as a sample.
#[inline(always)]
fn rounded(sum: i32, bits: u32) -> i16 {
    let value = (sum + (1 << (bits - 1))) >> bits;
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The two chains, side by side: neither waits for the other, so a processor does both at once.
#[derive(Clone, Debug, Default)]
struct Chains {
    even: Chain,
    odd: Chain,
}

impl Chains {
    /// Passes pairs of samples through; what comes out has [`FRACTION_BITS`] more.
    fn process(&mut self, pairs: impl Iterator<Item = [i16; 2]>, sums: &mut [[i32; 2]]) {
        let Self { even, odd } = self;
        for (sum, pair) in sums.iter_mut().zip(pairs) {
            *sum = [
                even.step(ALL_PASS_EVEN, pair[0]),
                odd.step(ALL_PASS_ODD, pair[1]),
            ];
        }
    }
}

/// 8 kHz to 16 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Up(Chains);

impl Up {
    pub(super) fn output_len(&self, input_len: usize) -> usize {
        2 * input_len
    }

    /// `output` must be twice as long as `input`.
    pub(super) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        for (input, output) in input.chunks(BLOCK).zip(output.chunks_mut(2 * BLOCK)) {
            let sums = &mut [[0; 2]; BLOCK][..input.len()];
            self.0
                .process(input.iter().map(|&sample| [sample; 2]), sums);
            for (sample, sum) in output.iter_mut().zip(sums.as_flattened()) {
                *sample = rounded(*sum, FRACTION_BITS);
            }
        }
    }
}

/// 16 kHz to 8 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Down {
    chains: Chains,
    /// The last sample at an odd place, which belongs to the next at an even one.
    odd: i16,
    /// Whether the next sample is at an odd place.
    is_odd: bool,
}

impl Down {
    pub(super) fn output_len(&self, input_len: usize) -> usize {
        (input_len + usize::from(!self.is_odd)) / 2
    }

    /// `output` must be [`Self::output_len`] long.
    pub(super) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        let mut output = output;
        for block in input.chunks(2 * BLOCK) {
            let (now, later) = output.split_at_mut(self.output_len(block.len()));
            self.process_block(block, now);
            output = later;
        }
    }

    fn process_block(&mut self, block: &[i16], output: &mut [i16]) {
        let mut pairs = [[0; 2]; BLOCK];
        self.pair(block, &mut pairs);
        let sums = &mut [[0; 2]; BLOCK][..output.len()];
        self.chains.process(pairs.into_iter(), sums);
        for (sample, [even, odd]) in output.iter_mut().zip(sums) {
            *sample = rounded(*even + *odd, FRACTION_BITS + 1);
        }
    }

    /// Puts each sample at an even place beside the one before it.
    fn pair(&mut self, block: &[i16], pairs: &mut [[i16; 2]; BLOCK]) {
        let (first, rest) = block.split_at(usize::from(self.is_odd).min(block.len()));
        self.odd = first.first().copied().unwrap_or(self.odd);
        let (whole, last) = rest.as_chunks::<2>();
        for (pair, [even, odd]) in pairs.iter_mut().zip(whole) {
            *pair = [*even, std::mem::replace(&mut self.odd, *odd)];
        }
        for (pair, even) in pairs.iter_mut().skip(whole.len()).zip(last) {
            *pair = [*even, self.odd];
        }
        self.is_odd ^= block.len() % 2 == 1;
    }
}
