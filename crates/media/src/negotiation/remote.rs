//! The peer's audio stream: what a section of its description says about it.

use std::net::SocketAddr;

use super::capabilities::{LocalCapabilities, PTIME_MAX_MS, PTIME_MIN_MS};
use super::error::NegotiationError;
use crate::codec::Codec;
use crate::sdp::media_address_fault;
use crate::sdp::{Address, AddressFault, Direction, Media, SessionDescription};

/// The most encoding names listed in an error text.
const NAMES_LISTED_MAX: usize = 8;

/// A payload type and the format it carries.
pub(super) type Mapping = (u8, Format);

/// What a payload type can carry in our stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Codec(Codec),
    TelephoneEvent,
    ComfortNoise,
}

impl Format {
    /// The value of `a=rtpmap` after the payload type.
    pub(super) fn rtpmap(self) -> String {
        match self {
            Self::Codec(codec) => format!("{}/{}", codec.name(), codec.clock_rate()),
            Self::TelephoneEvent => "telephone-event/8000".to_owned(),
            Self::ComfortNoise => "CN/8000".to_owned(),
        }
    }
}

/// A stream the peer describes, usable as far as transport and address go.
#[derive(Debug, Clone)]
pub(super) struct RemoteStream {
    pub(super) protocol: String,
    /// Where RTP and RTCP go; `None` while the peer holds by an unspecified address
    /// (RFC 3264 §8.4).
    pub(super) targets: Option<(SocketAddr, SocketAddr)>,
    pub(super) rtcp_mux: bool,
    pub(super) direction: Direction,
    pub(super) formats: Vec<Mapping>,
    ptime_ms: Option<u32>,
    maxptime_ms: Option<u32>,
}

impl RemoteStream {
    /// Reads an audio section. `ours` explains dynamic payload types an answer leaves unmapped.
    pub(super) fn read(
        description: &SessionDescription,
        media: &Media,
        local: &LocalCapabilities,
        ours: &[Mapping],
    ) -> Result<Self, NegotiationError> {
        check_transport(media)?;
        let target = target(description, media, local)?;
        let stated = description.direction_of(media);
        // A hold of the old kind: the peer is nowhere to be reached, whatever direction it states.
        let reachable = target.is_some() && stated.may_receive();
        Ok(Self {
            protocol: media.protocol.clone(),
            targets: target.map(|target| (target, rtcp_target(media, target, local))),
            rtcp_mux: media.rtcp_mux(),
            direction: Direction::from_flows(stated.may_send(), reachable),
            formats: formats(media, ours),
            ptime_ms: media.ptime_ms(),
            maxptime_ms: media.maxptime_ms(),
        })
    }

    /// Milliseconds per packet this peer wants from us: its wish, else ours, never above its
    /// maximum, in whole steps of 10 ms.
    pub(super) fn ptime_ms(&self, ours: u8) -> u8 {
        let wish = self.ptime_ms.unwrap_or(u32::from(ours));
        let allowed = wish.min(self.maxptime_ms.unwrap_or(u32::MAX));
        let bounded = allowed.clamp(u32::from(PTIME_MIN_MS), u32::from(PTIME_MAX_MS));
        u8::try_from(bounded / 10 * 10).unwrap_or(PTIME_MAX_MS)
    }

    /// The peer's payload type for a format.
    pub(super) fn number_of(&self, format: Format) -> Option<u8> {
        self.formats
            .iter()
            .find(|(_, other)| *other == format)
            .map(|(number, _)| *number)
    }

    /// The peer's codecs, its preferred first.
    pub(super) fn codecs(&self) -> impl Iterator<Item = Codec> {
        self.formats.iter().filter_map(|(_, format)| match format {
            Format::Codec(codec) => Some(*codec),
            Format::TelephoneEvent | Format::ComfortNoise => None,
        })
    }
}

/// The error that names both sides' codecs.
pub(super) fn no_common_codec(media: &Media, ours: &[Codec]) -> NegotiationError {
    let theirs = media.payload_types().take(NAMES_LISTED_MAX).map(|number| {
        media
            .encoding(number)
            .map_or_else(|| number.to_string(), |e| e.name.to_owned())
    });
    NegotiationError::NoCommonCodec {
        theirs: theirs.collect::<Vec<_>>().join(", "),
        ours: ours
            .iter()
            .map(|codec| codec.name())
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Plain RTP only. RTP/AVPF is plain RTP with earlier feedback allowed (RFC 4585), never required.
fn check_transport(media: &Media) -> Result<(), NegotiationError> {
    let is = |name: &str| media.protocol.eq_ignore_ascii_case(name);
    if is("RTP/AVP") || is("RTP/AVPF") {
        return Ok(());
    }
    let secure = [
        "RTP/SAVP",
        "RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
    ];
    match secure.into_iter().find(|name| is(name)) {
        Some(name) => Err(NegotiationError::SecureMedia(name.to_owned())),
        None => Err(NegotiationError::Transport),
    }
}

/// Where RTP goes; `None` for the unspecified address.
fn target(
    description: &SessionDescription,
    media: &Media,
    local: &LocalCapabilities,
) -> Result<Option<SocketAddr>, NegotiationError> {
    let ip = match description.connection_of(media) {
        None => return Err(NegotiationError::NoAddress),
        Some(Address::Ip(ip)) => ip.to_canonical(),
        Some(Address::Name(name)) => {
            let address = name.clone();
            return Err(NegotiationError::Address {
                address,
                fault: AddressFault::Name,
            });
        }
    };
    if ip.is_unspecified() {
        return Ok(None);
    }
    let target = SocketAddr::new(ip, media.port);
    match media_address_fault(target, local.media, &local.own_sip) {
        Some(fault) => Err(NegotiationError::Address {
            address: target.to_string(),
            fault,
        }),
        None => Ok(Some(target)),
    }
}

/// Where RTCP goes. An `a=rtcp` that names a forbidden address is passed over: reports are
/// worth less than the call.
fn rtcp_target(media: &Media, target: SocketAddr, local: &LocalCapabilities) -> SocketAddr {
    let stated = media.rtcp_target(target);
    let forbidden = stated.ip().is_unspecified()
        || stated.port() == 0
        || media_address_fault(stated, local.media, &local.own_sip).is_some();
    if forbidden {
        SocketAddr::new(target.ip(), target.port().saturating_add(1))
    } else {
        stated
    }
}

fn formats(media: &Media, ours: &[Mapping]) -> Vec<Mapping> {
    media
        .payload_types()
        .filter_map(|number| Some((number, format(media, number, ours)?)))
        .collect()
}

/// What a payload type of the section means to us. Telephone-events count at 8000 Hz only, the
/// clock of every codec here (RFC 4733 §2.1 ties the two).
fn format(media: &Media, number: u8, ours: &[Mapping]) -> Option<Format> {
    let Some(encoding) = media.encoding(number) else {
        let known = |(_, format): &Mapping| *format;
        return ours.iter().find(|(other, _)| *other == number).map(known);
    };
    match encoding.codec() {
        Some(codec) => Some(Format::Codec(codec)),
        None if encoding.clock_rate != 8_000 => None,
        None if encoding.is_telephone_event() => Some(Format::TelephoneEvent),
        None if encoding.is_comfort_noise() => Some(Format::ComfortNoise),
        None => None,
    }
}
