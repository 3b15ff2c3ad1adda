//! How an offer becomes an answer, and both become an agreement.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Offered;
use super::agreed::{Agreed, PayloadTypes};
use super::capabilities::LocalCapabilities;
use super::error::NegotiationError;
use super::local::{LocalStream, Section};
use super::remote::{Format, Mapping, RemoteStream, no_common_codec};
use crate::codec::Codec;
use crate::sdp::{Media, SessionDescription};

/// Answers an offer: `local` becomes our side of it.
///
/// One codec is accepted, not all that both sides have: which one arrives is then never in
/// doubt, and devices that decode only one at a time need no second offer (RFC 4317 §2.2).
pub(super) fn answer(
    offer: &SessionDescription,
    local: &mut LocalStream,
    before: Option<&Agreed>,
) -> Result<Agreed, NegotiationError> {
    let (index, codec, stream) = first_acceptable(offer, &local.capabilities, before)?;
    let section = Section {
        protocol: stream.protocol.clone(),
        formats: accepted_formats(&stream, codec, local.capabilities.telephone_event),
        direction: stream.direction.mirrored().and(local.wish),
        ptime_ms: stream.ptime_ms(local.capabilities.ptime_ms),
        rtcp_mux: stream.rtcp_mux && local.capabilities.rtcp_mux,
    };
    local.follow(&offer.media, index);
    local.place(&section);
    for mapping in &section.formats {
        local.adopt(*mapping);
    }
    // The offerer's numbers serve both ways (RFC 3264 §6.1).
    let number = |format| number_of(&section.formats, format);
    let payload_type = number(Format::Codec(codec)).unwrap_or(codec.static_payload_type());
    let (remote, remote_rtcp) = targets(&stream, section.rtcp_mux, before);
    Ok(Agreed {
        remote,
        remote_rtcp,
        rtcp_mux: section.rtcp_mux,
        codec,
        payload: PayloadTypes::symmetric(payload_type),
        receive: vec![(payload_type, codec)],
        ptime_ms: section.ptime_ms,
        dtmf: number(Format::TelephoneEvent).map(PayloadTypes::symmetric),
        comfort_noise: number(Format::ComfortNoise),
        direction: section.direction,
        held_by_peer: !stream.direction.may_receive(),
    })
}

/// Accepts the peer's answer to an offer of ours.
///
/// The answer may have several of our codecs: its first is what we send (RFC 3264 §7), all of
/// them may arrive, each under the number our offer gave it.
pub(super) fn accept(
    answer: &SessionDescription,
    offered: &Offered,
    before: Option<&Agreed>,
) -> Result<Agreed, NegotiationError> {
    let local = &offered.next;
    let media = answer
        .media
        .get(local.index)
        .filter(|media| media.is_audio() && media.port != 0);
    let media = media.ok_or(NegotiationError::StreamRefused)?;
    let stream = RemoteStream::read(answer, media, &local.capabilities, &offered.formats)?;
    let receive: Vec<(u8, Codec)> = stream
        .codecs()
        .filter_map(|codec| Some((number_of(&offered.formats, Format::Codec(codec))?, codec)))
        .collect();
    let both = |format| {
        let (send, receive) = (
            stream.number_of(format)?,
            number_of(&offered.formats, format)?,
        );
        Some(PayloadTypes { send, receive })
    };
    let agreed = receive
        .first()
        .and_then(|(_, codec)| Some((*codec, both(Format::Codec(*codec))?)));
    let (codec, payload) =
        agreed.ok_or_else(|| no_common_codec(media, &local.capabilities.codecs))?;
    let rtcp_mux = offered.rtcp_mux && stream.rtcp_mux;
    let (remote, remote_rtcp) = targets(&stream, rtcp_mux, before);
    Ok(Agreed {
        remote,
        remote_rtcp,
        rtcp_mux,
        codec,
        payload,
        receive,
        ptime_ms: stream.ptime_ms(local.capabilities.ptime_ms),
        dtmf: both(Format::TelephoneEvent),
        comfort_noise: None,
        direction: offered.direction.and(stream.direction.mirrored()),
        held_by_peer: held_by_answer(&stream, offered, before),
    })
}

/// The first audio section we can take, and the codec we take there. When there is none, the
/// error is about the first that was not simply refused by its offerer.
fn first_acceptable(
    offer: &SessionDescription,
    local: &LocalCapabilities,
    before: Option<&Agreed>,
) -> Result<(usize, Codec, RemoteStream), NegotiationError> {
    let mut first_error = None;
    for (index, media) in offer.media.iter().enumerate() {
        if !media.is_audio() || media.port == 0 {
            continue;
        }
        match acceptable(offer, media, local, before) {
            Ok((codec, stream)) => return Ok((index, codec, stream)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or(NegotiationError::NoAudio))
}

fn acceptable(
    offer: &SessionDescription,
    media: &Media,
    local: &LocalCapabilities,
    before: Option<&Agreed>,
) -> Result<(Codec, RemoteStream), NegotiationError> {
    let stream = RemoteStream::read(offer, media, local, &[])?;
    match choose(&stream, &local.codecs, before) {
        Some(codec) => Ok((codec, stream)),
        None => Err(no_common_codec(media, &local.codecs)),
    }
}

/// The codec in use if the offer still has it, so that a hold does not change the codec; else
/// the first of ours that the offer has.
fn choose(stream: &RemoteStream, ours: &[Codec], before: Option<&Agreed>) -> Option<Codec> {
    let in_use = before
        .map(|agreed| agreed.codec)
        .filter(|codec| ours.contains(codec));
    let offered = |codec: &Codec| stream.codecs().any(|other| other == *codec);
    in_use.into_iter().chain(ours.iter().copied()).find(offered)
}

/// The formats of our answer: those of the offer that we accept, under the offer's numbers.
fn accepted_formats(stream: &RemoteStream, codec: Codec, telephone_event: bool) -> Vec<Mapping> {
    let events = telephone_event.then_some(Format::TelephoneEvent);
    [
        Some(Format::Codec(codec)),
        events,
        Some(Format::ComfortNoise),
    ]
    .into_iter()
    .flatten()
    .filter_map(|format| Some((stream.number_of(format)?, format)))
    .collect()
}

/// Where RTP and RTCP go. A peer that holds by the unspecified address keeps the one it had.
fn targets(
    stream: &RemoteStream,
    rtcp_mux: bool,
    before: Option<&Agreed>,
) -> (SocketAddr, SocketAddr) {
    let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let before = before.map(|agreed| (agreed.remote, agreed.remote_rtcp));
    match stream.targets.or(before) {
        Some((remote, _)) if rtcp_mux => (remote, remote),
        Some(targets) => targets,
        None => (nowhere, nowhere),
    }
}

/// Whether the peer holds us. An answer to an offer that would not send cannot tell: what was
/// known before holds.
fn held_by_answer(stream: &RemoteStream, offered: &Offered, before: Option<&Agreed>) -> bool {
    if offered.direction.may_send() {
        !stream.direction.may_receive()
    } else {
        before.is_some_and(|agreed| agreed.held_by_peer)
    }
}

/// The number a description of ours gives a format.
fn number_of(formats: &[Mapping], format: Format) -> Option<u8> {
    formats
        .iter()
        .find(|(_, other)| *other == format)
        .map(|(number, _)| *number)
}
