//! Streaming sample-rate conversion between 16 kHz and the telephone's and the web's rates.
//!
//! Each ratio is a linear-phase polyphase FIR on 16 bit integers. Filter state lives across calls, so
//! a stream may be cut into chunks of any length and gives the same samples. Output comes without
//! waiting: the delay is the filter's own.
//!
//! | from → to (kHz) | delay | pass band | images and aliases |
//! |---|---|---|---|
//! | 8 → 16 | 0.81 ms | 3 kHz | −61 dB from 5 kHz |
//! | 16 → 8 | 0.94 ms | 3 kHz | −69 dB from 5 kHz |
//! | 24, 48 → 16 and back | 0.98 ms | 7 kHz | −69 dB from 9 kHz |
//!
//! 8 → 16 → 8 kHz therefore takes 1.75 ms, 14 samples of 8 kHz.

mod halfband;
mod polyphase;
mod taps;

#[cfg(test)]
mod meter;
#[cfg(test)]
mod tests;

use halfband::{Down, Up};
use polyphase::{Polyphase, phases};
use std::fmt;

/// No filter exists for these two rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedRates {
    /// Samples a second asked for at the input.
    pub from_hz: u32,
    /// Samples a second asked for at the output.
    pub to_hz: u32,
}

impl fmt::Display for UnsupportedRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from_hz, to_hz } = self;
        write!(
            f,
            "cannot resample {from_hz} Hz to {to_hz} Hz: one side must be 16000, \
             the other 8000, 16000, 24000 or 48000"
        )
    }
}

impl std::error::Error for UnsupportedRates {}

/// A stream's converter between 16 kHz and 8, 16, 24 or 48 kHz.
#[derive(Clone, Debug)]
pub struct Resampler(Ratio);

/// Named by the rates in kHz. `Polyphase<L, M, T>` is up by L, down by M, with T taps a phase.
#[derive(Clone, Debug)]
enum Ratio {
    Same,
    From8(Up),
    To8(Down),
    From24(Polyphase<2, 3, 48>),
    To24(Polyphase<3, 2, 32>),
    From48(Polyphase<1, 3, 96>),
    To48(Polyphase<3, 1, 32>),
}

static FROM_24: [[i16; 48]; 2] = phases(&taps::LOWPASS_95);
static FROM_48: [[i16; 96]; 1] = phases(&taps::LOWPASS_95);
/// Up by three, to 48 kHz, of which every sample or every second one is kept.
static FROM_16: [[i16; 32]; 3] = phases(&taps::LOWPASS_95);

impl Resampler {
    /// A converter at the start of a stream. Equal rates are copied through.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, UnsupportedRates> {
        Ok(Self(match (from_hz, to_hz) {
            (16_000, 16_000) => Ratio::Same,
            (8_000, 16_000) => Ratio::From8(Up::new()),
            (16_000, 8_000) => Ratio::To8(Down::new()),
            (24_000, 16_000) => Ratio::From24(Polyphase::new(&FROM_24)),
            (16_000, 24_000) => Ratio::To24(Polyphase::new(&FROM_16)),
            (48_000, 16_000) => Ratio::From48(Polyphase::new(&FROM_48)),
            (16_000, 48_000) => Ratio::To48(Polyphase::new(&FROM_16)),
            _ => return Err(UnsupportedRates { from_hz, to_hz }),
        }))
    }

    /// Samples that [`Resampler::process`] will write for `input_len` more samples.
    pub fn output_len(&self, input_len: usize) -> usize {
        match &self.0 {
            Ratio::Same => input_len,
            Ratio::From8(filter) => filter.output_len(input_len),
            Ratio::To8(filter) => filter.output_len(input_len),
            Ratio::From24(filter) => filter.output_len(input_len),
            Ratio::To24(filter) => filter.output_len(input_len),
            Ratio::From48(filter) => filter.output_len(input_len),
            Ratio::To48(filter) => filter.output_len(input_len),
        }
    }

    /// How much later than it came in a sound comes out, in microseconds: half the filter's length.
    pub fn delay_us(&self) -> i64 {
        match &self.0 {
            Ratio::Same => 0,
            Ratio::From8(_) => 813,
            Ratio::To8(_) => 938,
            // 47 of 95 taps at 48 kHz.
            Ratio::From24(_) | Ratio::To24(_) | Ratio::From48(_) | Ratio::To48(_) => 979,
        }
    }

    /// Converts all of `input` into the front of `output` and returns how many samples were written.
    ///
    /// # Panics
    ///
    /// When `output` is shorter than [`Resampler::output_len`] of `input.len()`.
    pub fn process(&mut self, input: &[i16], output: &mut [i16]) -> usize {
        let output = &mut output[..self.output_len(input.len())];
        match &mut self.0 {
            Ratio::Same => output.copy_from_slice(input),
            Ratio::From8(filter) => filter.process(input, output),
            Ratio::To8(filter) => filter.process(input, output),
            Ratio::From24(filter) => filter.process(input, output),
            Ratio::To24(filter) => filter.process(input, output),
            Ratio::From48(filter) => filter.process(input, output),
            Ratio::To48(filter) => filter.process(input, output),
        }
        output.len()
    }
}
