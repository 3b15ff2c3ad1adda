//! Audio that travels as base64 inside a message with a format of its own.

use trunkline_audio::wav;

use super::json::Payload;
use super::preamble::linear;
use super::{MediaFormat, Nonsense};

/// What was read last.
#[derive(Debug, Default)]
pub(crate) struct Clip {
    payload: Payload,
    /// The samples of a file, least significant byte first.
    samples: Vec<u8>,
}

impl Clip {
    /// The samples and their format, until the next call. `kind` is `raw`, `wav` or `wave`; what
    /// is raw has the rate told beside it.
    pub(crate) fn read(
        &mut self,
        kind: &str,
        base64: &str,
        rate: u32,
    ) -> Result<(&[u8], MediaFormat), Nonsense> {
        let bytes = self.payload.decode(base64)?;
        match kind {
            "raw" => Ok((bytes, linear(rate))),
            "wav" | "wave" => {
                let file = wav::read(bytes).map_err(|_| Nonsense("a WAV file that is none"))?;
                let rate = file.rate_hz;
                self.samples.clear();
                let samples = file.into_mono().into_iter().flat_map(i16::to_le_bytes);
                self.samples.extend(samples);
                Ok((&self.samples, linear(rate)))
            }
            _ => Err(Nonsense("audio that is neither raw nor WAV")),
        }
    }
}
