//! From frames to payloads.

use trunkline_audio::l16::{self, ByteOrder};
use trunkline_audio::{FRAME_SAMPLES, Resampler, SAMPLE_RATE_HZ, g711, g722, opus};

use super::UnsupportedFormat;
use super::decoder::coding_rate;
use crate::stream::{Encoding, MediaFormat};

/// Samples of a frame at 48 kHz, the highest rate.
const WIDEST_FRAME: usize = 3 * FRAME_SAMPLES;

/// Turns 20 ms frames at 16 kHz into payloads of one direction, one each.
#[derive(Debug)]
pub struct Encoder {
    format: MediaFormat,
    coding: Coding,
    resampler: Resampler,
    /// The frame at the format's rate.
    native: [i16; WIDEST_FRAME],
    payload: Vec<u8>,
}

#[derive(Debug)]
enum Coding {
    Pcmu,
    Pcma,
    Linear(ByteOrder),
    G722(Box<g722::Encoder>),
    Opus(Box<opus::Encoder>),
}

impl Encoder {
    /// An encoder at the start of a stream. 16 bit linear whose order nobody told is written as
    /// RFC 3551 has it, until [`Self::set_order`].
    ///
    /// # Errors
    /// When the rate has no filter from 16 kHz.
    pub fn new(format: MediaFormat) -> Result<Self, UnsupportedFormat> {
        let coding = match format.encoding {
            Encoding::Pcmu => Coding::Pcmu,
            Encoding::Pcma => Coding::Pcma,
            Encoding::L16Little => Coding::Linear(ByteOrder::Little),
            Encoding::L16Big | Encoding::L16Unknown => Coding::Linear(ByteOrder::Big),
            Encoding::G722 => Coding::G722(Box::default()),
            Encoding::Opus => Coding::Opus(Box::default()),
        };
        let resampler = Resampler::new(SAMPLE_RATE_HZ, coding_rate(format));
        Ok(Self {
            format,
            coding,
            resampler: resampler.map_err(|_| UnsupportedFormat(format))?,
            native: [0; WIDEST_FRAME],
            payload: Vec::with_capacity(2 * WIDEST_FRAME),
        })
    }

    /// What it writes.
    pub fn format(&self) -> MediaFormat {
        self.format
    }

    /// How much later than it came in a sound is in the payloads, in microseconds.
    pub fn delay_us(&self) -> i64 {
        match &self.coding {
            Coding::G722(_) => g722::DELAY_US,
            Coding::Opus(encoder) => encoder.delay_us(),
            Coding::Pcmu | Coding::Pcma | Coding::Linear(_) => self.resampler.delay_us(),
        }
    }

    /// Writes 16 bit linear in the order that was heard of the other direction, where the format
    /// leaves it open ([`Decoder::order`](super::Decoder::order)).
    pub fn set_order(&mut self, order: ByteOrder) {
        if self.format.encoding == Encoding::L16Unknown {
            self.coding = Coding::Linear(order);
        }
    }

    /// The payload of a frame, until the next call.
    pub fn encode(&mut self, frame: &[i16; FRAME_SAMPLES]) -> &[u8] {
        let count = self.resampler.process(frame, &mut self.native);
        let native = self.native.get(..count).unwrap_or_default();
        let bytes = match &self.coding {
            Coding::Pcmu | Coding::Pcma => count,
            Coding::Linear(_) => 2 * count,
            Coding::G722(_) => count / 2,
            Coding::Opus(_) => opus::PACKET_BYTES_MAX,
        };
        self.payload.resize(bytes, 0);
        let payload = self.payload.as_mut_slice();
        let written = match &mut self.coding {
            Coding::Pcmu => {
                g711::ulaw::encode_slice(native, payload);
                bytes
            }
            Coding::Pcma => {
                g711::alaw::encode_slice(native, payload);
                bytes
            }
            Coding::Linear(order) => l16::encode(*order, native, payload),
            Coding::G722(encoder) => encoder.encode(native, payload),
            Coding::Opus(encoder) => encoder.encode(frame, payload),
        };
        self.payload.truncate(written);
        &self.payload
    }
}
