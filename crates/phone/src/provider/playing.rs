//! What the provider has to play to its caller.

use std::collections::VecDeque;

use trunkline_audio::{FRAME_SAMPLES, SAMPLE_RATE_HZ};
use trunkline_streams::MARKS_MAX;

/// What is queued at most: five minutes of 16 kHz. What comes beyond it is dropped.
pub const QUEUE_SAMPLES_MAX: usize = 300 * SAMPLE_RATE_HZ as usize;

/// The queue, and the marks in it.
#[derive(Debug, Default)]
pub(super) struct Playing {
    queue: VecDeque<i16>,
    /// Where each mark is, counted in samples since the stream began.
    marks: VecDeque<(u64, String)>,
    /// Samples that have left the queue, played or dropped.
    taken: u64,
    paused: bool,
}

impl Playing {
    /// Queues audio; `false` where some of it has no room.
    pub(super) fn push(&mut self, samples: &[i16]) -> bool {
        let room = QUEUE_SAMPLES_MAX.saturating_sub(self.queue.len());
        self.queue.extend(samples.iter().take(room));
        samples.len() <= room
    }

    /// Puts a mark after what is queued; `false` where there are too many.
    pub(super) fn mark(&mut self, name: &str) -> bool {
        let room = self.marks.len() < MARKS_MAX;
        if room {
            let at = self.taken + self.queue.len() as u64;
            self.marks.push_back((at, name.to_owned()));
        }
        room
    }

    /// The next mark before which nothing is left to play.
    pub(super) fn reached(&mut self) -> Option<String> {
        let (at, _) = self.marks.front()?;
        if *at > self.taken {
            return None;
        }
        self.marks.pop_front().map(|(_, name)| name)
    }

    /// Drops what is queued; the marks in it are given back.
    pub(super) fn clear(&mut self) -> Vec<String> {
        self.taken += self.queue.len() as u64;
        self.queue.clear();
        self.marks.drain(..).map(|(_, name)| name).collect()
    }

    /// Stops, or goes on.
    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// The next 20 ms: silence where nothing is queued.
    pub(super) fn play(&mut self) -> [i16; FRAME_SAMPLES] {
        let mut frame = [0; FRAME_SAMPLES];
        if self.paused {
            return frame;
        }
        let count = self.queue.len().min(FRAME_SAMPLES);
        for (to, from) in frame.iter_mut().zip(self.queue.drain(..count)) {
            *to = from;
        }
        self.taken += count as u64;
        frame
    }

    /// Samples that wait.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }
}
