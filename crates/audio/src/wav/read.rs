use super::{
    FILE_BYTES_MAX, FORMAT_ALAW, FORMAT_EXTENSIBLE, FORMAT_PCM, FORMAT_ULAW, RATES_HZ, Wav,
    WavError,
};
use crate::g711::{alaw, ulaw};

/// Bytes of a sub-format GUID's place in an extensible format chunk.
const SUBFORMAT_AT: usize = 24;

#[derive(Clone, Copy)]
enum Coding {
    Pcm16,
    Ulaw,
    Alaw,
}

struct Format {
    coding: Coding,
    channels: u16,
    rate_hz: u32,
}

/// Reads a whole file.
///
/// A `data` chunk that claims more bytes than follow (as streams written without seeking do) is read
/// to the end of the file; a last sample that is cut is dropped.
pub fn read(file: &[u8]) -> Result<Wav, WavError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(WavError::TooLong(file.len()));
    }
    let mut chunks = Chunks::of(file)?;
    let format = loop {
        match chunks.next() {
            Some((b"fmt ", body)) => break Format::parse(body)?,
            Some(_) => {}
            None => return Err(WavError::NoFormat),
        }
    };
    let data = chunks
        .find(|(id, _)| *id == b"data")
        .ok_or(WavError::NoData)?
        .1;
    let mut samples: Vec<i16> = match format.coding {
        Coding::Pcm16 => data
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(i16::from_le_bytes)
            .collect(),
        Coding::Ulaw => data.iter().copied().map(ulaw::decode).collect(),
        Coding::Alaw => data.iter().copied().map(alaw::decode).collect(),
    };
    samples.truncate(samples.len() - samples.len() % usize::from(format.channels));
    Ok(Wav {
        rate_hz: format.rate_hz,
        channels: format.channels,
        samples,
    })
}

impl Format {
    fn parse(body: &[u8]) -> Result<Self, WavError> {
        let u16_at = |at| {
            body.get(at..)?
                .first_chunk()
                .copied()
                .map(u16::from_le_bytes)
        };
        let u32_at = |at| {
            body.get(at..)?
                .first_chunk()
                .copied()
                .map(u32::from_le_bytes)
        };
        let tag = u16_at(0).ok_or(WavError::NoFormat)?;
        let channels = u16_at(2).ok_or(WavError::NoFormat)?;
        let rate_hz = u32_at(4).ok_or(WavError::NoFormat)?;
        let bits = u16_at(14).ok_or(WavError::NoFormat)?;
        let tag = match tag {
            FORMAT_EXTENSIBLE => u16_at(SUBFORMAT_AT).ok_or(WavError::NoFormat)?,
            plain => plain,
        };
        let coding = match (tag, bits) {
            (FORMAT_PCM, 16) => Coding::Pcm16,
            (FORMAT_ULAW, 8) => Coding::Ulaw,
            (FORMAT_ALAW, 8) => Coding::Alaw,
            _ => return Err(WavError::Format(tag, bits)),
        };
        if !matches!(channels, 1 | 2) {
            return Err(WavError::Channels(channels));
        }
        if !RATES_HZ.contains(&rate_hz) {
            return Err(WavError::Rate(rate_hz));
        }
        Ok(Self {
            coding,
            channels,
            rate_hz,
        })
    }
}

/// The chunks of a RIFF file, each cut at the file's end.
struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    fn of(file: &'a [u8]) -> Result<Self, WavError> {
        let (riff, rest) = file.split_first_chunk::<4>().ok_or(WavError::NotWav)?;
        // The length in bytes 4 to 7 says nothing that the file's end does not.
        let (wave, chunks) = rest
            .get(4..)
            .and_then(|r| r.split_first_chunk::<4>())
            .ok_or(WavError::NotWav)?;
        if riff != b"RIFF" || wave != b"WAVE" {
            return Err(WavError::NotWav);
        }
        Ok(Self(chunks))
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (id, rest) = self.0.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (body, after) = rest.split_at(length.min(rest.len()));
        // Chunks begin at even places.
        self.0 = after.get(length % 2..).unwrap_or_default();
        Some((id, body))
    }
}
