//! The quadrature mirror filters (blocks 1 and 2 of transmit and receive): 24 taps, table 11/G.722.

const TAPS: usize = 24;

/// The filter's first half; the second is its mirror. 1.0 is 4096 in either phase.
const HALF: [i16; TAPS / 2] = [3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3876];

/// The low-pass filter.
const LOW: [i16; TAPS] = mirrored(false);
/// The high-pass filter: every second tap with its sign turned.
const HIGH: [i16; TAPS] = mirrored(true);

/// Bits dropped so that a band is half the input: 15 bits.
const ANALYSIS_BITS: u32 = 14;
/// Bits dropped so that full-scale bands are full-scale samples, once both filters are added.
const SYNTHESIS_BITS: u32 = 12;

const fn mirrored(turn: bool) -> [i16; TAPS] {
    let mut taps = [0; TAPS];
    let mut n = 0;
    while n < TAPS {
        let tap = if n < TAPS / 2 {
            HALF[n]
        } else {
            HALF[TAPS - 1 - n]
        };
        taps[n] = if turn && n % 2 == 0 { -tap } else { tap };
        n += 1;
    }
    taps
}

/// The last 24 samples, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Delay([i16; TAPS]);

impl Delay {
    pub(super) fn new() -> Self {
        Self([0; TAPS])
    }

    pub(super) fn push(&mut self, pair: [i16; 2]) {
        self.0.copy_within(2.., 0);
        self.0[TAPS - 2] = pair[0];
        self.0[TAPS - 1] = pair[1];
    }

    /// The lower and the upper band's next sample.
    pub(super) fn analyse(&self) -> (i32, i32) {
        let band = |taps| super::limited(self.dot(taps) >> ANALYSIS_BITS);
        (band(&LOW), band(&HIGH))
    }

    /// The next two output samples, from the bands' sums (even places) and differences (odd places).
    pub(super) fn synthesise(&self) -> [i16; 2] {
        let (sum, turned) = (self.dot(&LOW), self.dot(&HIGH));
        // Both filters differ in the even taps' sign alone, which tells the two phases apart.
        let phase = |twice: i32| super::saturated(twice >> SYNTHESIS_BITS) as i16;
        [phase(sum + turned), phase(sum - turned)]
    }

    fn dot(&self, taps: &[i16; TAPS]) -> i32 {
        let products = self.0.iter().zip(taps);
        products
            .map(|(sample, tap)| i32::from(*sample) * i32::from(*tap))
            .sum()
    }
}
