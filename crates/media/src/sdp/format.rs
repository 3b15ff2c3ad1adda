//! What the payload types of a media section mean: `a=rtpmap`, `a=fmtp`, static types.

use super::description::Media;
use crate::codec::Codec;

/// The longest encoding name believed.
const ENCODING_NAME_MAX: usize = 32;
/// Comfort noise has a static type (RFC 3389 §4).
const COMFORT_NOISE: u8 = 13;

/// What a payload type stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding<'a> {
    /// The registered name, such as `PCMU` or `telephone-event`.
    pub name: &'a str,
    /// The RTP clock rate in Hz.
    pub clock_rate: u32,
    /// The number of audio channels.
    pub channels: u8,
}

impl Encoding<'_> {
    /// The codec this is, if it is one of ours in one channel at its clock rate.
    pub fn codec(&self) -> Option<Codec> {
        Codec::from_name(self.name)
            .filter(|codec| codec.clock_rate() == self.clock_rate && self.channels == 1)
    }

    /// RFC 4733 telephone-events.
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    /// RFC 3389 comfort noise.
    pub fn is_comfort_noise(&self) -> bool {
        self.name.eq_ignore_ascii_case("CN")
    }
}

impl Media {
    /// The payload types in order of preference. Formats that are no payload type are passed over.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats
            .iter()
            .filter_map(|format| format.parse().ok())
            .filter(|number| *number < 128)
    }

    /// What a payload type means: by its `a=rtpmap`, else by RFC 3551 §6.
    pub fn encoding(&self, payload_type: u8) -> Option<Encoding<'_>> {
        self.rtpmap(payload_type)
            .or_else(|| static_encoding(payload_type))
    }

    /// The `a=rtpmap` of a payload type, if it can be read.
    pub fn rtpmap(&self, payload_type: u8) -> Option<Encoding<'_>> {
        let (name, rest) = self
            .of_payload_type("rtpmap", payload_type)?
            .split_once('/')?;
        let (rate, channels) = match rest.split_once('/') {
            Some((rate, channels)) => (rate, channels.trim().parse().ok()?),
            None => (rest, 1),
        };
        let clock_rate = rate.trim().parse().ok()?;
        is_encoding_name(name).then_some(Encoding {
            name,
            clock_rate,
            channels,
        })
    }

    /// The `a=fmtp` of a payload type: its parameters, as written.
    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        self.of_payload_type("fmtp", payload_type)
    }

    fn of_payload_type(&self, name: &str, payload_type: u8) -> Option<&str> {
        self.attributes
            .iter()
            .filter(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .filter_map(|attribute| attribute.value.as_deref()?.trim().split_once(' '))
            .find(|(number, _)| number.parse() == Ok(payload_type))
            .map(|(_, rest)| rest.trim())
    }
}

fn static_encoding(payload_type: u8) -> Option<Encoding<'static>> {
    let (name, clock_rate) = match Codec::from_static_payload_type(payload_type) {
        Some(codec) => (codec.name(), codec.clock_rate()),
        None if payload_type == COMFORT_NOISE => ("CN", 8_000),
        None => return None,
    };
    Some(Encoding {
        name,
        clock_rate,
        channels: 1,
    })
}

/// Names reach error texts and from there protocol headers, so only registered shapes pass.
fn is_encoding_name(name: &str) -> bool {
    (1..=ENCODING_NAME_MAX).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'))
}
