//! Opus (RFC 6716) for speech: one packet of 20 ms at a time, mono, 16 kHz on our side whatever
//! rate the far end works at, for an Opus packet does not depend on it.
//!
//! Alone among the codecs here it allocates while it works, a few times a packet.

use std::fmt;

use opus_pure::{Application, OpusDecoder, OpusEncoder};

use crate::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

/// The longest packet of one frame, in bytes (RFC 6716 section 3.2.1).
pub const PACKET_BYTES_MAX: usize = 1_275;
/// The longest packet by its sound: 120 ms (RFC 6716 section 3.2.5).
pub const PACKET_SAMPLES_MAX: usize = 6 * FRAME_SAMPLES;

/// Good for wide band speech (RFC 7587 section 3.1.1).
const BITS_A_SECOND: i32 = 24_000;
/// Of 10: half the work of the most thorough search, and no difference that is heard in speech.
const COMPLEXITY: i32 = 5;

/// A packet that is no Opus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

impl fmt::Display for BadPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a packet that breaks the rules of RFC 6716 section 3.4")
    }
}

impl std::error::Error for BadPacket {}

/// Encodes one stream.
#[derive(Debug)]
pub struct Encoder(OpusEncoder);

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder at the start of a stream.
    pub fn new() -> Self {
        let encoder = OpusEncoder::new(SAMPLE_RATE_HZ as i32, 1, Application::Voip);
        let mut encoder = encoder.expect("16 kHz mono is one of Opus' own rates");
        encoder.bitrate_bps = BITS_A_SECOND;
        encoder.complexity = COMPLEXITY;
        Self(encoder)
    }

    /// How much later than it came in a sound comes out of a decoder, in microseconds: all of it
    /// is the encoder's looking ahead.
    pub fn delay_us(&self) -> i64 {
        self.0.lookahead() as i64 * 1_000_000 / i64::from(SAMPLE_RATE_HZ)
    }

    /// Encodes a frame into the front of `packet` and returns how many bytes were written; none
    /// where `packet` is too short.
    pub fn encode(&mut self, frame: &[i16; FRAME_SAMPLES], packet: &mut [u8]) -> usize {
        self.0.encode_s16(frame, FRAME_SAMPLES, packet).unwrap_or(0)
    }
}

/// Decodes one stream.
#[derive(Debug)]
pub struct Decoder(OpusDecoder);

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        let decoder = OpusDecoder::new(SAMPLE_RATE_HZ as i32, 1);
        Self(decoder.expect("16 kHz mono is one of Opus' own rates"))
    }

    /// Decodes a packet, mono or stereo, into the front of `samples` and returns how many samples
    /// at 16 kHz were written.
    ///
    /// # Errors
    /// When the packet is malformed, or longer than `samples` has room for; the next may be good.
    pub fn decode(&mut self, packet: &[u8], samples: &mut [i16]) -> Result<usize, BadPacket> {
        // To the codec an empty packet is one that was lost, and it would make up sound.
        if packet.is_empty() {
            return Err(BadPacket);
        }
        let room = samples.len().min(PACKET_SAMPLES_MAX);
        self.0
            .decode_s16(packet, room, samples)
            .map_err(|_| BadPacket)
    }
}

#[cfg(test)]
mod tests;
