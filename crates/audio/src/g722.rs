//! ITU-T G.722 at 64 kbit/s (mode 1): 16 kHz speech in two bands of ADPCM, bit exact.
//!
//! A pair of filters halves the band; the lower half gets 6 bits a sample, the upper 2. Each octet is
//! two samples at 16 kHz, the upper band's code in its two highest bits. RTP counts G.722 at 8,000 a
//! second for historical reasons (RFC 3551 section 4.5.2); the audio is 16 kHz nonetheless.
//!
//! Block names in the comments (LOGSCL, UPPOL2, …) are those of the Recommendation's clause 6.2.

mod predictor;
mod qmf;
mod quantiser;
mod tables;

#[cfg(test)]
mod tests;

use predictor::Predictor;
use qmf::Delay;
use quantiser::{HighScale, LowScale, invert_high, invert_low_4, invert_low_6};

/// The bands' range, 15 bits (LIMIT).
fn limited(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}

/// Saturating arithmetic of the Recommendation: every result is 16 bits.
fn saturated(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// The lower band's state, the same in encoder and decoder.
#[derive(Clone, Debug)]
struct LowBand {
    predictor: Predictor,
    scale: LowScale,
}

/// The upper band's state, the same in encoder and decoder.
#[derive(Clone, Debug)]
struct HighBand {
    predictor: Predictor,
    scale: HighScale,
}

impl LowBand {
    fn new() -> Self {
        Self {
            predictor: Predictor::new(),
            scale: LowScale::new(),
        }
    }

    /// Adapts to a 6 bit code. Only its upper 4 bits count, so that modes 2 and 3 may take the rest.
    fn adapt(&mut self, code: u8) {
        self.predictor.adapt(invert_low_4(code, self.scale.step()));
        self.scale.adapt(code);
    }
}

impl HighBand {
    fn new() -> Self {
        Self {
            predictor: Predictor::new(),
            scale: HighScale::new(),
        }
    }

    /// Adapts to a 2 bit code and returns the difference it stands for.
    fn adapt(&mut self, code: u8) -> i32 {
        let difference = invert_high(code, self.scale.step());
        self.predictor.adapt(difference);
        self.scale.adapt(code);
        difference
    }
}

/// How much later than it went in a sound comes out of either half, the encoder or the decoder, in
/// microseconds: 11 samples of the 22 that both take.
pub const DELAY_US: i64 = 688;

/// Encodes one stream.
#[derive(Clone, Debug)]
pub struct Encoder {
    delay: Delay,
    low: LowBand,
    high: HighBand,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder at the start of a stream.
    pub fn new() -> Self {
        Self {
            delay: Delay::new(),
            low: LowBand::new(),
            high: HighBand::new(),
        }
    }

    /// Encodes pairs of 16 kHz samples, as many as both slices hold, and returns the octets written.
    /// A last odd sample is not encoded.
    pub fn encode(&mut self, samples: &[i16], codes: &mut [u8]) -> usize {
        let (pairs, _) = samples.as_chunks();
        for (code, pair) in codes.iter_mut().zip(pairs) {
            *code = self.encode_pair(*pair);
        }
        pairs.len().min(codes.len())
    }

    fn encode_pair(&mut self, pair: [i16; 2]) -> u8 {
        self.delay.push(pair);
        let (low, high) = self.delay.analyse();

        let difference = saturated(low - self.low.predictor.estimate());
        let low_code = self.low.scale.quantise(difference);
        self.low.adapt(low_code);

        let difference = saturated(high - self.high.predictor.estimate());
        let high_code = self.high.scale.quantise(difference);
        self.high.adapt(high_code);

        (high_code << 6) | low_code
    }
}

/// Decodes one stream.
#[derive(Clone, Debug)]
pub struct Decoder {
    delay: Delay,
    low: LowBand,
    high: HighBand,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self {
            delay: Delay::new(),
            low: LowBand::new(),
            high: HighBand::new(),
        }
    }

    /// Decodes octets to two 16 kHz samples each, as many as both slices hold, and returns the
    /// samples written.
    pub fn decode(&mut self, codes: &[u8], samples: &mut [i16]) -> usize {
        let (pairs, _) = samples.as_chunks_mut();
        for (pair, code) in pairs.iter_mut().zip(codes) {
            *pair = self.decode_octet(*code);
        }
        2 * pairs.len().min(codes.len())
    }

    fn decode_octet(&mut self, octet: u8) -> [i16; 2] {
        let low_code = octet & 0x3F;
        let difference = invert_low_6(low_code, self.low.scale.step());
        let low = limited(self.low.predictor.estimate() + difference);
        self.low.adapt(low_code);

        let estimate = self.high.predictor.estimate();
        let high = limited(estimate + self.high.adapt(octet >> 6));

        // Both are 15 bits, so their sum and difference fit in 16.
        self.delay.push([(low + high) as i16, (low - high) as i16]);
        self.delay.synthesise()
    }
}
