//! A-law (PCMA).

use super::table::ALAW_DECODED;

/// Every second bit is inverted on the wire, for line codes that need transitions.
const TOGGLED: u8 = 0x55;

/// Magnitudes below this (13 bit scale) are in segment 0, which has no leading one.
const SEGMENT_1: i16 = 16;

/// Exponent of an f32 one segment below [`SEGMENT_1`].
const SEGMENT_0_EXPONENT: u32 = 127 + 3;

/// One 16 bit sample as an A-law code.
#[inline]
pub fn encode(sample: i16) -> u8 {
    // All ones for a negative sample, else zero; the exclusive or is the one's complement.
    let sign = sample >> 15;
    let magnitude = (sample ^ sign) >> 4;
    // From segment 1 on, an f32's exponent and first four mantissa bits are the segment and the
    // step, exactly; the conversion vectorises where counting zeros does not.
    let float = (f32::from(magnitude.max(SEGMENT_1)).to_bits() >> 19) - (SEGMENT_0_EXPONENT << 4);
    let code = if magnitude < SEGMENT_1 {
        magnitude as u8
    } else {
        float as u8
    };
    // The sign bit is set for positive samples.
    code ^ TOGGLED ^ (!(sign as u8) & 0x80)
}

/// The 16 bit sample an A-law code stands for.
#[inline]
pub fn decode(code: u8) -> i16 {
    ALAW_DECODED[usize::from(code)]
}

/// Encodes as many samples as both slices hold.
pub fn encode_slice(samples: &[i16], codes: &mut [u8]) {
    for (code, sample) in codes.iter_mut().zip(samples) {
        *code = encode(*sample);
    }
}

/// Decodes as many codes as both slices hold.
pub fn decode_slice(codes: &[u8], samples: &mut [i16]) {
    for (sample, code) in samples.iter_mut().zip(codes) {
        *sample = decode(*code);
    }
}
