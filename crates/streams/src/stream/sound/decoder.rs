//! From payloads to samples.

use trunkline_audio::l16::{self, ByteOrder};
use trunkline_audio::{Resampler, SAMPLE_RATE_HZ, g711, g722, opus};

use super::UnsupportedFormat;
use super::order::Listener;
use crate::stream::{Encoding, MediaFormat};

/// How many samples are converted at a time; room for the longest Opus packet.
const PIECE_SAMPLES: usize = 2_048;

/// Turns payloads of one direction into samples at 16 kHz. They may be cut between any two bytes,
/// unless the format is Opus, which comes by the packet.
#[derive(Debug)]
pub struct Decoder {
    format: MediaFormat,
    coding: Coding,
    resampler: Resampler,
    piece: Vec<i16>,
    /// Opus packets that were none.
    bad: u64,
}

#[derive(Debug)]
enum Coding {
    Pcmu,
    Pcma,
    Linear(l16::Decoder),
    /// Read most significant byte first, and swapped where listening says so.
    Unknown(l16::Decoder, Listener),
    G722(Box<g722::Decoder>),
    Opus(Box<opus::Decoder>),
}

impl Decoder {
    /// A decoder at the start of a stream.
    ///
    /// # Errors
    /// When the rate has no filter to 16 kHz.
    pub fn new(format: MediaFormat) -> Result<Self, UnsupportedFormat> {
        let coding = match format.encoding {
            Encoding::Pcmu => Coding::Pcmu,
            Encoding::Pcma => Coding::Pcma,
            Encoding::L16Little => Coding::Linear(l16::Decoder::new(ByteOrder::Little)),
            Encoding::L16Big => Coding::Linear(l16::Decoder::new(ByteOrder::Big)),
            Encoding::L16Unknown => Coding::Unknown(
                l16::Decoder::new(ByteOrder::Big),
                Listener::new(format.rate),
            ),
            Encoding::G722 => Coding::G722(Box::default()),
            Encoding::Opus => Coding::Opus(Box::default()),
        };
        let resampler = Resampler::new(coding_rate(format), SAMPLE_RATE_HZ);
        Ok(Self {
            format,
            coding,
            resampler: resampler.map_err(|_| UnsupportedFormat(format))?,
            piece: vec![0; PIECE_SAMPLES],
            bad: 0,
        })
    }

    /// What it reads.
    pub fn format(&self) -> MediaFormat {
        self.format
    }

    /// How much later than in the payloads a sound is in the samples, in microseconds.
    pub fn delay_us(&self) -> i64 {
        match &self.coding {
            Coding::G722(_) => g722::DELAY_US,
            // What Opus takes is its encoder's.
            _ => self.resampler.delay_us(),
        }
    }

    /// The order of bytes that was heard, where the format leaves it open.
    pub fn order(&self) -> Option<ByteOrder> {
        match &self.coding {
            Coding::Unknown(_, listener) => Some(listener.order()),
            _ => None,
        }
    }

    /// Payloads that were nothing this format knows.
    pub fn bad(&self) -> u64 {
        self.bad
    }

    /// Forgets half a sample: what comes next begins anew.
    pub fn restart(&mut self) {
        match &mut self.coding {
            Coding::Linear(decoder) => {
                let order = match self.format.encoding {
                    Encoding::L16Little => ByteOrder::Little,
                    _ => ByteOrder::Big,
                };
                *decoder = l16::Decoder::new(order);
            }
            Coding::Unknown(decoder, _) => *decoder = l16::Decoder::new(ByteOrder::Big),
            _ => {}
        }
    }

    /// At most how many samples [`Self::decode`] adds for a payload of so many bytes.
    pub fn samples_max(&self, bytes: usize) -> usize {
        let native = match &self.coding {
            Coding::Pcmu | Coding::Pcma => bytes,
            Coding::Linear(decoder) | Coding::Unknown(decoder, _) => decoder.output_len(bytes),
            Coding::G722(_) => 2 * bytes,
            Coding::Opus(_) => opus::PACKET_SAMPLES_MAX,
        };
        self.resampler.output_len(native)
    }

    /// Writes the sound of a payload into the front of `samples`, which has room for
    /// [`Self::samples_max`], and returns how many samples it was.
    pub fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> usize {
        let piece_bytes = match &self.coding {
            Coding::Pcmu | Coding::Pcma => PIECE_SAMPLES,
            Coding::G722(_) => PIECE_SAMPLES / 2,
            // One sample less than fits: half a sample may have waited.
            Coding::Linear(_) | Coding::Unknown(..) => (PIECE_SAMPLES - 1) * 2,
            Coding::Opus(_) => payload.len().max(1),
        };
        let mut written = 0;
        for bytes in payload.chunks(piece_bytes) {
            let count = self.piece(bytes);
            let native = self.piece.get(..count).unwrap_or_default();
            let Some(rest) = samples.get_mut(written..) else {
                break;
            };
            written += self.resampler.process(native, rest);
        }
        written
    }

    /// Decodes as much as `piece` has room for.
    fn piece(&mut self, bytes: &[u8]) -> usize {
        let piece = self.piece.as_mut_slice();
        match &mut self.coding {
            Coding::Pcmu => {
                g711::ulaw::decode_slice(bytes, piece);
                bytes.len()
            }
            Coding::Pcma => {
                g711::alaw::decode_slice(bytes, piece);
                bytes.len()
            }
            Coding::Linear(decoder) => decoder.decode(bytes, piece),
            Coding::Unknown(decoder, listener) => {
                let count = decoder.decode(bytes, piece);
                let samples = piece.get_mut(..count).unwrap_or_default();
                listener.listen(samples);
                if listener.order() == ByteOrder::Little {
                    samples
                        .iter_mut()
                        .for_each(|sample| *sample = sample.swap_bytes());
                }
                count
            }
            Coding::G722(decoder) => decoder.decode(bytes, piece),
            Coding::Opus(decoder) => decoder.decode(bytes, piece).unwrap_or_else(|_| {
                self.bad += 1;
                0
            }),
        }
    }
}

/// Samples a second that a codec gives and takes. Two of them know their own.
pub(super) fn coding_rate(format: MediaFormat) -> u32 {
    match format.encoding {
        Encoding::G722 | Encoding::Opus => SAMPLE_RATE_HZ,
        _ => format.rate,
    }
}
