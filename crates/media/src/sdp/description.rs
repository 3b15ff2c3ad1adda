//! A session description as a value.

use std::net::SocketAddr;

use super::address::Address;
use super::direction::Direction;

/// A session description. Every string holds one line of text, without line ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionDescription {
    /// `o=`, when there is one that can be read.
    pub origin: Option<Origin>,
    /// `s=`, `-` when missing.
    pub name: String,
    /// The session's `c=`.
    pub connection: Option<Address>,
    /// The session's `b=` lines.
    pub bandwidth: Vec<Bandwidth>,
    /// The session's `a=` lines, in order.
    pub attributes: Vec<Attribute>,
    /// The media sections, in order.
    pub media: Vec<Media>,
}

/// `o=`: who made the description, and which version of it this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The user, `-` for none.
    pub username: String,
    /// Identifies the session; digits of any length.
    pub session_id: String,
    /// Grows by one with each change; digits of any length.
    pub session_version: String,
    /// The address of the machine that made it; media goes to `c=`, not here.
    pub address: Address,
}

/// `b=kind:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bandwidth {
    /// `AS` (kbit/s), `TIAS` (bit/s), `RS`, `RR`, …
    pub kind: String,
    /// The number, in the kind's unit.
    pub value: u64,
}

/// `a=name` or `a=name:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, compared without regard to case.
    pub name: String,
    /// What follows the colon, if there is one.
    pub value: Option<String>,
}

impl Attribute {
    /// An attribute without a value.
    pub fn flag(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
        }
    }

    /// An attribute with a value.
    pub fn with_value(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.into()),
        }
    }
}

/// A media section: an `m=` line and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image`, `application`, …
    pub kind: String,
    /// The port to send to; 0 refuses or ends the stream.
    pub port: u16,
    /// The number of consecutive ports, where one is stated.
    pub port_count: Option<u16>,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    pub protocol: String,
    /// The formats in order of preference; payload types when the protocol is RTP.
    pub formats: Vec<String>,
    /// The section's own `c=`.
    pub connection: Option<Address>,
    /// The section's `b=` lines.
    pub bandwidth: Vec<Bandwidth>,
    /// The section's `a=` lines, in order.
    pub attributes: Vec<Attribute>,
}

/// `a=rtcp` (RFC 3605): where RTCP goes when it is not the port after RTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtcpAddress {
    /// The port.
    pub port: u16,
    /// The address, where it differs from the section's.
    pub address: Option<Address>,
}

impl SessionDescription {
    /// Where a section's media goes: its own `c=`, else the session's.
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Address> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction of a section: its own, else the session's, else `sendrecv`.
    pub fn direction_of(&self, media: &Media) -> Direction {
        direction_in(&media.attributes)
            .or(direction_in(&self.attributes))
            .unwrap_or_default()
    }
}

impl Media {
    /// Whether this is an audio section.
    pub fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
    }

    /// The first attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// `a=ptime`: milliseconds of media the sender of this description wants per packet.
    pub fn ptime_ms(&self) -> Option<u32> {
        self.milliseconds("ptime")
    }

    /// `a=maxptime`: the most milliseconds of media per packet.
    pub fn maxptime_ms(&self) -> Option<u32> {
        self.milliseconds("maxptime")
    }

    /// `a=rtcp-mux`: RTP and RTCP on one port (RFC 5761).
    pub fn rtcp_mux(&self) -> bool {
        self.attribute("rtcp-mux").is_some()
    }

    /// `a=rtcp`, if it can be read.
    pub fn rtcp(&self) -> Option<RtcpAddress> {
        let mut fields = self
            .attribute("rtcp")?
            .value
            .as_deref()?
            .split_ascii_whitespace();
        let port = fields.next()?.parse().ok()?;
        Some(RtcpAddress {
            port,
            address: Address::parse(fields),
        })
    }

    /// Where RTCP goes when RTP goes to `remote` (RFC 3605 §2.1, RFC 3550 §11).
    pub fn rtcp_target(&self, remote: SocketAddr) -> SocketAddr {
        match self.rtcp() {
            Some(RtcpAddress { port, address }) => {
                let ip = address
                    .and_then(|address| address.ip())
                    .unwrap_or(remote.ip());
                SocketAddr::new(ip, port)
            }
            None => SocketAddr::new(remote.ip(), remote.port().saturating_add(1)),
        }
    }

    /// Some peers write `20.0` or a space after the colon.
    fn milliseconds(&self, name: &str) -> Option<u32> {
        let value = self.attribute(name)?.value.as_deref()?.trim();
        value.split('.').next()?.parse().ok().filter(|ms| *ms > 0)
    }
}

/// The direction among the attributes of one level.
pub(super) fn direction_in(attributes: &[Attribute]) -> Option<Direction> {
    attributes
        .iter()
        .filter(|attribute| attribute.value.is_none())
        .find_map(|attribute| Direction::from_name(&attribute.name))
}
