//! Every decoder on any octets: as many samples as the codec says, whatever the octets are, and
//! the resamplers take what comes of it in any portions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_audio::{Resampler, g711, g722, l16, opus};

fuzz_target!(|bytes: &[u8]| {
    let Some((&portion, octets)) = bytes.split_first() else {
        return;
    };
    let mut narrow = vec![0; octets.len()];
    g711::ulaw::decode_slice(octets, &mut narrow);
    g711::alaw::decode_slice(octets, &mut narrow);
    let mut wide = vec![0; octets.len() * 2];
    g722::Decoder::new().decode(octets, &mut wide);
    let mut opus = opus::Decoder::new();
    for packet in octets.chunks(usize::from(portion) + 1) {
        let mut samples = [0; opus::PACKET_SAMPLES_MAX];
        let count = opus.decode(packet, &mut samples).unwrap_or(0);
        assert!(count <= samples.len());
    }
    let mut resampler = Resampler::new(8_000, 16_000).expect("a pair of rates that is there");
    let mut decoder = l16::Decoder::new(l16::ByteOrder::Little);
    for part in octets.chunks(usize::from(portion) + 1) {
        let mut samples = vec![0; decoder.output_len(part.len())];
        let count = decoder.decode(part, &mut samples);
        let mut out = vec![0; resampler.output_len(count)];
        assert!(resampler.process(&samples[..count], &mut out) <= out.len());
    }
});
