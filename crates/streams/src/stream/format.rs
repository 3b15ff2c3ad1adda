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
}
