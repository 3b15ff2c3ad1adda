//! 8 ↔ 16 kHz, the conversion every telephone call makes, twice a frame.
//!
//! Every second tap of a half-band filter is zero and its centre is one half, so one of the two phases
//! is a plain delay and only the other, the arm, is a sum of products.
//!
//! The phase is linear, and there and back takes a whole number of samples: what was G.711 before is
//! all but the same codes after, and coding it a second time adds no noise. A filter of all-pass
//! sections takes 0.3 ms instead of 1.75, and costs an echoed call 0.3 of a point of PESQ by that.

use super::polyphase::{TAP_BITS, rounded};
use super::taps::{HALFBAND_27, HALFBAND_31};

/// Samples of 8 kHz worked on at a time: 20 ms.
const BLOCK: usize = 160;

/// Taps applied in one pass over a block: what fits the processor's registers.
const UP_PASS: usize = 7;
const DOWN_PASS: usize = 8;

/// The arms' taps are the ones at even places.
const UP_TAPS: usize = 14;
const DOWN_TAPS: usize = 16;

/// The sample that is passed on lies this far into the 14 that the arm sees.
const UP_CENTRE: usize = 7;

/// The odd sample at the centre is the eighth before the newest even one.
const DOWN_DELAY: usize = 8;

/// Interpolating doubles the gain; decimating does not.
static UP: [i16; UP_TAPS] = arm(&HALFBAND_27, 2);
static DOWN: [i16; DOWN_TAPS] = arm(&HALFBAND_31, 1);

const fn arm<const N: usize, const T: usize>(prototype: &[i32; N], gain: i32) -> [i16; T] {
    assert!(N == 2 * T - 1 && prototype[T - 1] == 1 << 23);
    let mut taps = [0; T];
    let (mut n, mut sum) = (0, 0);
    while n < T {
        taps[n] = super::polyphase::tap(prototype[2 * n], gain);
        sum += taps[n].unsigned_abs() as i64 + 1;
        n += 1;
    }
    // No input can overflow the 32 bit sum, the delay phase's half included.
    assert!((sum + (1 << (TAP_BITS - 1))) * 32_768 < 1 << 31);
    taps
}

/// Adds to each sum the products of `taps` with the samples from its place on.
///
/// Going over the block with several taps at a time, and not over the taps one output at a time, is the
/// form compilers turn into vector instructions.
#[inline(always)]
fn accumulate<const K: usize>(samples: &[i16], taps: &[i16; K], sums: &mut [i32]) {
    let count = sums.len();
    let delayed: [&[i16]; K] = std::array::from_fn(|n| &samples[n..n + count]);
    for (at, sum) in sums.iter_mut().enumerate() {
        let mut products = 0;
        for (samples, tap) in delayed.iter().zip(taps) {
            products += i32::from(samples[at]) * i32::from(*tap);
        }
        *sum += products;
    }
}

/// 8 kHz to 16 kHz.
///
/// Only what the next block needs is kept. A block is worked on where all streams work, on the stack:
/// with many of them, a place of each one's own would be cold whenever its turn comes.
#[derive(Clone, Debug)]
pub(super) struct Up {
    /// The last samples.
    last: [i16; UP_TAPS - 1],
}

impl Up {
    pub(super) fn new() -> Self {
        Self { last: [0; _] }
    }

    pub(super) fn output_len(&self, input_len: usize) -> usize {
        2 * input_len
    }

    /// `output` must be twice as long as `input`.
    pub(super) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        for (block, output) in input.chunks(BLOCK).zip(output.chunks_mut(2 * BLOCK)) {
            let mut window = [0; UP_TAPS - 1 + BLOCK];
            window[..UP_TAPS - 1].copy_from_slice(&self.last);
            window[UP_TAPS - 1..][..block.len()].copy_from_slice(block);
            let sums = &mut [0; BLOCK][..block.len()];
            for (pass, taps) in UP.as_chunks::<UP_PASS>().0.iter().enumerate() {
                accumulate(&window[pass * UP_PASS..], taps, sums);
            }
            let (pairs, _) = output.as_chunks_mut::<2>();
            let passed_on = &window[UP_CENTRE..];
            for ((pair, sum), sample) in pairs.iter_mut().zip(sums).zip(passed_on) {
                *pair = [rounded(*sum), *sample];
            }
            self.last
                .copy_from_slice(&window[block.len()..][..UP_TAPS - 1]);
        }
    }
}

/// 16 kHz to 8 kHz.
#[derive(Clone, Debug)]
pub(super) struct Down {
    /// The last samples at even places of the stream: there is one for each output.
    even: [i16; DOWN_TAPS - 1],
    /// Those at odd places.
    odd: [i16; DOWN_DELAY],
    /// Whether the next sample is at an odd place.
    is_odd: bool,
}

impl Down {
    pub(super) fn new() -> Self {
        Self {
            even: [0; _],
            odd: [0; _],
            is_odd: false,
        }
    }

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
        // After an odd start the first output is one step further from the first odd sample.
        let ahead = usize::from(self.is_odd);
        let (mut even, mut odd) = ([0; DOWN_TAPS - 1 + BLOCK], [0; DOWN_DELAY + BLOCK]);
        even[..DOWN_TAPS - 1].copy_from_slice(&self.even);
        odd[..DOWN_DELAY].copy_from_slice(&self.odd);
        let odds = self.part(block, &mut even[DOWN_TAPS - 1..], &mut odd[DOWN_DELAY..]);
        let sums = &mut [0; BLOCK][..output.len()];
        for (pass, taps) in DOWN.as_chunks::<DOWN_PASS>().0.iter().enumerate() {
            accumulate(&even[pass * DOWN_PASS..], taps, sums);
        }
        for ((sample, sum), centre) in output.iter_mut().zip(sums).zip(&odd[ahead..]) {
            *sample = rounded(*sum + (i32::from(*centre) << (TAP_BITS - 1)));
        }
        self.even
            .copy_from_slice(&even[output.len()..][..DOWN_TAPS - 1]);
        self.odd.copy_from_slice(&odd[odds..][..DOWN_DELAY]);
    }

    /// Parts the block into its even and odd samples and returns the number of odd ones.
    fn part(&mut self, block: &[i16], even: &mut [i16], odd: &mut [i16]) -> usize {
        let (first, rest) = block.split_at(usize::from(self.is_odd).min(block.len()));
        self.is_odd ^= block.len() % 2 == 1;
        odd[..first.len()].copy_from_slice(first);
        let (pairs, last) = rest.as_chunks::<2>();
        let places = even.iter_mut().zip(&mut odd[first.len()..]);
        for ((even, odd), pair) in places.zip(pairs) {
            [*even, *odd] = *pair;
        }
        even[pairs.len()..][..last.len()].copy_from_slice(last);
        first.len() + pairs.len()
    }
}
