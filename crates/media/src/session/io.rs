//! What goes into a session and what comes out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_audio::AudioFrame;

use crate::dtmf::Digit;
use crate::negotiation::Agreed;
use crate::turns::Finding;

/// Which of a session's two sockets. With RTP and RTCP on one port (RFC 5761) everything is
/// [`Port::Rtp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// The even port, the one in the `m=` line.
    Rtp,
    /// The port RTCP has to itself.
    Rtcp,
}

/// A place in the application's audio, numbered by the caller, who knows what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MarkId(pub u64);

/// What a session is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A deadline came due.
    Timeout,
    /// A datagram came in.
    Packet {
        /// On which socket.
        port: Port,
        /// From where, as the kernel saw it.
        source: SocketAddr,
        /// All of it. Anything may be in it.
        bytes: &'a [u8],
    },
    /// A datagram that came on the RTP port before the session began, from where the answer says that
    /// the peer's media comes from. What it says is passed over, and the decoder knows where it is in
    /// what follows. To be given first, in the order of coming.
    Early {
        /// How long before.
        before: Duration,
        /// From where, as the kernel saw it.
        source: SocketAddr,
        /// All of it. Anything may be in it.
        bytes: &'a [u8],
    },
    /// Samples to speak: 16 kHz mono, any number of them. Refused as a whole where the queue cannot
    /// hold them.
    Play(&'a [i16]),
    /// Tell me when everything queued so far was played.
    Mark(MarkId),
    /// Forget what is queued.
    Clear,
    /// Stop playing; keep what is queued.
    Pause,
    /// Go on playing.
    Continue,
    /// Send a telephone event.
    SendDtmf {
        /// Which key.
        digit: Digit,
        /// For how long, in ms; brought into the range a receiver can tell.
        duration_ms: u32,
    },
    /// A new offer and answer took effect.
    Renegotiated(&'a Agreed),
    /// The call is over: an RTCP BYE is sent and nothing after it.
    End,
}

/// What a session wants. After every [`Input`], take outputs until [`Output::Timeout`].
#[derive(Debug)]
pub enum Output<'a> {
    /// Nothing more now. Call again at this time at the latest.
    Timeout(Instant),
    /// Send this datagram.
    Transmit {
        /// From which socket.
        port: Port,
        /// To where.
        destination: SocketAddr,
        /// All of it.
        bytes: &'a [u8],
    },
    /// The next 20 ms of what the caller says.
    Audio {
        /// 320 samples at 16 kHz.
        frame: AudioFrame,
        /// Position of its first sample, counted in 16 kHz samples from answer.
        at: u64,
        /// Whether any of it was made up because nothing came in time.
        concealed: bool,
    },
    /// The caller pressed a key and let it go.
    Dtmf {
        /// Which key.
        digit: Digit,
        /// For how long, as far as it was told, in ms.
        duration_ms: u32,
    },
    /// All audio before this mark is on the wire.
    MarkPlayed {
        /// The number given with [`Input::Mark`].
        mark: MarkId,
        /// Application audio put on the wire before the mark since answer, in ms.
        at_ms: u64,
    },
    /// The queue was emptied on request.
    Cleared {
        /// Application audio put on the wire since answer, in ms.
        at_ms: u64,
        /// Marks that will never be reached, in their order.
        unplayed: Vec<MarkId>,
    },
    /// Playing stopped on request.
    Paused {
        /// Application audio put on the wire since answer, in ms.
        at_ms: u64,
    },
    /// The queue is nearly full.
    QueueHigh {
        /// How much is queued, in ms.
        queued_ms: u64,
    },
    /// After [`Output::QueueHigh`], the queue came down again.
    QueueLow {
        /// How much is left, in ms.
        queued_ms: u64,
    },
    /// An input was not carried out.
    Refused(Refusal),
    /// Who answered, or interrupted, whom how fast.
    Found(Finding),
    /// No valid RTP came for as long as the limit allows, though the peer may send. Said once for
    /// each silence; the session goes on, and whether the call does is not decided here.
    RtpSilent {
        /// How long nothing came.
        silence: Duration,
    },
}

/// Which input was not carried out, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// [`Input::Play`] found too little room in the queue; nothing of it was taken.
    PlayFull,
    /// [`Input::Mark`] found as many marks waiting as are allowed.
    MarkFull,
    /// [`Input::SendDtmf`] found as many digits waiting as are allowed.
    DtmfFull,
    /// [`Input::SendDtmf`] on a call without telephone-event in its answer.
    DtmfUnsupported,
}

/// What an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a peer that may send RTP can send none before [`Output::RtpSilent`].
    pub rtp_silence_max: Duration,
    /// How long the application may say nothing after the peer has spoken before [`Finding::Deaf`];
    /// `None`: for ever.
    pub deaf_after: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rtp_silence_max: Duration::from_secs(60),
            deaf_after: None,
        }
    }
}
