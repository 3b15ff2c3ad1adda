//! WAV files: reads 16 bit PCM, µ-law and A-law, mono or stereo, at any rate; writes 16 bit PCM.
//!
//! A file is hostile input: every length in it is checked against the bytes there are, and nothing
//! larger than [`FILE_BYTES_MAX`] is read.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::read;
pub use write::{header, write_mono, write_stereo};

use std::fmt;

/// The longest file that is read: 35 minutes of 16 kHz mono PCM.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// Rates that are believed, in samples a second.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=384_000;

const FORMAT_PCM: u16 = 1;
const FORMAT_ALAW: u16 = 6;
const FORMAT_ULAW: u16 = 7;
/// The format is in the first two bytes of the sub-format GUID.
const FORMAT_EXTENSIBLE: u16 = 0xFFFE;

/// Decoded audio of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wav {
    /// Samples a second in each channel.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
    /// All samples, the channels interleaved.
    pub samples: Vec<i16>,
}

impl Wav {
    /// One channel: what is mono already, or the mean of left and right.
    pub fn into_mono(self) -> Vec<i16> {
        if self.channels == 1 {
            return self.samples;
        }
        let (pairs, _) = self.samples.as_chunks::<2>();
        pairs
            .iter()
            .map(|[left, right]| left.midpoint(*right))
            .collect()
    }
}

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavError {
    /// More than [`FILE_BYTES_MAX`] bytes.
    TooLong(usize),
    /// Does not begin with RIFF and WAVE.
    NotWav,
    /// No complete `fmt ` chunk before the end.
    NoFormat,
    /// No `data` chunk after the format.
    NoData,
    /// Neither PCM, µ-law nor A-law: the format tag and the bits of a sample.
    Format(u16, u16),
    /// Neither mono nor stereo: the channels.
    Channels(u16),
    /// Outside 1,000 to 384,000: the samples a second.
    Rate(u32),
}

impl fmt::Display for WavError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => {
                write!(
                    f,
                    "the WAV file has {bytes} bytes; at most {FILE_BYTES_MAX} are read"
                )
            }
            Self::NotWav => write!(f, "not a WAV file: it does not begin with RIFF….WAVE"),
            Self::NoFormat => write!(f, "the WAV file has no complete format (fmt) chunk"),
            Self::NoData => write!(f, "the WAV file has no data chunk after its format"),
            Self::Format(tag, bits) => write!(
                f,
                "the WAV file's format {tag} with {bits} bits is not supported: \
                 convert it to 16 bit PCM, or to 8 bit µ-law or A-law"
            ),
            Self::Channels(channels) => {
                write!(
                    f,
                    "the WAV file has {channels} channels: convert it to mono or stereo"
                )
            }
            Self::Rate(hz) => write!(f, "the WAV file's rate of {hz} Hz cannot be right"),
        }
    }
}

impl std::error::Error for WavError {}
