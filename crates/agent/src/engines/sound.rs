//! Sound of voices, as it comes: bytes of linear PCM at any rate, or of a WAV file.

use trunkline_audio::wav;

use super::rate::Rate;

/// The longest WAV file: five minutes at 48 kHz.
const FILE_BYTES_MAX: usize = 30 << 20;

/// Turns the bytes of one answer into samples at 16 kHz.
pub(super) struct Sound {
    rate: Rate,
    kind: Kind,
}

enum Kind {
    /// So few bytes that both are possible.
    Unknown(Vec<u8>),
    /// Raw; perhaps the first half of a sample.
    Raw(Option<u8>),
    /// A WAV file so far: what says how to read it comes first, but its length may come last.
    File(Vec<u8>),
}

impl Sound {
    /// Raw sound at this rate, unless it is a file that says otherwise.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate: Rate::new(rate_hz),
            kind: Kind::Unknown(Vec::new()),
        }
    }

    /// The samples that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<i16>, String> {
        match &mut self.kind {
            Kind::Unknown(start) => {
                start.extend_from_slice(bytes);
                if start.len() < 4 {
                    return Ok(Vec::new());
                }
                let start = std::mem::take(start);
                if is_compressed(&start) {
                    return Err("sound that is neither PCM nor a WAV file".to_owned());
                }
                if start.starts_with(b"RIFF") {
                    self.kind = Kind::File(start);
                    return Ok(Vec::new());
                }
                self.kind = Kind::Raw(None);
                self.push(&start)
            }
            Kind::Raw(half) => {
                let samples = samples(half, bytes);
                Ok(self.rate.process(&samples))
            }
            Kind::File(file) => {
                file.extend_from_slice(bytes);
                match file.len() > FILE_BYTES_MAX {
                    true => Err("a WAV file that does not end".to_owned()),
                    false => Ok(Vec::new()),
                }
            }
        }
    }

    /// What is left at the end.
    pub fn rest(&self) -> Result<Vec<i16>, String> {
        let Kind::File(file) = &self.kind else {
            return Ok(Vec::new());
        };
        let file = wav::read(file).map_err(|error| error.to_string())?;
        let mut rate = Rate::new(file.rate_hz);
        Ok(rate.process(&file.into_mono()))
    }
}

/// Whether this begins an MP3, Ogg or FLAC file, which would be noise as samples.
fn is_compressed(start: &[u8]) -> bool {
    let is_named = [&b"ID3"[..], b"OggS", b"fLaC"]
        .iter()
        .any(|name| start.starts_with(name));
    // A frame of MPEG audio, layer III: eleven bits that are set, and how it is made.
    let is_mp3 = matches!(start, [0xFF, how, ..] if how & 0xE6 == 0xE2);
    is_named || is_mp3
}

/// Whole samples; half of one waits for the next bytes.
fn samples(half: &mut Option<u8>, bytes: &[u8]) -> Vec<i16> {
    let (first, bytes) = match (half.take(), bytes) {
        (Some(low), [high, rest @ ..]) => (Some(i16::from_le_bytes([low, *high])), rest),
        (low, bytes) => {
            *half = low;
            (None, bytes)
        }
    };
    let (pairs, odd) = bytes.as_chunks::<2>();
    if let [odd] = odd {
        *half = Some(*odd);
    }
    let pairs = pairs.iter().map(|pair| i16::from_le_bytes(*pair));
    first.into_iter().chain(pairs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_the_same_however_it_is_cut() {
        let tone: Vec<i16> = (0..4_000)
            .map(|n| ((n * 37) % 2_000) as i16 - 1_000)
            .collect();
        let bytes: Vec<u8> = tone
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        for size in [1, 3, 7, 1_000, 8_000] {
            let mut sound = Sound::new(16_000);
            let pieces = bytes.chunks(size).map(|piece| sound.push(piece).unwrap());
            let heard: Vec<i16> = pieces.collect::<Vec<_>>().concat();
            assert_eq!(heard, tone, "in pieces of {size} bytes");
        }
    }

    #[test]
    fn what_would_be_noise_is_refused() {
        for start in [&b"ID3\x03xxxx"[..], b"OggS\0xxx", b"\xFF\xFB\x90\x64xx"] {
            assert!(Sound::new(24_000).push(start).is_err(), "{start:?}");
        }
    }

    #[test]
    fn a_wav_file_says_its_own_rate() {
        let file = wav::write_mono(8_000, &[500; 800]);
        let mut sound = Sound::new(24_000);
        assert_eq!(sound.push(&file[..50]), Ok(Vec::new()));
        assert_eq!(sound.push(&file[50..]), Ok(Vec::new()));
        assert_eq!(sound.rest().unwrap().len(), 1_600);
        let mut broken = Sound::new(24_000);
        broken.push(b"RIFFxxxxnothing").unwrap();
        assert!(broken.rest().is_err());
    }
}
