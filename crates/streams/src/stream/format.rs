//! What the audio of a stream is.

/// How samples are spelled as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// 16 bit linear, least significant byte first.
    L16Little,
    /// 16 bit linear, most significant byte first (RFC 3551 §4.5.11).
    L16Big,
    /// 16 bit linear in an order that only listening tells.
    L16Unknown,
    /// G.722, 64 kbit/s.
    G722,
    /// Opus, one packet a message.
    Opus,
}

impl Encoding {
    /// The encoding that providers mean by a name, with or without `audio/` and `x-`, in any case.
    /// `linear` is what this dialect means by 16 bit linear.
    pub fn named(name: &str, linear: Self) -> Option<Self> {
        let known = [
            ("mulaw", Self::Pcmu),
            ("ulaw", Self::Pcmu),
            ("pcmu", Self::Pcmu),
            ("alaw", Self::Pcma),
            ("pcma", Self::Pcma),
            ("l16", linear),
            ("linear16", linear),
            ("pcm", linear),
            ("raw", linear),
            ("slin", linear),
            ("pcm_s16le", Self::L16Little),
            ("pcm_s16be", Self::L16Big),
            ("g722", Self::G722),
            ("opus", Self::Opus),
        ];
        let name = without(without(name.trim(), "audio/"), "x-");
        let named =
            |(known, encoding): (&str, Self)| known.eq_ignore_ascii_case(name).then_some(encoding);
        known.into_iter().find_map(named)
    }

    /// Its name as a media type (RFC 4855, with the `x-` that providers put before G.711).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pcmu => "audio/x-mulaw",
            Self::Pcma => "audio/x-alaw",
            Self::L16Little | Self::L16Big | Self::L16Unknown => "audio/x-l16",
            Self::G722 => "audio/G722",
            Self::Opus => "audio/opus",
        }
    }

    /// Its name in configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pcmu => "pcmu",
            Self::Pcma => "pcma",
            Self::L16Little | Self::L16Big | Self::L16Unknown => "l16",
            Self::G722 => "g722",
            Self::Opus => "opus",
        }
    }

    /// Its name in RTP (RFC 3551 §6).
    pub fn rtp_name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::L16Little | Self::L16Big | Self::L16Unknown => "L16",
            Self::G722 => "G722",
            Self::Opus => "OPUS",
        }
    }
}

/// The audio of one direction: an encoding, and samples a second of its sound. Always mono.
/// (G.722 is 16,000 here, whatever clock its RTP packets count with.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaFormat {
    /// How samples are spelled.
    pub encoding: Encoding,
    /// Samples a second.
    pub rate: u32,
}

impl MediaFormat {
    /// G.711 µ-law at 8 kHz, what a telephone line in America carries.
    pub const PCMU: Self = Self {
        encoding: Encoding::Pcmu,
        rate: 8_000,
    };

    /// An encoding at the rate that telephony has it at: 8 kHz for G.711, 16 kHz for all others.
    pub const fn usual(encoding: Encoding) -> Self {
        let rate = match encoding {
            Encoding::Pcmu | Encoding::Pcma => 8_000,
            _ => 16_000,
        };
        Self { encoding, rate }
    }

    /// The bytes of 20 ms, about where they are compressed.
    pub fn frame_bytes(self) -> usize {
        let samples = self.rate as usize / 50;
        let bytes = match self.encoding {
            Encoding::L16Little | Encoding::L16Big | Encoding::L16Unknown => 2 * samples,
            Encoding::Pcmu | Encoding::Pcma | Encoding::G722 | Encoding::Opus => samples,
        };
        bytes.max(1)
    }

    /// The format of an encoding's name and a rate, as `start` announces them. The name may carry
    /// the rate as a parameter, `audio/l16;rate=16000`. Without any, it is the telephone's 8,000.
    pub fn announced(name: &str, rate: Option<u32>, linear: Encoding) -> Option<Self> {
        let (name, parameters) = name.split_once(';').unwrap_or((name, ""));
        let encoding = Encoding::named(name, linear)?;
        let parameter = parameters
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("rate="));
        let rate = match (encoding, rate, parameter) {
            (Encoding::G722, ..) => 16_000,
            (_, Some(rate), _) => rate,
            (_, None, Some(rate)) => rate.parse().ok()?,
            (_, None, None) => 8_000,
        };
        Some(Self { encoding, rate })
    }
}

/// A name without its beginning, in either case. Nothing is copied: some dialects say their format
/// with every piece of audio.
fn without<'a>(name: &'a str, beginning: &str) -> &'a str {
    match name.split_at_checked(beginning.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(beginning) => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_providers_use_is_read() {
        let read = |name, rate| MediaFormat::announced(name, rate, Encoding::L16Big);
        let format = |encoding, rate| Some(MediaFormat { encoding, rate });
        for name in ["audio/x-mulaw", "PCMU", "mulaw", "audio/PCMU", "ulaw"] {
            assert_eq!(read(name, Some(8_000)), Some(MediaFormat::PCMU), "{name}");
        }
        assert_eq!(read("audio/x-alaw", None), format(Encoding::Pcma, 8_000));
        assert_eq!(read("L16", Some(16_000)), format(Encoding::L16Big, 16_000));
        assert_eq!(
            read("audio/x-l16;rate=16000", None),
            format(Encoding::L16Big, 16_000)
        );
        assert_eq!(read("G722", Some(8_000)), format(Encoding::G722, 16_000));
        assert_eq!(read("AMR-WB", Some(16_000)), None);
        assert_eq!(read("audio/l16;rate=fast", None), None);
    }

    #[test]
    fn every_name_that_is_written_is_read() {
        let all = [
            Encoding::Pcmu,
            Encoding::Pcma,
            Encoding::L16Unknown,
            Encoding::G722,
            Encoding::Opus,
        ];
        for encoding in all {
            for name in [encoding.media_type(), encoding.rtp_name()] {
                assert_eq!(Encoding::named(name, Encoding::L16Unknown), Some(encoding));
            }
        }
    }
}
