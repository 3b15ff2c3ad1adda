//! Which byte of a 16 bit sample comes first, found out by listening.

use trunkline_audio::l16::ByteOrder;

/// So much sound decides, in parts of a second: 200 ms.
const DECIDES: u32 = 5;

/// Compares both readings of a stream: sound is smooth, and read with its bytes swapped it is
/// noise. Until enough was heard, what seems likelier so far holds.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    /// Samples still to be heard.
    left: u32,
    last: i16,
    /// Sums of the steps from sample to sample, by both readings.
    big: u64,
    little: u64,
}

impl Listener {
    pub(super) fn new(rate: u32) -> Self {
        Self {
            left: rate / DECIDES,
            last: 0,
            big: 0,
            little: 0,
        }
    }

    /// Hears samples that were read most significant byte first.
    pub(super) fn listen(&mut self, samples: &[i16]) {
        for &sample in samples {
            if self.left == 0 {
                return;
            }
            // Silence is the same by both readings and decides nothing.
            if sample != self.last {
                self.left -= 1;
                self.big += u64::from(sample.abs_diff(self.last));
                let (one, two) = (sample.swap_bytes(), self.last.swap_bytes());
                self.little += u64::from(one.abs_diff(two));
            }
            self.last = sample;
        }
    }

    /// The likelier order; RFC 3551's where nothing was heard.
    pub(super) fn order(&self) -> ByteOrder {
        if self.little < self.big {
            ByteOrder::Little
        } else {
            ByteOrder::Big
        }
    }
}
