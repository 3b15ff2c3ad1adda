//! Where documents may have us go. Whoever writes a document can name any URL, so without a rule it
//! could have us ask whatever only we can reach: this machine, its network, a cloud's own services.
//!
//! Public addresses may be asked. Every other one needs an entry of `fetch.allow` for exactly this
//! scheme, host and port. What counts is the address that is connected to, not the name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use trunkline_providers::url::{Url, shown};

/// What documents may fetch and connect to besides public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchRules {
    /// These places, wherever their names lead.
    pub allow: Vec<Origin>,
}

/// Scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https` or `wss`.
    is_secure: bool,
    /// In lower case, without the brackets of an address.
    host: String,
    port: u16,
}

/// What is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scheme, host and port")]
pub struct BadOrigin(String);

/// Why something is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The URL is none of HTTP or WebSocket.
    #[error("{0:?} is no URL that can be asked")]
    Url(String),
    /// The place is not public.
    #[error("{0} is not a public address; to let documents go there, add {0} to fetch.allow")]
    NotPublic(Origin),
}

impl Origin {
    /// Of a URL without spaces and control characters, so that it can be told as it is.
    fn of(url: &str) -> Option<Self> {
        if url.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let url = Url::parse(url)?;
        let is_secure = match url.scheme {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return None,
        };
        // What stands before an @ would hide who is asked.
        if url.authority.contains('@') || url.host().is_empty() {
            return None;
        }
        Some(Self {
            is_secure,
            host: url.host().trim_matches(['[', ']']).to_ascii_lowercase(),
            port: url.port_or_default(),
        })
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let bad = || BadOrigin(text.to_owned());
        let url = Url::parse(text).ok_or_else(bad)?;
        if !matches!(url.path, "" | "/") || url.query.is_some() {
            return Err(bad());
        }
        Self::of(text).ok_or_else(bad)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl FetchRules {
    /// Refuses a URL that shows by itself that it leads where it may not.
    ///
    /// # Errors
    /// What to do about it.
    pub fn check_written(&self, url: &str) -> Result<(), Unreachable> {
        let origin = Origin::of(url).ok_or_else(|| Unreachable::Url(shown(url)))?;
        let is_local_name = origin.host == "localhost" || origin.host.ends_with(".localhost");
        let is_inside = match origin.host.parse() {
            Ok(address) => !is_public(address),
            Err(_) => is_local_name,
        };
        match is_inside && !self.allow.contains(&origin) {
            true => Err(Unreachable::NotPublic(origin)),
            false => Ok(()),
        }
    }

    /// Whether a URL may be asked at this address, to which its name has led.
    ///
    /// # Errors
    /// What to do about it.
    pub fn check(&self, url: &str, address: IpAddr) -> Result<(), Unreachable> {
        let origin = Origin::of(url).ok_or_else(|| Unreachable::Url(shown(url)))?;
        match is_public(address) || self.allow.contains(&origin) {
            true => Ok(()),
            false => Err(Unreachable::NotPublic(origin)),
        }
    }
}

/// Whether an address is somebody's on the public Internet: none of those that RFC 6890 and its
/// successors set apart, and none that only carries such a one.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let is_special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || matches!((a, b, c), (192, 0, 0) | (192, 88, 99))
        || matches!((a, b), (100, 64..=127) | (198, 18..=19))
        // This network, multicast, reserved, broadcast.
        || a == 0
        || a >= 224;
    !is_special
}

/// Of IPv6 only global unicast (2000::/3) is public, less what is set apart in it.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, c, ..] = v6.segments();
    let carried = match (a, b) {
        // 6to4 (RFC 3056).
        (0x2002, _) => {
            let [_, _, o1, o2, o3, o4, ..] = v6.octets();
            Some(Ipv4Addr::new(o1, o2, o3, o4))
        }
        // NAT64 (RFC 6052).
        (0x0064, 0xff9b) if c == 0 => {
            let [.., o1, o2, o3, o4] = v6.octets();
            Some(Ipv4Addr::new(o1, o2, o3, o4))
        }
        _ => None,
    };
    if let Some(v4) = carried {
        return is_public_v4(v4);
    }
    let is_special = matches!((a, b), (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, _));
    (0x2000..=0x3fff).contains(&a) && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow: &[&str]) -> FetchRules {
        let allow = allow.iter().map(|origin| origin.parse().unwrap());
        FetchRules {
            allow: allow.collect(),
        }
    }

    #[test]
    fn public_addresses_may_be_asked_and_no_others() {
        let rules = rules(&[]);
        let check = |address: &str| {
            let address = address.parse().unwrap();
            rules.check("https://a.example/x", address).is_ok()
        };
        for public in ["8.8.8.8", "100.128.0.1", "2606:4700::1", "64:ff9b::808:808"] {
            assert!(check(public), "{public}");
        }
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "203.0.113.9",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "fe80::1",
            "fc00::1",
            "fec0::1",
            "ff02::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001:db8::1",
        ] {
            assert!(!check(inside), "{inside}");
        }
    }

    #[test]
    fn a_place_that_is_allowed_is_allowed_to_the_letter() {
        let rules = rules(&["http://127.0.0.1:5000", "https://Media.lan"]);
        let here = IpAddr::from([127, 0, 0, 1]);
        for good in [
            "http://127.0.0.1:5000/a.wav",
            "ws://127.0.0.1:5000/ws",
            "https://media.lan/a",
            "wss://MEDIA.LAN:443/",
        ] {
            assert_eq!(rules.check(good, here), Ok(()), "{good}");
            assert_eq!(rules.check_written(good), Ok(()), "{good}");
        }
        for other in [
            "http://127.0.0.1:5001/a.wav",
            "https://127.0.0.1:5000/",
            "http://media.lan/",
            "http://127.0.0.1:5000@127.0.0.1:22/",
            "ftp://127.0.0.1:5000/",
            "ws://127.0.0.1:5000/\nanother line",
        ] {
            assert!(rules.check(other, here).is_err(), "{other}");
        }
    }

    #[test]
    fn a_url_that_shows_where_it_leads_is_refused_before_it_is_asked() {
        let rules = rules(&[]);
        for inside in [
            "http://localhost/",
            "http://a.localhost:80/",
            "http://[::1]/",
            "ws://169.254.169.254/",
        ] {
            let why = rules.check_written(inside).unwrap_err();
            assert!(why.to_string().contains("fetch.allow"), "{why}");
        }
        assert!(
            rules.check_written("http://intranet/").is_ok(),
            "a name may lead anywhere"
        );
    }

    #[test]
    fn what_is_more_than_an_origin_is_none() {
        for wrong in [
            "127.0.0.1",
            "http://a/path",
            "http://a?x",
            "file://a",
            "http://u@a",
        ] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }
}
