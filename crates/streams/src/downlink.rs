//! The caller's audio on its way to the application.

use std::collections::VecDeque;

use trunkline_audio::AudioFrame;

/// Audio is held back while more than this waits in the connection: half a second at 16 kHz.
/// A new frame is still worth more than an old one, so what is held is dropped oldest first.
pub const AUDIO_BACKLOG_BYTES_MAX: usize = 16 * 1024;
/// The most audio that is held back: one second.
pub const HELD_FRAMES_MAX: usize = 50;

/// Keeps frames until the connection takes them.
#[derive(Debug)]
pub(crate) struct Downlink {
    held: VecDeque<AudioFrame>,
    frame_bytes: usize,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

impl Downlink {
    /// `frame_bytes`: what a frame becomes on the connection, about.
    pub(crate) fn new(frame_bytes: usize) -> Self {
        Self {
            held: VecDeque::with_capacity(HELD_FRAMES_MAX),
            frame_bytes: frame_bytes.max(1),
            sent: 0,
            dropped: 0,
        }
    }

    /// Takes the newest frame; the oldest makes room for it.
    pub(crate) fn push(&mut self, frame: &AudioFrame) {
        if self.held.len() >= HELD_FRAMES_MAX {
            self.held.pop_front();
            self.dropped += 1;
        }
        self.held.push_back(frame.clone());
    }

    /// Sends what fits behind the bytes that already wait.
    pub(crate) fn flush(&mut self, backlog: usize, mut send: impl FnMut(&AudioFrame)) {
        let room = AUDIO_BACKLOG_BYTES_MAX.saturating_sub(backlog) / self.frame_bytes;
        let frames = if backlog == 0 {
            self.held.len()
        } else {
            room.min(self.held.len())
        };
        for frame in self.held.drain(..frames) {
            send(&frame);
            self.sent += 1;
        }
    }

    /// The application is gone: what is held will not be heard.
    pub(crate) fn drop_held(&mut self) {
        self.dropped += self.held.len() as u64;
        self.held.clear();
    }
}
