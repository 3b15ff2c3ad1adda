//! What a recording holds, measured without the product's own code.

use std::f64::consts::TAU;
use std::path::Path;

/// The share of the energy of these samples that lies at one frequency: 1 for a pure tone there.
pub fn share_at(hz: f64, rate_hz: u32, samples: &[i16]) -> f64 {
    let energy: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    if energy == 0.0 {
        return 0.0;
    }
    let step = TAU * hz / f64::from(rate_hz);
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (sine, cosine) = (step * at as f64).sin_cos();
        real += f64::from(*sample) * cosine;
        imaginary += f64::from(*sample) * sine;
    }
    2.0 * (real * real + imaginary * imaginary) / (energy * samples.len() as f64)
}

/// How many of the 20 ms pieces of these samples are that tone, for the most part.
pub fn frames_of_tone(hz: f64, rate_hz: u32, samples: &[i16]) -> usize {
    frames_that_are(hz, rate_hz, samples).count()
}

/// Which of the 20 ms pieces of these samples, from 0, are that tone for the most part.
pub fn frames_that_are(hz: f64, rate_hz: u32, samples: &[i16]) -> impl Iterator<Item = usize> {
    let pieces = samples.chunks_exact(rate_hz as usize / 50).enumerate();
    pieces
        .filter(move |(_, piece)| share_at(hz, rate_hz, piece) > 0.8)
        .map(|(at, _)| at)
}

/// A tone of this frequency at a third of full scale.
pub fn tone(hz: f64, rate_hz: u32, samples: usize) -> Vec<i16> {
    let step = TAU * hz / f64::from(rate_hz);
    (0..samples)
        .map(|at| ((step * at as f64).sin() * 10_000.0) as i16)
        .collect()
}

/// A WAV file of these samples, 16 bit with one channel.
pub fn wav(rate_hz: u32, samples: &[i16]) -> Vec<u8> {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    coded_wav(1, 16, rate_hz, &bytes)
}

/// A WAV file of these bytes, one channel: format 1 is linear, 6 A-law, 7 µ-law.
pub fn coded_wav(format: u16, bits: u16, rate_hz: u32, bytes: &[u8]) -> Vec<u8> {
    let align = bits / 8;
    let length = u32::try_from(bytes.len()).expect("a short file");
    [
        &b"RIFF"[..],
        &(36 + length).to_le_bytes(),
        b"WAVEfmt ",
        &16u32.to_le_bytes(),
        &format.to_le_bytes(),
        &1u16.to_le_bytes(),
        &rate_hz.to_le_bytes(),
        &(rate_hz * u32::from(align)).to_le_bytes(),
        &align.to_le_bytes(),
        &bits.to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
        bytes,
    ]
    .concat()
}

/// The samples of a 16 bit WAV with one channel, whatever chunks precede them. A file that is
/// still being written may have none yet.
pub fn read_wav(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let chunk = bytes.windows(4).position(|window| window == b"data");
    let samples = chunk.and_then(|at| bytes.get(at + 8..)).unwrap_or_default();
    let pairs = samples.chunks_exact(2);
    pairs
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

#[test]
fn a_tone_is_told_from_another_and_from_silence() {
    let samples = tone(1000.0, 8000, 1600);
    assert!(share_at(1000.0, 8000, &samples) > 0.99);
    assert!(share_at(500.0, 8000, &samples) < 0.01);
    assert_eq!(frames_of_tone(1000.0, 8000, &samples), 10);
    assert_eq!(frames_of_tone(1000.0, 8000, &[0; 1600]), 0);
}
