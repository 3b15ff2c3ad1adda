use proptest::prelude::*;
use trunkline_audio::l16::{self, ByteOrder};
use trunkline_audio::{FRAME_SAMPLES, wav};

use super::*;
use crate::stream::{Encoding, Media, Track};

const SPEECH: &[u8] = include_bytes!("../../../../../fixtures/speech/slt.wav");

fn speech() -> Vec<i16> {
    let mut samples = wav::read(SPEECH).expect("a fixture").into_mono();
    samples.truncate(2 * 16_000);
    samples
}

fn format(encoding: Encoding, rate: u32) -> MediaFormat {
    MediaFormat { encoding, rate }
}

fn media(payload: &[u8], chunk: Option<u64>) -> Media<'_> {
    Media {
        track: Track::Inbound,
        chunk,
        timestamp_ms: None,
        format: None,
        payload,
    }
}

/// Every encoding with every rate it has.
fn formats() -> Vec<MediaFormat> {
    let mut formats = vec![
        format(Encoding::G722, 16_000),
        format(Encoding::Opus, 48_000),
    ];
    let encodings = [
        Encoding::Pcmu,
        Encoding::Pcma,
        Encoding::L16Little,
        Encoding::L16Big,
        Encoding::L16Unknown,
    ];
    for encoding in encodings {
        formats.extend([8_000, 16_000, 24_000, 48_000].map(|rate| format(encoding, rate)));
    }
    formats
}

fn heard(hearing: &mut Hearing) -> Vec<i16> {
    let mut samples = Vec::new();
    while let Some(frame) = hearing.frame() {
        samples.extend_from_slice(frame);
    }
    samples
}

/// How much louder the sound is than what differs, in dB, where the two fit best.
fn quality_db(sent: &[i16], heard: &[i16]) -> f64 {
    let power = |samples: &mut dyn Iterator<Item = f64>| samples.map(|s| s * s).sum::<f64>();
    let delays = (0..160).map(|delay| {
        let pairs = sent.iter().zip(&heard[delay..]);
        let difference = power(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
        10.0 * (power(&mut sent.iter().map(|s| f64::from(*s))) / difference.max(1.0)).log10()
    });
    delays.fold(f64::MIN, f64::max)
}

#[test]
fn speech_survives_every_format_both_ways() {
    let speech = speech();
    for format in formats() {
        let mut encoder = Encoder::new(format).unwrap();
        let mut hearing = Hearing::new(format, false).unwrap();
        let mut back = Vec::new();
        for frame in speech.as_chunks::<FRAME_SAMPLES>().0 {
            hearing.push(&media(encoder.encode(frame), None)).unwrap();
            back.extend(heard(&mut hearing));
        }
        assert!(speech.len() - back.len() < 2 * FRAME_SAMPLES, "{format:?}");
        // 8 kHz loses what is above 3.4 kHz; Opus does not keep the wave.
        let enough = match format.encoding {
            Encoding::Opus => 3.0,
            _ if format.rate == 8_000 => 8.0,
            _ => 15.0,
        };
        let quality = quality_db(&speech[..back.len() - 160], &back);
        assert!(quality > enough, "{format:?}: {quality:.1} dB");
        assert_eq!((hearing.lost(), hearing.dropped()), (0, 0));
    }
}

#[test]
fn any_rate_without_a_filter_is_refused_with_what_to_do() {
    let odd = format(Encoding::L16Little, 22_050);
    let error = Hearing::new(odd, false).unwrap_err().to_string();
    assert!(
        error.contains("22050") && error.contains("16000"),
        "{error}"
    );
    assert!(Encoder::new(odd).is_err());
    assert!(Encoder::new(format(Encoding::Pcmu, 0)).is_err());
}

#[test]
fn the_order_of_bytes_is_found_by_listening_and_taken_for_the_other_direction() {
    let speech = speech();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut bytes = vec![0; speech.len() * 2];
        l16::encode(order, &speech, &mut bytes);
        let unknown = format(Encoding::L16Unknown, 16_000);
        let mut hearing = Hearing::new(unknown, false).unwrap();
        let mut back = Vec::new();
        for piece in bytes.chunks(640) {
            hearing.push(&media(piece, None)).unwrap();
            back.extend(heard(&mut hearing));
        }
        assert_eq!(hearing.order(), Some(order));
        // From 200 ms of sound on, every sample is right.
        let settled = 16_000 / 2;
        assert_eq!(back[settled..], speech[settled..back.len()]);
        let mut encoder = Encoder::new(unknown).unwrap();
        encoder.set_order(order);
        let one = [0x0102; FRAME_SAMPLES];
        assert_eq!(encoder.encode(&one)[..2], order.bytes(0x0102));
    }
}

