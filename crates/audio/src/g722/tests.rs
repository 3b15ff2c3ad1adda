//! Sequences of two independent implementations that agree with each other; see
//! `fixtures/audio/README.md` for their origin.

use super::*;
use crate::wav;
use proptest::prelude::*;

const SPEECH_WAV: &[u8] = include_bytes!("../../../../fixtures/speech/awb.wav");
const SPEECH_G722: &[u8] = include_bytes!("../../../../fixtures/audio/g722/awb.g722");
const NOISE_G722: &[u8] = include_bytes!("../../../../fixtures/audio/g722/noise.g722");

/// One second of white noise at −6 dBFS: a linear congruential generator's upper half, halved.
fn noise() -> Vec<i16> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i32 - 32_768) >> 1
    };
    (0..16_000).map(|_| next() as i16).collect()
}

fn encoded(samples: &[i16]) -> Vec<u8> {
    let mut codes = vec![0; samples.len() / 2];
    assert_eq!(Encoder::new().encode(samples, &mut codes), codes.len());
    codes
}

fn decoded(codes: &[u8]) -> Vec<i16> {
    let mut samples = vec![0; codes.len() * 2];
    assert_eq!(Decoder::new().decode(codes, &mut samples), samples.len());
    samples
}

/// CRC-32 (IEEE 802.3) of a byte sequence.
fn crc32(bytes: impl IntoIterator<Item = u8>) -> u32 {
    !bytes.into_iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn crc32_of_samples(samples: &[i16]) -> u32 {
    crc32(samples.iter().flat_map(|sample| sample.to_le_bytes()))
}

#[test]
fn speech_is_encoded_and_decoded_bit_exactly() {
    let speech = wav::read(SPEECH_WAV).expect("a fixture").into_mono();
    assert_eq!(encoded(&speech), SPEECH_G722);
    assert_eq!(crc32_of_samples(&decoded(SPEECH_G722)), 0xFF3B_388F);
}

#[test]
fn noise_is_encoded_and_decoded_bit_exactly() {
    let codes = encoded(&noise());
    assert_eq!(&codes[..NOISE_G722.len()], NOISE_G722);
    assert_eq!(crc32(codes.iter().copied()), 0xA13F_7473);
    assert_eq!(crc32_of_samples(&decoded(&codes)), 0xA484_01AD);
}

#[test]
fn a_stream_may_be_cut_between_any_two_pairs() {
    let noise = noise();
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    let (mut codes, mut samples) = (Vec::new(), Vec::new());
    for chunk in noise.chunks(2 * 53) {
        let mut some = vec![0; chunk.len() / 2];
        encoder.encode(chunk, &mut some);
        let mut back = vec![0; chunk.len()];
        decoder.decode(&some, &mut back);
        codes.extend(some);
        samples.extend(back);
    }
    assert_eq!(codes, encoded(&noise));
    assert_eq!(samples, decoded(&codes));
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut codes = [0x55; 2];
    assert_eq!(Encoder::new().encode(&[0; 3], &mut codes), 1);
    assert_eq!(codes[1], 0x55);
    let mut samples = [7; 3];
    assert_eq!(Decoder::new().decode(&[0; 4], &mut samples), 2);
    assert_eq!(samples[2], 7);
}

proptest! {
    #[test]
    fn no_octets_and_no_samples_overflow(
        codes in prop::collection::vec(any::<u8>(), 0..500),
        samples in prop::collection::vec(prop_oneof![Just(i16::MIN), Just(i16::MAX), any::<i16>()], 0..500),
    ) {
        // Arithmetic overflow panics in test builds.
        decoded(&codes);
        encoded(&samples);
    }
}

#[test]
fn a_sound_comes_22_samples_later() {
    let mut samples = [0; 640];
    samples[320] = 20_000;
    let mut codes = [0; 320];
    Encoder::new().encode(&samples, &mut codes);
    let mut back = [0; 640];
    Decoder::new().decode(&codes, &mut back);
    let peak = (0..640).max_by_key(|n| back[*n].unsigned_abs());
    assert_eq!(peak, Some(342));
    assert!((2 * DELAY_US).abs_diff(22 * 1_000 / 16) <= 1);
}
