//! `sip`: where calls come in, how they sound, and who may make them.

use crate::config::field::{Field, Section, set};
use crate::config::problem::Report;
use crate::config::{keys, older};
use crate::names;
use crate::settings::{ExternalAddress, Listen, Settings, SipSettings};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;
use trunkline_media::codec::Codec;
use trunkline_sip::digest::Algorithm;
use trunkline_sip::endpoint::Transport;
use trunkline_sip::user_agent::User;

const LISTEN_REMEDY: &str =
    "write transport and address, such as udp://0.0.0.0:5060 or tcp://[::]:5060";
/// Codecs of the whole product that this build lacks.
const CODECS_LATER: &[&str] = &["opus"];
/// The longest time-outs that make sense: a day.
const SECONDS_MAX: u64 = 86_400;

pub fn sip(section: &Section<'_>, sip: &mut SipSettings) {
    if let Some(field) = section.get("listen") {
        sip.listen = listens(&field);
    }
    set(
        &mut sip.rtp_ports,
        section.get("rtp_ports").and_then(|f| rtp_ports(&f)),
    );
    let external = section.get("external_address").and_then(|f| external(&f));
    set(&mut sip.external_address, external);
    if let Some(field) = section.get("codecs") {
        sip.codecs = codecs(&field);
    }
    set(&mut sip.open, section.get("open").and_then(|f| f.flag()));
    if let Some(field) = section.get("users") {
        sip.users = users(&field);
    }
    if let Some(field) = section.get("digest") {
        sip.digest = digests(&field);
    }
    if let Some(field) = section.get("dns") {
        let servers = field.list();
        sip.dns = servers.iter().filter_map(dns_server).collect();
    }
    set(
        &mut sip.rtp_timeout,
        section.get("rtp_timeout").and_then(|f| seconds(&f)),
    );
    set(
        &mut sip.ring_timeout,
        section.get("ring_timeout").and_then(|f| seconds(&f)),
    );
}

/// A time in whole seconds.
pub fn seconds(field: &Field<'_>) -> Option<Duration> {
    field.number(1..=SECONDS_MAX).map(Duration::from_secs)
}

fn listens(field: &Field<'_>) -> Vec<Listen> {
    let mut found: Vec<Listen> = Vec::new();
    let places = field.list();
    if places.is_empty() {
        field.wrong("says nowhere to listen", LISTEN_REMEDY);
    }
    for place in &places {
        let Some(listen) = listen(place) else {
            continue;
        };
        if found.contains(&listen) && listen.address.port() != 0 {
            place.wrong("is written twice", "keep one of them");
        } else {
            found.push(listen);
        }
    }
    found
}

fn listen(field: &Field<'_>) -> Option<Listen> {
    let text = field.text()?;
    let wrong = |message: &str, remedy: &str| {
        field.wrong(format!("{text:?} {message}"), remedy);
        None
    };
    let Some((scheme, address)) = text.split_once("://") else {
        return wrong("is no place to listen", LISTEN_REMEDY);
    };
    let transport = match scheme {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        "tls" | "ws" | "wss" => {
            return wrong(
                "asks for a transport that this build does not have yet",
                "write udp:// or tcp://",
            );
        }
        _ => return wrong("begins with no transport", LISTEN_REMEDY),
    };
    match address.parse::<SocketAddr>() {
        Ok(address) => Some(Listen { transport, address }),
        Err(_) if address.parse::<IpAddr>().is_ok() => wrong(
            "has no port",
            "add `:5060`; an IPv6 address stands in brackets",
        ),
        Err(_) => wrong("names no address and port", LISTEN_REMEDY),
    }
}

fn rtp_ports(field: &Field<'_>) -> Option<RangeInclusive<u16>> {
    match older::port_range(field.text()?) {
        Ok(range) => Some(range),
        Err(why) => {
            field.wrong(&why, why.remedy());
            None
        }
    }
}

fn external(field: &Field<'_>) -> Option<ExternalAddress> {
    const REMEDY: &str = "write auto, or the address at which peers reach this machine";
    let text = field.text()?;
    if text == "auto" {
        return Some(ExternalAddress::Auto);
    }
    if text.starts_with("stun:") {
        field.wrong("this build cannot ask a STUN server yet", REMEDY);
        return None;
    }
    match text.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() && !address.is_multicast() => {
            Some(ExternalAddress::Fixed(address))
        }
        _ => {
            field.wrong(
                format!("{text:?} is no address that a peer could reach"),
                REMEDY,
            );
            None
        }
    }
}

