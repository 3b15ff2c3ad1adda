//! Via (RFC 3261 §20.42, with RFC 3581's rport).

use std::net::IpAddr;

use super::lex::{is_token, trim};
use super::params::Params;
use crate::uri::host_port;

/// One hop a request has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, `WS`, `WSS` or another token, as written.
    pub transport: &'a str,
    /// sent-by's host: a name or an address; IPv6 with its brackets.
    pub host: &'a str,
    /// sent-by's port, if written.
    pub port: Option<u16>,
    /// branch, received, rport and the rest.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one Via value, such as `SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (protocol, text) = text.split_once('/').ok_or("expected SIP/2.0/transport")?;
        let (version, text) = text.split_once('/').ok_or("expected SIP/2.0/transport")?;
        if !trim(protocol).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err("the protocol is not SIP/2.0");
        }
        let text = trim(text);
        let gap = text.find([' ', '\t']).ok_or("the sent-by is missing")?;
        let (transport, text) = text.split_at(gap);
        if !is_token(transport) {
            return Err("the transport is not a token");
        }
        let end = text.find(';').unwrap_or(text.len());
        let (host, port) = host_port(trim(&text[..end]))?;
        Ok(Self {
            transport,
            host,
            port,
            params: Params::parse(&text[end..])?,
        })
    }

    /// The branch: the key of the transaction when it begins with `z9hG4bK`.
    pub fn branch(&self) -> Option<&'a str> {
        self.params
            .get_raw("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The address the request was seen to come from, with or without brackets around IPv6
    /// (RFC 5118 §4.5 asks for both to be read).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get_raw("received")?;
        text.trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()
    }

    /// rport: `None` when absent, `Some(None)` when asked for, `Some(Some(port))` when filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get_raw("rport").map(|port| port.parse().ok())
    }

    /// The multicast or overriding address.
    pub fn maddr(&self) -> Option<&'a str> {
        self.params
            .get_raw("maddr")
            .filter(|maddr| !maddr.is_empty())
    }

    /// The time-to-live of a multicast request.
    pub fn ttl(&self) -> Option<u8> {
        self.params.get_raw("ttl")?.parse().ok()
    }

    /// sent-by's host as an address, if it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        crate::uri::host_ip(self.host)
    }
}

impl std::fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match self.params.as_str() {
            "" => Ok(()),
            params => write!(f, ";{params}"),
        }
    }
}
