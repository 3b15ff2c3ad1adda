//! The application's audio on its way to the caller.

use trunkline_audio::l16::{ByteOrder, Decoder};
use trunkline_audio::{Resampler, SAMPLE_RATE_HZ};

use crate::SampleRate;
use crate::outbox::Outbox;

/// How many samples are converted at a time.
const PIECE_SAMPLES: usize = 2_048;

/// Turns binary messages of any size into samples at 16 kHz. A byte that is half a sample waits
/// for the next message.
#[derive(Debug)]
pub(crate) struct Uplink {
    rate: SampleRate,
    decoder: Decoder,
    /// `None` where the application sends our own rate.
    resampler: Option<Resampler>,
    piece: Vec<i16>,
}

impl Uplink {
    pub(crate) fn new(rate: SampleRate) -> Self {
        let same = rate.hz() == SAMPLE_RATE_HZ;
        // Every `SampleRate` has its filter.
        let resampler = Resampler::new(rate.hz(), SAMPLE_RATE_HZ)
            .ok()
            .filter(|_| !same);
        let piece = if same {
            Vec::new()
        } else {
            vec![0; PIECE_SAMPLES]
        };
        Self {
            rate,
            decoder: Decoder::new(ByteOrder::Little),
            resampler,
            piece,
        }
    }

    /// What the application's entry says its audio is.
    pub(crate) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Forgets half a sample: after a clear, a new stream begins.
    pub(crate) fn restart(&mut self) {
        self.decoder = Decoder::new(ByteOrder::Little);
    }

    /// Queues what a message says; gives its length in samples at 16 kHz.
    pub(crate) fn binary(&mut self, bytes: &[u8], outbox: &mut Outbox) -> usize {
        let Self {
            decoder,
            resampler,
            piece,
            ..
        } = self;
        match resampler {
            None => {
                let count = decoder.output_len(bytes.len());
                outbox.play(count, |samples| decoder.decode(bytes, samples))
            }
            Some(resampler) => {
                let count = resampler.output_len(decoder.output_len(bytes.len()));
                outbox.play(count, |samples| {
                    convert(bytes, decoder, resampler, piece, samples)
                })
            }
        }
    }
}

/// Decodes and resamples by pieces. However the pieces are cut, their outputs add up to
/// `output_len` of the whole.
fn convert(
    bytes: &[u8],
    decoder: &mut Decoder,
    resampler: &mut Resampler,
    piece: &mut [i16],
    samples: &mut [i16],
) -> usize {
    let mut written = 0;
    // One sample less than fits: half a sample may have waited.
    for chunk in bytes.chunks((PIECE_SAMPLES - 1) * 2) {
        let count = decoder.decode(chunk, piece);
        let decoded = piece.get(..count).unwrap_or_default();
        let Some(rest) = samples.get_mut(written..) else {
            break;
        };
        written += resampler.process(decoded, rest);
    }
    written
}
