//! What an application did on a call.

use std::time::Duration;

/// Counts of one application on one call, for the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppStats {
    /// 20 ms frames handed to the application.
    pub frames_sent: u64,
    /// 20 ms frames it was too slow to take, oldest first.
    pub frames_dropped: u64,
    /// Samples it gave us to speak, at 16 kHz.
    pub samples_received: u64,
    /// Messages that broke the protocol.
    pub nonsense: u64,
    /// Well-formed messages of a type this gateway does not know.
    pub unknown: u64,
    /// From answer to the first sample it gave us; `None` where it never spoke.
    pub first_audio: Option<Duration>,
}

impl AppStats {
    /// Of one application, and of another that had the call after it.
    pub fn followed_by(self, next: Self) -> Self {
        Self {
            frames_sent: self.frames_sent + next.frames_sent,
            frames_dropped: self.frames_dropped + next.frames_dropped,
            samples_received: self.samples_received + next.samples_received,
            nonsense: self.nonsense + next.nonsense,
            unknown: self.unknown + next.unknown,
            first_audio: self.first_audio.or(next.first_audio),
        }
    }
}
