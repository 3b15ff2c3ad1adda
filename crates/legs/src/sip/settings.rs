//! What a SIP leg is told once.

use std::net::SocketAddr;
use std::time::Duration;

use trunkline_media::codec::Codec;
use trunkline_media::negotiation::LocalCapabilities;

/// How a SIP leg behaves, and where its media is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where we receive RTP as the far end sees it. RTCP comes to the next port, or to this one
    /// where the far end agrees to share it.
    pub media: SocketAddr,
    /// Our codecs, preferred first; at least one.
    pub codecs: Vec<Codec>,
    /// Milliseconds of audio per packet we ask for: 10 to 60.
    pub ptime_ms: u8,
    /// Whether keys go as RFC 4733 events where the far end has them. Otherwise, and always with
    /// `false`, they go by INFO.
    pub telephone_event: bool,
    /// Where our SIP listens: media is never sent there, whatever a description says.
    pub own_sip: Vec<SocketAddr>,
    /// The host that a transfer target without one belongs to: a number becomes
    /// `sip:number@domain`.
    pub domain: String,
    /// Outgoing calls: make the first description in the ACK instead of the INVITE.
    pub late_offer: bool,
    /// Outgoing calls: how long the far end may ring.
    pub no_answer: Duration,
    /// How long no RTP may come while we expect some; `None`: for ever.
    pub rtp_timeout: Option<Duration>,
    /// The longest call, counted from answer; `None`: no limit.
    pub longest_call: Option<Duration>,
    /// How long the application may say nothing after the caller has spoken before it is told to be
    /// deaf; `None`: for ever.
    pub deaf_after: Option<Duration>,
}

impl Settings {
    /// The usual behaviour at this media address: every codec, 20 ms packets, telephone events,
    /// a minute of ringing, a minute without RTP, no limit to a call's length.
    pub fn new(media: SocketAddr) -> Self {
        Self {
            media,
            codecs: Codec::ALL.to_vec(),
            ptime_ms: 20,
            telephone_event: true,
            own_sip: Vec::new(),
            domain: media.ip().to_string(),
            late_offer: false,
            no_answer: Duration::from_secs(60),
            rtp_timeout: Some(Duration::from_secs(60)),
            longest_call: None,
            deaf_after: None,
        }
    }

    /// What the negotiation of one call brings along.
    pub(super) fn capabilities(&self, session_id: u64) -> LocalCapabilities {
        LocalCapabilities {
            codecs: self.codecs.clone(),
            ptime_ms: self.ptime_ms,
            telephone_event: self.telephone_event,
            rtcp_mux: true,
            media: self.media,
            own_sip: self.own_sip.clone(),
            session_id,
            session_version: 1,
        }
    }
}
