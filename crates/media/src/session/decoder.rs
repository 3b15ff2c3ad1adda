//! The pieces the jitter buffer hands on, to canonical frames.

use trunkline_audio::{Concealer, FRAME_SAMPLES, Resampler, g711, g722};

use crate::codec::Codec;
use crate::jitter::{FRAME_TICKS, Piece};

/// Samples over which a frame that follows a dropped one is faded in: 5 ms.
const FADE_SAMPLES: usize = 80;

/// Canonical samples in one tick of the RTP clock.
const SAMPLES_PER_TICK: usize = FRAME_SAMPLES / FRAME_TICKS as usize;

/// Decodes one stream; keeps filter, codec and concealment state between frames.
#[derive(Debug)]
pub(super) struct Decoder {
    up: Option<Resampler>,
    g722: Option<Box<g722::Decoder>>,
    concealer: Concealer,
    /// Some of the frame is made up: what was made for the whole of it, of which a part is used.
    made: Option<[i16; FRAME_SAMPLES]>,
    /// How much of the frame is there.
    filled: usize,
    /// The beginning of the first of the frames that were dropped last: what would have come next.
    fade: Option<[i16; FADE_SAMPLES]>,
    delay_us: i64,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            up: Resampler::new(Codec::Pcmu.sample_rate(), trunkline_audio::SAMPLE_RATE_HZ).ok(),
            g722: None,
            concealer: Concealer::new(),
            made: None,
            filled: 0,
            fade: None,
            delay_us: 0,
        }
    }

    /// How much later than in the packets a sound is in the frames.
    pub(super) fn delay_us(&self) -> i64 {
        self.delay_us
    }

    /// Adds one piece to the frame that is being put together.
    pub(super) fn take(&mut self, piece: Piece<'_>, frame: &mut [i16; FRAME_SAMPLES]) {
        let ticks = match piece {
            Piece::Audio(_, bytes) => bytes.len(),
            Piece::Missing(ticks) | Piece::Silence(ticks) => ticks,
        };
        let start = self.filled;
        let end = start + ticks * SAMPLES_PER_TICK;
        let Some(out) = frame.get_mut(start..end) else {
            return;
        };
        self.filled = end;
        match piece {
            Piece::Audio(Codec::G722, bytes) => {
                self.delay_us = g722::DELAY_US;
                self.g722.get_or_insert_default().decode(bytes, out);
            }
            Piece::Audio(codec, bytes) => {
                let mut narrow = [0_i16; FRAME_TICKS as usize];
                let Some(narrow) = narrow.get_mut(..bytes.len()) else {
                    return;
                };
                match codec {
                    Codec::Pcma => g711::alaw::decode_slice(bytes, narrow),
                    _ => g711::ulaw::decode_slice(bytes, narrow),
                }
                if let Some(up) = &mut self.up {
                    self.delay_us = up.delay_us();
                    up.process(narrow, out);
                }
            }
            Piece::Missing(_) => {
                let made = self.made.get_or_insert_with(|| {
                    let mut made = [0; FRAME_SAMPLES];
                    self.concealer.fill(&mut made);
                    made
                });
                out.copy_from_slice(made.get(start..end).unwrap_or_default());
            }
            Piece::Silence(_) => out.fill(0),
        }
    }

    /// The frame that was put together goes to nobody.
    pub(super) fn drop_frame(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        self.filled = 0;
        self.made = None;
        if self.fade.is_none() {
            self.fade = frame.first_chunk().copied();
        }
    }

    /// Finishes the frame that was put together.
    pub(super) fn finish(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        self.filled = 0;
        if let Some(fade) = self.fade.take() {
            let weights = 0..FADE_SAMPLES as i32;
            for ((sample, old), weight) in frame.iter_mut().zip(fade).zip(weights) {
                let old = i32::from(old) * (FADE_SAMPLES as i32 - weight);
                let new = i32::from(*sample) * weight;
                *sample = ((old + new) / FADE_SAMPLES as i32) as i16;
            }
        }
        if self.made.take().is_none() {
            self.concealer.hear(frame);
        }
    }
}
