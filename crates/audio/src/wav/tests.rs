use super::*;
use proptest::prelude::*;

/// A file with these chunks, each padded to an even length.
fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
    for (id, body) in chunks {
        file.extend_from_slice(*id);
        file.extend(u32::try_from(body.len()).expect("short").to_le_bytes());
        file.extend_from_slice(body);
        file.resize(file.len().next_multiple_of(2), 0);
    }
    file
}

fn fmt(tag: u16, channels: u16, rate_hz: u32, bits: u16) -> Vec<u8> {
    let mut body = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
    body.extend(rate_hz.to_le_bytes());
    body.extend([0; 6]);
    body.extend(bits.to_le_bytes());
    body
}

#[test]
fn what_is_written_is_read_back() {
    let mono = read(&write_mono(8_000, &[1, -2, 3])).expect("valid");
    assert_eq!(
        mono,
        Wav {
            rate_hz: 8_000,
            channels: 1,
            samples: vec![1, -2, 3]
        }
    );
    let stereo = read(&write_stereo(16_000, &[1, 2, 3], &[-1])).expect("valid");
    assert_eq!(
        stereo,
        Wav {
            rate_hz: 16_000,
            channels: 2,
            samples: vec![1, -1, 2, 0, 3, 0]
        }
    );
    assert_eq!(stereo.into_mono(), [0, 1, 1]);
}

#[test]
fn the_header_is_that_of_the_format_s_definition() {
    let expected = b"RIFF\x2A\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\x3E\0\0\0\xFA\0\0\x04\0\x10\0data\x06\0\0\0";
    assert_eq!(&header(16_000, 2, 6), expected);
}

#[test]
fn g711_files_are_decoded() {
    let ulaw = riff(&[
        (b"fmt ", &fmt(FORMAT_ULAW, 1, 8_000, 8)),
        (b"data", &[0xFF, 0x80]),
    ]);
    assert_eq!(read(&ulaw).expect("valid").samples, [0, 32_124]);
    let alaw = riff(&[
        (b"fmt ", &fmt(FORMAT_ALAW, 1, 8_000, 8)),
        (b"data", &[0xD5, 0x55]),
    ]);
    assert_eq!(read(&alaw).expect("valid").samples, [8, -8]);
}

#[test]
fn other_chunks_and_the_extensible_format_are_understood() {
    let mut extensible = fmt(FORMAT_EXTENSIBLE, 1, 44_100, 16);
    extensible.extend([22, 0, 16, 0, 0, 0, 0, 0, 1, 0]);
    let file = riff(&[
        (b"LIST", b"odd"),
        (b"fmt ", &extensible),
        (b"fact", &[0; 4]),
        (b"data", &[1, 0]),
        (b"LIST", b"after"),
    ]);
    let expected = Wav {
        rate_hz: 44_100,
        channels: 1,
        samples: vec![1],
    };
    assert_eq!(read(&file), Ok(expected));
}

#[test]
fn a_data_chunk_of_unknown_length_runs_to_the_end() {
    let mut file = header(8_000, 1, usize::MAX).to_vec();
    file.extend([1, 0, 2, 0, 3]);
    assert_eq!(read(&file).expect("valid").samples, [1, 2]);
}

#[test]
fn each_defect_has_its_own_error() {
    let with = |format: Vec<u8>| read(&riff(&[(b"fmt ", &format), (b"data", &[0; 4])]));
    assert_eq!(read(b"RIFX\0\0\0\0WAVE"), Err(WavError::NotWav));
    assert_eq!(read(b"RIFF"), Err(WavError::NotWav));
    assert_eq!(read(&riff(&[])), Err(WavError::NoFormat));
    assert_eq!(with(vec![1, 0, 1]), Err(WavError::NoFormat));
    assert_eq!(
        with(fmt(FORMAT_PCM, 1, 8_000, 24)),
        Err(WavError::Format(1, 24))
    );
    assert_eq!(with(fmt(85, 1, 8_000, 0)), Err(WavError::Format(85, 0)));
    assert_eq!(
        with(fmt(FORMAT_PCM, 0, 8_000, 16)),
        Err(WavError::Channels(0))
    );
    assert_eq!(with(fmt(FORMAT_PCM, 1, 0, 16)), Err(WavError::Rate(0)));
    assert_eq!(
        read(&riff(&[(b"fmt ", &fmt(FORMAT_PCM, 1, 8_000, 16))])),
        Err(WavError::NoData)
    );
    let long = vec![0; FILE_BYTES_MAX + 1];
    assert_eq!(read(&long), Err(WavError::TooLong(FILE_BYTES_MAX + 1)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[b"RIFF\0\0\0\0WAVEfmt ".as_slice(), &bytes].concat());
    }

    #[test]
    fn a_valid_file_cut_or_damaged_never_gives_more_than_it_holds(
        samples in prop::collection::vec(any::<i16>(), 0..100),
        cut in 0_usize..300,
        (at, byte) in (0_usize..44, any::<u8>()),
    ) {
        let mut file = write_mono(8_000, &samples);
        file[at] = byte;
        file.truncate(cut);
        if let Ok(wav) = read(&file) {
            prop_assert!(wav.samples.len() <= file.len());
        }
    }
}
