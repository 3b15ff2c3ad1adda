//! Route sets: what a request within a dialog asks for, and where it is sent first.

use super::Dialog;
use crate::endpoint::{Path, Transport};
use crate::header::NameAddr;
use crate::uri::{Scheme, Uri};
use std::net::{IpAddr, SocketAddr};

impl Dialog {
    /// Request-URI and Route headers of our next request (RFC 3261 §12.2.1.1).
    pub fn request_line(&self) -> (Uri, Vec<String>) {
        let Some((first, rest)) = self.routes.split_first() else {
            return (self.target.clone(), Vec::new());
        };
        let first_uri = route_uri(first);
        match first_uri {
            // A strict router takes the Request-URI for its own, so the target goes last.
            Some(uri) if uri.param("lr").is_none() => {
                let mut routes = rest.to_vec();
                routes.push(format!("<{}>", self.target));
                (uri.without_headers().without_param("method"), routes)
            }
            _ => (self.target.clone(), self.routes.clone()),
        }
    }

    /// Where our next request is sent.
    pub fn path(&self) -> Path {
        if self.behind_nat && self.routes.is_empty() {
            return self.flow;
        }
        match self.routes.first().map(|first| route_uri(first)) {
            Some(Some(uri)) => next_hop(&uri, self.flow),
            Some(None) => self.flow,
            None => next_hop(&self.target, self.flow),
        }
    }
}

fn route_uri(route: &str) -> Option<Uri> {
    NameAddr::parse(route).ok().map(|route| route.uri())
}

/// Where a request for `uri` goes. Names are never resolved here: a host that is not an address,
/// or one that cannot be reached from where the peer's packets come, means the known `flow`.
fn next_hop(uri: &Uri, flow: Path) -> Path {
    let Some(ip) = uri.host_ip().map(|ip| ip.to_canonical()) else {
        return flow;
    };
    let from_flow = flow.remote.ip().to_canonical();
    let unreachable = is_private(ip) && !is_private(from_flow);
    if unreachable || ip.is_ipv4() != from_flow.is_ipv4() {
        return flow;
    }
    let transport = match uri.param("transport").as_deref() {
        Some(name) if name.eq_ignore_ascii_case("udp") => Transport::Udp,
        Some(name) if name.eq_ignore_ascii_case("tls") => Transport::Tls,
        Some(name) if name.eq_ignore_ascii_case("tcp") => match uri.scheme() {
            Scheme::Sips => Transport::Tls,
            _ => Transport::Tcp,
        },
        Some(_) => return flow,
        None if uri.scheme() == Scheme::Sips => Transport::Tls,
        None if ip == from_flow => flow.transport,
        None => Transport::Udp,
    };
    // The open connection of a peer is the way back to it, whatever port it listens at.
    if ip == from_flow && transport == flow.transport && transport.is_reliable() {
        return flow;
    }
    let remote = SocketAddr::new(ip, uri.port().unwrap_or(transport.default_port()));
    if (transport, remote) == (flow.transport, flow.remote) {
        return flow;
    }
    Path {
        transport,
        local: flow.local,
        remote,
        connection: None,
    }
}

/// Whether an address means something in one network only, or on one machine (RFC 1918, RFC 4193,
/// link-local, loopback).
pub fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
