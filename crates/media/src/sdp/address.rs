//! Addresses in `c=`, `o=` and `a=rtcp`, and which of them media may be sent to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A connection address: a literal, or a name that somebody else would have to resolve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// An IPv4 or IPv6 literal.
    Ip(IpAddr),
    /// A host name.
    Name(String),
}

impl Address {
    /// Reads `IN IP4 address`. A multicast suffix (`/ttl/count`) is dropped: media is never sent
    /// to multicast. The literal, not the `IP4` or `IP6` before it, tells the family: peers that
    /// contradict themselves here mean the address they wrote.
    pub(crate) fn parse<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<Self> {
        let network = fields.next()?;
        let family = fields.next()?;
        let address = fields.next()?;
        if !network.eq_ignore_ascii_case("IN") || fields.next().is_some() {
            return None;
        }
        if !family.eq_ignore_ascii_case("IP4") && !family.eq_ignore_ascii_case("IP6") {
            return None;
        }
        let host = address.split('/').next()?;
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => Some(Self::Ip(ip)),
            Err(_) if is_host_name(host) => Some(Self::Name(host.to_owned())),
            Err(_) => None,
        }
    }

    /// The literal, if it is one.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }
}

/// Names need a letter: `300.1.2.3` is a broken literal, not a host.
fn is_host_name(host: &str) -> bool {
    host.contains(|c: char| c.is_ascii_alphabetic())
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            Self::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}

/// Why media is not sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// A host name: media goes to literals only.
    #[error("is a name; give an address literal")]
    Name,
    /// A multicast group: one caller would make us flood many hosts.
    #[error("is multicast")]
    Multicast,
    /// 255.255.255.255.
    #[error("is broadcast")]
    Broadcast,
    /// 169.254.0.0/16 or fe80::/10: link-local, where cloud hosts keep their metadata service.
    #[error("is link-local")]
    LinkLocal,
    /// Our own signalling port: our RTP would arrive as SIP.
    #[error("is our own SIP port")]
    OwnSip,
    /// The very port we receive this stream on: our RTP would come back as the caller's.
    #[error("is our own media port")]
    OwnMedia,
    /// IPv6 where we have IPv4, or the reverse.
    #[error("is of another address family than ours")]
    Family,
}

/// Why media must not be sent from `own_media` to `remote`, if so.
///
/// `own_sip` are the addresses our SIP listens on; one bound to the unspecified address counts
/// for loopback and for the address of `own_media`. An unspecified `remote` is a hold, not a
/// target, and the caller's to tell apart before.
pub fn media_address_fault(
    remote: SocketAddr,
    own_media: SocketAddr,
    own_sip: &[SocketAddr],
) -> Option<AddressFault> {
    let ip = remote.ip().to_canonical();
    let own_ip = own_media.ip().to_canonical();
    if ip.is_multicast() {
        return Some(AddressFault::Multicast);
    }
    let link_local = match ip {
        IpAddr::V4(ip) if ip.is_broadcast() => return Some(AddressFault::Broadcast),
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if link_local {
        return Some(AddressFault::LinkLocal);
    }
    if ip.is_ipv4() != own_ip.is_ipv4() {
        return Some(AddressFault::Family);
    }
    if ip == own_ip && remote.port() == own_media.port() {
        return Some(AddressFault::OwnMedia);
    }
    let is_own_sip = own_sip.iter().any(|sip| {
        let sip_ip = sip.ip().to_canonical();
        let everywhere = sip_ip.is_unspecified() && (ip.is_loopback() || ip == own_ip);
        sip.port() == remote.port() && (sip_ip == ip || everywhere)
    });
    is_own_sip.then_some(AddressFault::OwnSip)
}
