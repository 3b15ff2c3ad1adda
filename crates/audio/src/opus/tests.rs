//! Packets of another implementation; see `fixtures/audio/README.md` for their origin.

use super::*;
use crate::wav;
use proptest::prelude::*;

const SPEECH_WAV: &[u8] = include_bytes!("../../../../fixtures/speech/awb.wav");
const SPEECH: &[u8] = include_bytes!("../../../../fixtures/audio/opus/speech.packets");
const STEREO: &[u8] = include_bytes!("../../../../fixtures/audio/opus/stereo.packets");
const STEREO_DECODED: &[u8] = include_bytes!("../../../../fixtures/audio/opus/stereo.s16le");

/// Packets that stand behind their length, two bytes with the least significant first.
fn packets(mut file: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    while let Some((length, rest)) = file.split_first_chunk::<2>() {
        let (packet, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)));
        packets.push(packet);
        file = rest;
    }
    packets
}

fn decoded(packets: &[&[u8]]) -> Vec<i16> {
    let mut decoder = Decoder::new();
    let mut samples = Vec::new();
    for packet in packets {
        let mut piece = [0; PACKET_SAMPLES_MAX];
        let count = decoder.decode(packet, &mut piece).expect("a good packet");
        samples.extend_from_slice(&piece[..count]);
    }
    samples
}

/// CRC-32 (IEEE 802.3) of samples as little endian bytes.
fn crc32(samples: &[i16]) -> u32 {
    let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn packets_of_libopus_are_decoded_to_the_very_samples_that_it_decodes() {
    let speech = decoded(&packets(SPEECH));
    assert_eq!((speech.len(), crc32(&speech)), (48_000, 0x1E60_CB31));
}

/// RFC 6716 does not say how two channels become one, so the samples are the decoder's own.
#[test]
fn stereo_packets_of_libopus_become_mono_that_sounds_the_same() {
    let ours = decoded(&packets(STEREO));
    let (pairs, _) = STEREO_DECODED.as_chunks::<2>();
    let theirs: Vec<i16> = pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    assert_eq!(ours.len(), theirs.len());
    assert!(likeness(&ours, &theirs) > 0.97);
}

#[test]
fn speech_survives_our_encoder() {
    let speech = wav::read(SPEECH_WAV).expect("a fixture").into_mono();
    let mut encoder = Encoder::new();
    let (frames, _) = speech.as_chunks::<FRAME_SAMPLES>();
    let mut buffer = [0; PACKET_BYTES_MAX];
    let mut stream: Vec<Vec<u8>> = Vec::new();
    for frame in frames {
        let count = encoder.encode(frame, &mut buffer);
        assert!(count > 0);
        stream.push(buffer[..count].to_vec());
    }
    let bytes: usize = stream.iter().map(Vec::len).sum();
    let seconds = frames.len() as f64 / 50.0;
    assert!((bytes as f64 * 8.0 / seconds) < 1.2 * f64::from(BITS_A_SECOND));
    let heard = decoded(&stream.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(heard.len(), frames.len() * FRAME_SAMPLES);
    // The codec is late by its look-ahead; where it fits best, most of the wave is there.
    let best = (0..200).map(|late| likeness(&speech, &heard[late..]));
    assert!(best.fold(0.0, f64::max) > 0.9);
}

/// The correlation of two signals, 1 for the same.
fn likeness(one: &[i16], two: &[i16]) -> f64 {
    let pairs = || {
        one.iter()
            .zip(two)
            .map(|(a, b)| (f64::from(*a), f64::from(*b)))
    };
    let sum = |f: fn((f64, f64)) -> f64| pairs().map(f).sum::<f64>();
    sum(|(a, b)| a * b) / (sum(|(a, _)| a * a) * sum(|(_, b)| b * b)).sqrt()
}

#[test]
fn no_packet_is_bad_and_a_packet_without_room_is_refused() {
    let mut decoder = Decoder::new();
    assert_eq!(
        decoder.decode(&[], &mut [0; PACKET_SAMPLES_MAX]),
        Err(BadPacket)
    );
    let first = packets(SPEECH)[0];
    assert_eq!(decoder.decode(first, &mut [0; 319]), Err(BadPacket));
    assert_eq!(decoder.decode(first, &mut [0; 320]), Ok(320));
}

proptest! {
    #[test]
    fn no_bytes_do_harm(stream in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..20)) {
        let mut decoder = Decoder::new();
        for packet in stream {
            let mut samples = [0; PACKET_SAMPLES_MAX];
            if let Ok(count) = decoder.decode(&packet, &mut samples) {
                prop_assert!(count <= PACKET_SAMPLES_MAX);
            }
        }
    }
}
