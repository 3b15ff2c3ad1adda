//! The caller's audio on its way to the application.

use std::collections::VecDeque;

use trunkline_audio::l16::{self, ByteOrder};
use trunkline_audio::{AudioFrame, FRAME_SAMPLES, Resampler, SAMPLE_RATE_HZ};

use crate::SampleRate;
use crate::outbox::Outbox;

/// Audio is held back while more than this waits in the connection: half a second at 16 kHz.
/// A new frame is still worth more than an old one, so what is held is dropped oldest first.
pub const AUDIO_BACKLOG_BYTES_MAX: usize = 16 * 1024;
/// The most audio that is held back: one second.
pub const HELD_FRAMES_MAX: usize = 50;
/// Samples of a frame at 48 kHz, the highest rate.
const WIDEST_FRAME: usize = 3 * FRAME_SAMPLES;

/// Turns frames into binary messages at the application's rate, as long as the connection takes
/// them.
#[derive(Debug)]
pub(crate) struct Downlink {
    /// `None` where the application takes our own rate.
    resampler: Option<Resampler>,
    converted: [i16; WIDEST_FRAME],
    held: VecDeque<AudioFrame>,
    frame_bytes: usize,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

impl Downlink {
    pub(crate) fn new(rate: SampleRate) -> Self {
        let same = rate.hz() == SAMPLE_RATE_HZ;
        // Every `SampleRate` has its filter.
        let resampler = Resampler::new(SAMPLE_RATE_HZ, rate.hz())
            .ok()
            .filter(|_| !same);
        Self {
            resampler,
            converted: [0; WIDEST_FRAME],
            held: VecDeque::with_capacity(HELD_FRAMES_MAX),
            frame_bytes: rate.hz() as usize / 50 * 2,
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
    pub(crate) fn flush(&mut self, backlog: usize, outbox: &mut Outbox) {
        let room = AUDIO_BACKLOG_BYTES_MAX.saturating_sub(backlog) / self.frame_bytes;
        let frames = if backlog == 0 {
            self.held.len()
        } else {
            room.min(self.held.len())
        };
        for _ in 0..frames {
            let Some(frame) = self.held.pop_front() else {
                break;
            };
            self.send(&frame, outbox);
        }
    }

    /// The application is gone: what is held will not be heard.
    pub(crate) fn drop_held(&mut self) {
        self.dropped += self.held.len() as u64;
        self.held.clear();
    }

    fn send(&mut self, frame: &AudioFrame, outbox: &mut Outbox) {
        let samples = match &mut self.resampler {
            None => frame.samples().as_slice(),
            Some(resampler) => {
                let count = resampler.process(frame.samples(), &mut self.converted);
                self.converted.get(..count).unwrap_or_default()
            }
        };
        outbox.binary(samples.len() * 2, |bytes| {
            l16::encode(ByteOrder::Little, samples, bytes);
        });
        self.sent += 1;
    }
}
