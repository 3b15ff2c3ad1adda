//! Tells a queue that only delays from one that is needed.
//!
//! Whoever speaks in real time (an echo, another caller, a model that streams) and stalls once is
//! late from then on: silence was sent while nothing came, and what came after waits behind it. If
//! over [`WINDOW_US`] the queue was never empty, what was left at the least has done nothing but
//! delay. It is given back where it cannot be heard: in silence, one packet at a time. A queue that
//! was once longer than [`BURST_SAMPLES`] belongs to an application that speaks ahead on purpose, and
//! is left alone.

use crate::timing::SAMPLES_PER_MS;

/// How long a queue is watched before any of it is given back.
const WINDOW_US: i64 = 3_000_000;

/// A queue longer than this, 1 s, is meant.
const BURST_SAMPLES: usize = 1_000 * SAMPLES_PER_MS as usize;

/// A packet with no sample above this is silence: −42 dB below full scale.
const SILENCE_PEAK: u16 = 250;

/// What was seen of one queue.
#[derive(Debug)]
pub struct Standing {
    since_us: i64,
    least: usize,
    most: usize,
    /// Samples that may be left out.
    spare: usize,
}

impl Standing {
    /// A queue seen for the first time.
    pub fn new(now_us: i64) -> Self {
        Self {
            since_us: now_us,
            least: usize::MAX,
            most: 0,
            spare: 0,
        }
    }

    /// So much was left in the queue after a packet.
    pub fn note(&mut self, now_us: i64, left: usize) {
        self.least = self.least.min(left);
        self.most = self.most.max(left);
        if self.most > BURST_SAMPLES || left == 0 {
            *self = Self::new(now_us);
        } else if now_us - self.since_us >= WINDOW_US {
            *self = Self {
                spare: self.least,
                ..Self::new(now_us)
            };
        }
    }

    /// Whoever speaks waits for the queue to sink: it stands there on purpose.
    pub fn keep(&mut self) {
        self.most = usize::MAX;
        self.spare = 0;
    }

    /// Whether this packet, behind which so much is queued, is better left out. Says so once for
    /// each packet that may be.
    pub fn leaves_out(&mut self, packet: &[i16], left: usize) -> bool {
        let may = self.spare >= packet.len() && left >= packet.len();
        let leaves_out = may && packet.iter().all(|s| s.unsigned_abs() <= SILENCE_PEAK);
        if leaves_out {
            self.spare -= packet.len();
        }
        leaves_out
    }
}