#[test]
fn an_order_that_was_told_is_not_doubted() {
    let mut encoder = Encoder::new(format(Encoding::L16Big, 16_000)).unwrap();
    encoder.set_order(ByteOrder::Little);
    assert_eq!(encoder.encode(&[1; FRAME_SAMPLES])[..2], [0, 1]);
    let hearing = Hearing::new(format(Encoding::L16Big, 16_000), false).unwrap();
    assert_eq!(hearing.order(), None);
}

#[test]
fn messages_come_back_into_the_order_of_their_chunks() {
    let linear = format(Encoding::L16Little, 16_000);
    let frame = |value: u8| [value, 0].repeat(FRAME_SAMPLES);
    let order = |numbers: &[u8]| {
        let mut hearing = Hearing::new(linear, true).unwrap();
        let mut back = Vec::new();
        for number in numbers {
            let chunk = Some(u64::from(*number));
            hearing.push(&media(&frame(*number), chunk)).unwrap();
            back.extend(
                heard(&mut hearing)
                    .chunks(FRAME_SAMPLES)
                    .map(|f| f[0] as u8),
            );
        }
        (back, hearing.lost())
    };
    assert_eq!(order(&[1, 2, 3, 4]), (vec![1, 2, 3, 4], 0));
    assert_eq!(order(&[1, 3, 2, 4]), (vec![1, 2, 3, 4], 0));
    assert_eq!(order(&[1, 5, 4, 3, 2, 6]), (vec![1, 2, 3, 4, 5, 6], 0));
    assert_eq!(
        order(&[1, 2, 2, 3, 1]),
        (vec![1, 2, 3], 2),
        "twice, and late"
    );
    assert_eq!(
        order(&[1, 3, 4, 5, 6, 7, 8, 9, 2]),
        (vec![1, 3, 4, 5, 6, 7, 8, 9], 1),
        "what does not come is given up"
    );
    assert_eq!(
        order(&[1, 200, 201, 202]),
        (vec![1], 0),
        "and waited for first"
    );
}

#[test]
fn nobody_hears_what_the_provider_plays() {
    let mut hearing = Hearing::new(MediaFormat::PCMU, false).unwrap();
    let own = Media {
        track: Track::Outbound,
        ..media(&[0; 160], None)
    };
    hearing.push(&own).unwrap();
    assert!(heard(&mut hearing).is_empty());
}

#[test]
fn a_piece_may_say_its_own_format() {
    let mut hearing = Hearing::new(MediaFormat::PCMU, false).unwrap();
    let wide = Media {
        format: Some(format(Encoding::L16Little, 16_000)),
        ..media(&[7; 640], None)
    };
    hearing.push(&wide).unwrap();
    assert_eq!(heard(&mut hearing), [0x0707; FRAME_SAMPLES]);
    let odd = Media {
        format: Some(format(Encoding::L16Little, 11_025)),
        ..media(&[7; 640], None)
    };
    assert!(hearing.push(&odd).is_err());
}

#[test]
fn a_flood_is_dropped_and_counted() {
    let mut hearing = Hearing::new(MediaFormat::PCMU, false).unwrap();
    hearing.push(&media(&vec![0; 1 << 20], None)).unwrap();
    assert_eq!(heard(&mut hearing).len(), 16_000);
    assert!(hearing.dropped() > 2_000_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_cut_of_the_bytes_gives_the_same_frames(
        cuts in prop::collection::vec(0_usize..900, 1..60),
        which in 0_usize..formats().len(),
    ) {
        let format = formats()[which];
        prop_assume!(format.encoding != Encoding::Opus);
        let mut encoder = Encoder::new(format).unwrap();
        let mut bytes = Vec::new();
        for frame in speech().as_chunks::<FRAME_SAMPLES>().0.iter().skip(30).take(20) {
            bytes.extend_from_slice(encoder.encode(frame));
        }
        let frames = |cuts: &[usize]| {
            let mut hearing = Hearing::new(format, false).unwrap();
            let (mut rest, mut frames) = (bytes.as_slice(), Vec::new());
            for cut in cuts {
                let (piece, tail) = rest.split_at((*cut).min(rest.len()));
                hearing.push(&media(piece, None)).unwrap();
                frames.extend(heard(&mut hearing));
                rest = tail;
            }
            hearing.push(&media(rest, None)).unwrap();
            frames.extend(heard(&mut hearing));
            frames
        };
        let (whole, cut) = (frames(&[]), frames(&cuts));
        prop_assert_eq!(whole.len(), cut.len());
        if format.encoding != Encoding::L16Unknown {
            prop_assert_eq!(whole, cut);
        }
    }

    #[test]
    fn no_bytes_do_harm(
        pieces in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..2_000)), 0..20),
        which in 0_usize..formats().len(),
    ) {
        let mut hearing = Hearing::new(formats()[which], true).unwrap();
        for (chunk, payload) in &pieces {
            hearing.push(&media(payload, Some(*chunk))).unwrap();
            heard(&mut hearing);
        }
    }
}
