//! The codecs a call can be agreed on.

use std::fmt;

/// An audio codec, with the facts SDP and RTP need to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz audio.
    Pcmu,
    /// G.711 A-law, 8 kHz audio.
    Pcma,
    /// G.722 at 64 kbit/s, 16 kHz audio.
    G722,
}

impl Codec {
    /// Every codec this build can speak, best audio first.
    pub const ALL: [Self; 3] = [Self::G722, Self::Pcmu, Self::Pcma];

    /// The rate of the RTP timestamp in Hz.
    ///
    /// G.722 samples at 16 kHz but its RTP clock is 8 kHz, an error that RFC 3551 §4.5.2 keeps
    /// for compatibility.
    pub const fn clock_rate(self) -> u32 {
        8_000
    }

    /// The rate of the decoded audio in Hz.
    pub const fn sample_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 => 16_000,
        }
    }

    /// The encoding name registered for `a=rtpmap` (compared without regard to case).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// The payload type RFC 3551 §6 reserves for this codec.
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// The codec that a payload type means when no `a=rtpmap` says otherwise (RFC 3551 §6).
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.static_payload_type() == payload_type)
    }

    /// The codec registered under an encoding name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
