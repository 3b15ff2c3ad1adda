//! Our side of the stream: its settings, its place among the `m=` lines, its payload numbers.

use super::capabilities::{Change, LocalCapabilities};
use super::remote::{Format, Mapping};
use crate::codec::Codec;
use crate::sdp::{Address, Attribute, Direction, Media, Origin, SessionDescription};

/// The payload type everybody gives telephone-events, and the first dynamic type.
const TELEPHONE_EVENT_DEFAULT: u8 = 101;
const DYNAMIC_FIRST: u8 = 96;
const DYNAMIC_LAST: u8 = 127;
const COMFORT_NOISE_DEFAULT: u8 = 13;

/// What stands between offers. An exchange works on a copy and replaces it when it succeeds, so
/// a refused offer leaves no trace.
#[derive(Debug, Clone)]
pub(super) struct LocalStream {
    pub(super) capabilities: LocalCapabilities,
    /// The direction our side wants; the peer may narrow it.
    pub(super) wish: Direction,
    /// The sections of the session in order (RFC 3264 §8: they never become fewer). Ours is at
    /// `index`; the others are refused and keep their place.
    pub(super) sections: Vec<Media>,
    pub(super) index: usize,
    /// What each payload type we receive means: it stays so for the session (RFC 3264 §8.3.2).
    numbers: Vec<Mapping>,
}

/// What our audio section says in one description.
pub(super) struct Section {
    pub(super) protocol: String,
    pub(super) formats: Vec<Mapping>,
    pub(super) direction: Direction,
    pub(super) ptime_ms: u8,
    pub(super) rtcp_mux: bool,
}

impl LocalStream {
    pub(super) fn new(capabilities: LocalCapabilities) -> Self {
        Self {
            capabilities,
            wish: Direction::SendRecv,
            sections: Vec::new(),
            index: 0,
            numbers: Vec::new(),
        }
    }

    /// This stream after a change.
    pub(super) fn changed(&self, change: &Change) -> Self {
        let mut next = self.clone();
        next.wish = change.direction.unwrap_or(next.wish);
        next.capabilities.media = change.media.unwrap_or(next.capabilities.media);
        if let Some(codecs) = &change.codecs {
            next.capabilities.codecs.clone_from(codecs);
        }
        next
    }

    /// The formats of an offer of ours: the codec in use first, so that an offer about something
    /// else does not change it. Comfort noise is understood but not asked for.
    pub(super) fn formats_to_offer(&mut self, current: Option<Codec>) -> Vec<Mapping> {
        let mut codecs = self.capabilities.codecs.clone();
        codecs.sort_by_key(|codec| Some(*codec) != current);
        let mut formats: Vec<Format> = codecs.into_iter().map(Format::Codec).collect();
        if self.capabilities.telephone_event {
            formats.push(Format::TelephoneEvent);
        }
        formats
            .into_iter()
            .map(|format| (self.number_for(format), format))
            .collect()
    }

    /// Keeps the meaning a payload type got in an exchange.
    pub(super) fn adopt(&mut self, mapping: Mapping) {
        self.numbers.retain(|(number, _)| *number != mapping.0);
        self.numbers.push(mapping);
    }

    /// The number a format had last, else its usual one, else the first free dynamic one.
    fn number_for(&mut self, format: Format) -> u8 {
        if let Some((number, _)) = self
            .numbers
            .iter()
            .rev()
            .find(|(_, other)| *other == format)
        {
            return *number;
        }
        let usual = match format {
            Format::Codec(codec) => codec.static_payload_type(),
            Format::TelephoneEvent => TELEPHONE_EVENT_DEFAULT,
            Format::ComfortNoise => COMFORT_NOISE_DEFAULT,
        };
        let is_free = |number: &u8| self.numbers.iter().all(|(taken, _)| taken != number);
        let number = std::iter::once(usual)
            .chain(DYNAMIC_FIRST..=DYNAMIC_LAST)
            .find(is_free)
            .unwrap_or(usual);
        self.adopt((number, format));
        number
    }

    /// Our protocol in the section, as first agreed.
    pub(super) fn protocol(&self) -> String {
        let section = self.sections.get(self.index);
        section.map_or_else(|| "RTP/AVP".to_owned(), |media| media.protocol.clone())
    }

    /// Puts our section in its place.
    pub(super) fn place(&mut self, section: &Section) {
        let media = audio(section, self.capabilities.media.port());
        match self.sections.get_mut(self.index) {
            Some(place) => *place = media,
            None => {
                self.index = self.sections.len();
                self.sections.push(media);
            }
        }
    }

    /// Takes over the order of an offer's sections, all refused but `index`.
    pub(super) fn follow(&mut self, offered: &[Media], index: usize) {
        self.sections = offered.iter().map(refused).collect();
        self.index = index;
    }

    /// The description of the session under a version number.
    pub(super) fn describe(&self, version: u64) -> SessionDescription {
        let address = Address::from(self.capabilities.media.ip());
        SessionDescription {
            origin: Some(Origin {
                username: "-".to_owned(),
                session_id: self.capabilities.session_id.to_string(),
                session_version: version.to_string(),
                address: address.clone(),
            }),
            name: "-".to_owned(),
            connection: Some(address),
            bandwidth: Vec::new(),
            attributes: Vec::new(),
            media: self.sections.clone(),
        }
    }
}

/// A section refused: port 0, and one format because the grammar demands it (RFC 3264 §6).
fn refused(offered: &Media) -> Media {
    Media {
        kind: offered.kind.clone(),
        port: 0,
        port_count: None,
        protocol: offered.protocol.clone(),
        formats: vec![
            offered
                .formats
                .first()
                .cloned()
                .unwrap_or_else(|| "0".to_owned()),
        ],
        connection: None,
        bandwidth: Vec::new(),
        attributes: Vec::new(),
    }
}

fn audio(section: &Section, port: u16) -> Media {
    let mut attributes: Vec<Attribute> = Vec::new();
    for (number, format) in &section.formats {
        let value = format!("{number} {}", format.rtpmap());
        attributes.push(Attribute::with_value("rtpmap", value));
        if *format == Format::TelephoneEvent {
            // The sixteen keys of a telephone (RFC 4733 §3.2).
            attributes.push(Attribute::with_value("fmtp", format!("{number} 0-15")));
        }
    }
    attributes.push(Attribute::with_value("ptime", section.ptime_ms.to_string()));
    attributes.push(Attribute::flag(section.direction.name()));
    if section.rtcp_mux {
        attributes.push(Attribute::flag("rtcp-mux"));
    }
    Media {
        kind: "audio".to_owned(),
        port,
        port_count: None,
        protocol: section.protocol.clone(),
        formats: section
            .formats
            .iter()
            .map(|(number, _)| number.to_string())
            .collect(),
        connection: None,
        bandwidth: Vec::new(),
        attributes,
    }
}
