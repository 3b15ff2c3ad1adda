//! One call's media: RTP in, canonical audio out, and the way back.

mod io;
mod statistics;

pub use io::{Input, MarkId, Output, Port, Refusal, Settings};
pub use statistics::Statistics;

use std::time::Instant;

use crate::negotiation::Agreed;

/// The media of one call from answer to end.
#[derive(Debug)]
pub struct Session {
    start: Instant,
    statistics: Statistics,
}

impl Session {
    /// A session that begins `now`, at answer. The seed decides SSRC, sequence and timestamp
    /// offsets, CNAME and the rhythm of RTCP; it must be unpredictable and of one session only.
    pub fn new(now: Instant, agreed: &Agreed, seed: [u8; 32], settings: Settings) -> Self {
        let _ = (agreed, seed, settings);
        Self {
            start: now,
            statistics: Statistics::default(),
        }
    }

    /// Takes one input. Whatever it brings about is taken with [`Self::poll_output`].
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        let _ = (now, input);
        self.statistics.packets_received += 1;
    }

    /// The next thing to do; [`Output::Timeout`] means that there is nothing more until then.
    pub fn poll_output(&mut self) -> Output<'_> {
        Output::Timeout(self.start)
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Bytes of application audio that wait to be played, for a limit over many calls.
    pub fn queued_bytes(&self) -> usize {
        0
    }
}
