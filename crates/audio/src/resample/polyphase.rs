//! The wide-band filter: up by L, down by M, computing only the samples that are kept.

/// Input samples worked on at a time; the window of one block stays in the first-level cache.
const BLOCK: usize = 320;

/// Room for the filter's memory before a block; the longest is 96 taps.
const MEMORY_MAX: usize = 96;

/// Taps are Q14: 1.0 fits, and 32 bits hold the sum for any input.
pub(super) const TAP_BITS: u32 = 14;

/// Bits after the point of the prototype filters in [`super::taps`].
const PROTOTYPE_BITS: u32 = 24;

/// Cuts a prototype filter into L phases of T taps, latest sample last, each with unity gain.
///
/// Rounded in integers while compiling, so every machine has the same filter.
pub(super) const fn phases<const N: usize, const L: usize, const T: usize>(
    prototype: &[i32; N],
) -> [[i16; T]; L] {
    assert!(N <= L * T);
    let mut phases = [[0; T]; L];
    let mut n = 0;
    while n < N {
        phases[n % L][T - 1 - n / L] = tap(prototype[n], L as i32);
        n += 1;
    }
    assert_sums_fit(&phases);
    phases
}

/// One tap of a prototype, rounded.
pub(super) const fn tap(prototype: i32, gain: i32) -> i16 {
    let half = 1_i64 << (PROTOTYPE_BITS - TAP_BITS - 1);
    let tap = (prototype as i64 * gain as i64 + half) >> (PROTOTYPE_BITS - TAP_BITS);
    assert!(tap.abs() <= 1 << TAP_BITS);
    tap as i16
}

/// No input can overflow the 32 bit sum of a phase.
const fn assert_sums_fit<const L: usize, const T: usize>(phases: &[[i16; T]; L]) {
    let mut p = 0;
    while p < L {
        let (mut sum, mut t) = (0_i64, 0);
        while t < T {
            sum += phases[p][t].unsigned_abs() as i64 * 32_768;
            t += 1;
        }
        assert!(sum + (1 << (TAP_BITS - 1)) <= i32::MAX as i64);
        p += 1;
    }
}

/// One stream's filter state.
#[derive(Clone, Debug)]
pub(super) struct Polyphase<const L: usize, const M: usize, const T: usize> {
    taps: &'static [[i16; T]; L],
    /// The last T − 1 samples, then the block being worked on.
    window: [i16; MEMORY_MAX + BLOCK],
    /// Where the next output sample is, in units of 1/L of an input sample after the last input.
    next: usize,
}

impl<const L: usize, const M: usize, const T: usize> Polyphase<L, M, T> {
    pub(super) fn new(taps: &'static [[i16; T]; L]) -> Self {
        const { assert!(T <= MEMORY_MAX) }
        Self {
            taps,
            window: [0; MEMORY_MAX + BLOCK],
            next: 0,
        }
    }

    pub(super) fn output_len(&self, input_len: usize) -> usize {
        (input_len * L).saturating_sub(self.next).div_ceil(M)
    }

    /// `output` must be [`Self::output_len`] long.
    pub(super) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        let mut output = output;
        for block in input.chunks(BLOCK) {
            let (now, later) = output.split_at_mut(self.output_len(block.len()));
            self.process_block(block, now);
            output = later;
        }
    }

    fn process_block(&mut self, block: &[i16], output: &mut [i16]) {
        self.window[T - 1..][..block.len()].copy_from_slice(block);
        let mut at = self.next;
        for sample in &mut *output {
            if let Some(heard) = self.window[at / L..].first_chunk() {
                *sample = rounded(dot(heard, &self.taps[at % L]));
            }
            at += M;
        }
        self.next = at - block.len() * L;
        self.window.copy_within(block.len()..block.len() + T - 1, 0);
    }
}

/// Sixteen-bit products summed in 32 bits: the form compilers turn into multiply-add instructions.
#[inline(always)]
fn dot<const T: usize>(samples: &[i16; T], taps: &[i16; T]) -> i32 {
    let mut sum = 0;
    for (sample, tap) in samples.iter().zip(taps) {
        sum += i32::from(*sample) * i32::from(*tap);
    }
    sum
}

#[inline(always)]
pub(super) fn rounded(sum: i32) -> i16 {
    let scaled = (sum + (1 << (TAP_BITS - 1))) >> TAP_BITS;
    scaled.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