fn codecs(field: &Field<'_>) -> Vec<Codec> {
    let known = Codec::ALL.map(|codec| codec.name().to_lowercase());
    let remedy = format!("this build has: {}", known.join(", "));
    let mut found = Vec::new();
    for item in field.list() {
        let Some(name) = item.text() else { continue };
        match Codec::from_name(name) {
            Some(codec) if found.contains(&codec) => {
                item.wrong("is written twice", "keep one of them")
            }
            Some(codec) => found.push(codec),
            None if CODECS_LATER.contains(&name.to_lowercase().as_str()) => {
                item.wrong(
                    format!("this build does not have the codec {name} yet"),
                    remedy.clone(),
                );
            }
            None => {
                let near = crate::config::nearest(name, known.iter().map(String::as_str));
                let remedy = near.map_or(remedy.clone(), |near| format!("did you mean `{near}`?"));
                item.wrong(format!("{name:?} is no codec"), remedy);
            }
        }
    }
    if field.list().is_empty() {
        field.wrong("names no codec, so no call could be heard", remedy);
    }
    found
}

fn users(field: &Field<'_>) -> Vec<User> {
    let mut found: Vec<User> = Vec::new();
    for item in field.list() {
        let section = item.section(&keys::USER);
        let name = section.need("name");
        let password = section.need("password").and_then(|f| f.text());
        let (Some(field), Some(password)) = (name, password) else {
            continue;
        };
        let Some(name) = field.text() else { continue };
        if found.iter().any(|user| user.name == name) {
            field.wrong(
                format!("another user is named {name:?}"),
                "give each its own name",
            );
            continue;
        }
        found.push(User {
            name: name.to_owned(),
            password: password.to_owned(),
        });
    }
    found
}

/// An address, with a port where it is not the usual one.
fn dns_server(field: &Field<'_>) -> Option<SocketAddr> {
    let text = field.text()?;
    let usual = |ip| SocketAddr::new(ip, names::PORT);
    let server = text.parse().ok().or_else(|| text.parse().ok().map(usual));
    if server.is_none() {
        field.wrong(
            format!("{text:?} is no address of a DNS server"),
            "write an address such as 192.0.2.53, or with a port 127.0.0.1:5353",
        );
    }
    server
}

fn digests(field: &Field<'_>) -> Vec<Algorithm> {
    const KNOWN: [(&str, Algorithm); 2] = [("sha256", Algorithm::Sha256), ("md5", Algorithm::Md5)];
    let items = field.list();
    if items.is_empty() {
        field.wrong(
            "names no digest, so nobody could prove a password",
            "write [sha256, md5]",
        );
    }
    items.iter().filter_map(|item| item.word(&KNOWN)).collect()
}

/// No port may be wanted twice. Looks at the whole of what is proven, whoever set it.
pub fn check_ports(file: &Section<'_>, report: &Report, settings: &Settings) {
    let field = file.get("sip").or_else(|| file.get("server"));
    let wrong = |message: String, remedy: &str| match &field {
        Some(field) => field.wrong(message, remedy),
        None => report.elsewhere(message, remedy),
    };
    let http = settings.server.listen;
    let (first, last) = (settings.sip.rtp_ports.start(), settings.sip.rtp_ports.end());
    let mut told = None;
    for Listen { transport, address } in &settings.sip.listen {
        let port = address.port();
        let among_rtp = *transport == Transport::Udp && (*first..=*last).contains(&port);
        if among_rtp && told.replace(port) != Some(port) {
            wrong(
                format!("port {port} is for SIP and lies among the RTP ports {first}-{last}"),
                "move sip.rtp_ports or the port of sip.listen",
            );
        }
        if *transport == Transport::Tcp && port != 0 && collide(*address, http) {
            wrong(
                format!("TCP port {port} is wanted for SIP and for HTTP"),
                "change server.port or the port of sip.listen",
            );
        }
    }
}

fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let (x, y) = (a.ip(), b.ip());
    let overlap =
        x == y || (x.is_ipv4() == y.is_ipv4() && (x.is_unspecified() || y.is_unspecified()));
    a.port() == b.port() && overlap
}
