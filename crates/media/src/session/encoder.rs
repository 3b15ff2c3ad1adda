//! Canonical samples to the codec the peer was promised.

use trunkline_audio::{Resampler, g711, g722};

use crate::codec::Codec;
use crate::playout::PACKET_SAMPLES_MAX;

/// Encodes one stream; keeps filter and codec state between packets.
#[derive(Debug)]
pub(super) struct Encoder {
    codec: Codec,
    down: Option<Resampler>,
    /// Boxed and only there when used: its history is larger than everything else here.
    g722: Option<Box<g722::Encoder>>,
    /// The last packet was silence, and so the filter holds nothing else.
    silent: bool,
}

impl Encoder {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            down: Resampler::new(trunkline_audio::SAMPLE_RATE_HZ, codec.sample_rate()).ok(),
            g722: (codec == Codec::G722).then(Box::default),
            silent: true,
        }
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// How much later than it came in a sound is in the packets.
    pub(super) fn delay_us(&self) -> i64 {
        match (&self.g722, &self.down) {
            (Some(_), _) => g722::DELAY_US,
            (None, Some(down)) => down.delay_us(),
            (None, None) => 0,
        }
    }

    /// Appends one packet's payload to `out`. `silence` says that all samples are 0.
    pub(super) fn encode(&mut self, samples: &[i16], silence: bool, out: &mut Vec<u8>) {
        let start = out.len();
        // All three codecs make one byte of two canonical samples.
        out.resize(start + samples.len() / 2, 0);
        let Some(payload) = out.get_mut(start..) else {
            return;
        };
        let was_silent = std::mem::replace(&mut self.silent, silence);
        if let Some(encoder) = &mut self.g722 {
            encoder.encode(samples, payload);
            return;
        }
        let encode = match self.codec {
            Codec::Pcma => g711::alaw::encode_slice,
            Codec::Pcmu | Codec::G722 => g711::ulaw::encode_slice,
        };
        let mut narrow = [0_i16; PACKET_SAMPLES_MAX / 2];
        if !(silence && was_silent)
            && let Some(down) = &mut self.down
        {
            down.process(samples, &mut narrow);
        }
        encode(narrow.get(..payload.len()).unwrap_or_default(), payload);
    }
}
