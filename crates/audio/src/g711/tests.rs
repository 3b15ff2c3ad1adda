//! Both laws, all inputs, against G.711's own decision levels.

use super::{alaw, ulaw};

/// A segment of G.711's tables 1 and 2: decision levels start at `from` and are `step` apart.
struct Segment {
    from: i32,
    step: i32,
}

const STEPS: i32 = 16;

/// Table 2a/G.711 (µ-law) on G.191's 16 bit scale (14 bits shifted up by 2): the decision levels of
/// the positive half, first of each segment, with 16 steps each. Segment 0 starts below zero, since
/// its first step is half as wide.
fn ulaw_segments() -> impl Iterator<Item = Segment> {
    (0..8).map(|n| Segment {
        from: (128 << n) - 132,
        step: 8 << n,
    })
}

/// Table 1a/G.711 (A-law) on G.191's 16 bit scale (13 bits shifted up by 3): segments 0 and 1 share
/// a step of 16, then it doubles.
fn alaw_segments() -> impl Iterator<Item = Segment> {
    std::iter::once(Segment { from: 0, step: 16 }).chain((0..7).map(|n| Segment {
        from: 256 << n,
        step: 16 << n,
    }))
}

/// The step a magnitude falls in, counted from the smallest: the last whose level is not above it.
fn step_of(magnitude: i32, segments: impl Iterator<Item = Segment>) -> u8 {
    let levels = segments.flat_map(|s| (0..STEPS).map(move |n| s.from + n * s.step));
    let reached = levels.take_while(|level| *level <= magnitude).count();
    u8::try_from(reached - 1).expect("at most 128 steps")
}

/// The middle of a step.
fn middle_of(step: u8, mut segments: impl Iterator<Item = Segment>) -> i16 {
    let segment = segments.nth(usize::from(step / 16)).expect("8 segments");
    let middle = segment.from + i32::from(step % 16) * segment.step + segment.step / 2;
    i16::try_from(middle).expect("within 16 bits")
}

/// G.191: the magnitude of a negative sample is its one's complement.
fn magnitude(sample: i16) -> i32 {
    i32::from(if sample < 0 { !sample } else { sample })
}

fn sign_bit(sample: i16) -> u8 {
    if sample < 0 { 0x00 } else { 0x80 }
}

#[test]
fn ulaw_encodes_every_sample_by_the_decision_levels() {
    for sample in i16::MIN..=i16::MAX {
        // G.191 compares on 14 bits, so the two lowest bits never decide.
        let step = step_of(magnitude(sample) & !3, ulaw_segments());
        let expected = (!step & 0x7F) | sign_bit(sample);
        assert_eq!(ulaw::encode(sample), expected, "sample {sample}");
    }
}

#[test]
fn alaw_encodes_every_sample_by_the_decision_levels() {
    for sample in i16::MIN..=i16::MAX {
        let step = step_of(magnitude(sample), alaw_segments());
        let expected = (step | sign_bit(sample)) ^ 0x55;
        assert_eq!(alaw::encode(sample), expected, "sample {sample}");
    }
}

#[test]
fn ulaw_table_is_the_middle_of_each_step() {
    for code in 0..=u8::MAX {
        let middle = middle_of(!code & 0x7F, ulaw_segments());
        let expected = if code & 0x80 == 0 { -middle } else { middle };
        assert_eq!(ulaw::decode(code), expected, "code {code:#04x}");
    }
}

#[test]
fn alaw_table_is_the_middle_of_each_step() {
    for code in 0..=u8::MAX {
        let plain = code ^ 0x55;
        let middle = middle_of(plain & 0x7F, alaw_segments());
        let expected = if plain & 0x80 == 0 { -middle } else { middle };
        assert_eq!(alaw::decode(code), expected, "code {code:#04x}");
    }
}

/// CRC-32 (IEEE 802.3) of all 65,536 codes from −32,768 up, as computed by a separate script that
/// follows G.191's `ulaw_compress` and `alaw_compress` step by step.
#[test]
fn all_codes_have_the_checksum_of_the_g191_procedure() {
    let checksum = |encode: fn(i16) -> u8| {
        !(i16::MIN..=i16::MAX).map(encode).fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
            })
        })
    };
    assert_eq!(checksum(ulaw::encode), 0x6399_D432);
    assert_eq!(checksum(alaw::encode), 0x9133_796E);
}

#[test]
fn negative_zero_and_saturation_are_as_documented() {
    assert_eq!([0, -1, -4, -5].map(ulaw::encode), [0xFF, 0x7F, 0x7F, 0x7E]);
    assert_eq!([0xFF, 0x7F].map(ulaw::decode), [0, 0]);
    assert_eq!(
        [32_636, i16::MAX, -32_637, i16::MIN].map(ulaw::encode),
        [0x80, 0x80, 0x00, 0x00]
    );
    assert_eq!([0x80, 0x00].map(ulaw::decode), [32_124, -32_124]);
    assert_eq!([0, -1].map(alaw::encode), [0xD5, 0x55]);
    assert_eq!([0xD5, 0x55].map(alaw::decode), [8, -8]);
    assert_eq!(
        [i16::MAX, i16::MIN].map(|s| alaw::decode(alaw::encode(s))),
        [32_256, -32_256]
    );
}

#[test]
fn every_code_survives_a_round_trip_but_the_negative_zero() {
    for code in 0..=u8::MAX {
        let again = ulaw::encode(ulaw::decode(code));
        assert_eq!(again, if code == 0x7F { 0xFF } else { code });
        assert_eq!(alaw::encode(alaw::decode(code)), code);
    }
}

#[test]
fn slices_stop_at_the_shorter_one() {
    let mut codes = [0xAA; 3];
    ulaw::encode_slice(&[0, 0], &mut codes);
    assert_eq!(codes, [0xFF, 0xFF, 0xAA]);
    let mut samples = [1; 2];
    alaw::decode_slice(&[0xD5, 0x55, 0xD5], &mut samples);
    assert_eq!(samples, [8, -8]);
}
