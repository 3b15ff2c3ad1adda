//! Why a negotiation failed, and what SIP says about it.

use crate::sdp::{AddressFault, SdpError};

/// An offer or answer that led to no agreement. The agreement before it, if any, still holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// The description cannot be read.
    #[error(transparent)]
    Malformed(#[from] SdpError),
    /// The peer's offer crossed ours (RFC 3264 §4).
    #[error("an offer of ours awaits its answer")]
    Glare,
    /// An answer came and no offer of ours is open.
    #[error("an answer without an offer")]
    UnexpectedAnswer,
    /// We have no codec to offer.
    #[error("no codec is enabled; enable at least one")]
    NothingToOffer,
    /// No audio section, or all of them with port 0.
    #[error("no audio stream")]
    NoAudio,
    /// The peer's answer refused our audio stream, or has it no more.
    #[error("the answer refuses the audio stream")]
    StreamRefused,
    /// Encrypted media only.
    #[error("{0} (encrypted media) is not supported; use RTP/AVP")]
    SecureMedia(String),
    /// A transport that is not RTP.
    #[error("an audio transport other than RTP/AVP")]
    Transport,
    /// No `c=` line applies to the audio section.
    #[error("the audio stream has no connection address")]
    NoAddress,
    /// An address media must not go to.
    #[error("the media address {address} {fault}")]
    Address {
        /// The address or name as the peer gave it.
        address: String,
        /// What is wrong with it.
        fault: AddressFault,
    },
    /// The two sides share no codec.
    #[error("no common codec: theirs {theirs}; ours {ours}")]
    NoCommonCodec {
        /// The encoding names of the peer's formats.
        theirs: String,
        /// Ours.
        ours: String,
    },
}

impl NegotiationError {
    /// The SIP status that refuses an offer for this reason.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::UnexpectedAnswer => 400,
            Self::Glare => 491,
            Self::NothingToOffer => 500,
            _ => 488,
        }
    }

    /// The code of the `Warning` header that explains a 488 (RFC 3261 §20.43).
    pub const fn warning_code(&self) -> u16 {
        match self {
            Self::Transport | Self::SecureMedia(_) => 302,
            Self::NoAudio | Self::StreamRefused => 304,
            Self::NoCommonCodec { .. } => 305,
            Self::Address {
                fault: AddressFault::Multicast,
                ..
            } => 330,
            Self::Address {
                fault: AddressFault::Family | AddressFault::Name,
                ..
            } => 301,
            _ => 399,
        }
    }
}
