//! µ-law (PCMU).

use super::table::ULAW_DECODED;

/// Added to a 14 bit magnitude so that every segment starts at a power of two.
const BIAS: i16 = 33;

/// The largest biased magnitude of 14 bits: what is louder saturates.
const BIASED_MAX: i16 = 0x1FFF;

/// Exponent of the f32 whose value is in segment 0 (32 to 63).
const SEGMENT_0_EXPONENT: u32 = 127 + 5;

/// One 16 bit sample as a µ-law code.
#[inline]
pub fn encode(sample: i16) -> u8 {
    // All ones for a negative sample, else zero; the exclusive or is the one's complement.
    let sign = sample >> 15;
    let biased = (((sample ^ sign) >> 2) + BIAS).min(BIASED_MAX);
    // µ-law is a tiny floating point format: an f32's exponent and first four mantissa bits are the
    // segment and the step, exactly, and the conversion vectorises where counting zeros does not.
    let float = (f32::from(biased).to_bits() >> 19) - (SEGMENT_0_EXPONENT << 4);
    // Sent inverted, with the sign bit set for positive samples.
    !(float as u8) ^ (sign as u8 & 0x80)
}

/// The 16 bit sample a µ-law code stands for.
#[inline]
pub fn decode(code: u8) -> i16 {
    ULAW_DECODED[usize::from(code)]
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
