//! Asterisk's names of formats.

use crate::stream::{Encoding, MediaFormat};

/// Its own linear format is in its machine's byte order, little-endian on every machine it is
/// built for.
const FORMATS: [(&str, Encoding, u32); 13] = [
    ("ulaw", Encoding::Pcmu, 8_000),
    ("alaw", Encoding::Pcma, 8_000),
    ("g722", Encoding::G722, 16_000),
    ("opus", Encoding::Opus, 48_000),
    ("slin", Encoding::L16Little, 8_000),
    ("slin12", Encoding::L16Little, 12_000),
    ("slin16", Encoding::L16Little, 16_000),
    ("slin24", Encoding::L16Little, 24_000),
    ("slin32", Encoding::L16Little, 32_000),
    ("slin44", Encoding::L16Little, 44_100),
    ("slin48", Encoding::L16Little, 48_000),
    ("slin96", Encoding::L16Little, 96_000),
    ("slin192", Encoding::L16Little, 192_000),
];

/// The format of a name.
pub(super) fn named(name: &str) -> Option<MediaFormat> {
    let (_, encoding, rate) = FORMATS.iter().find(|(known, ..)| *known == name)?;
    Some(MediaFormat {
        encoding: *encoding,
        rate: *rate,
    })
}

/// The name of a format; `None` where Asterisk has none.
pub(super) fn name(format: MediaFormat) -> Option<&'static str> {
    let known = |(_, encoding, rate): &&(&str, Encoding, u32)| {
        (*encoding, *rate) == (format.encoding, format.rate)
    };
    FORMATS.iter().find(known).map(|(name, ..)| *name)
}

/// How many bytes 20 ms have; of Opus it varies.
pub(super) fn frame_bytes(format: MediaFormat) -> u32 {
    match format.encoding {
        Encoding::G722 => 160,
        Encoding::L16Little | Encoding::L16Big | Encoding::L16Unknown => format.rate / 50 * 2,
        Encoding::Pcmu | Encoding::Pcma => format.rate / 50,
        Encoding::Opus => 0,
    }
}
