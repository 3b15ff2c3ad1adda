//! Taking a URI apart (RFC 3261 §25.1, RFC 3966 §3), without allocating.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{HEADERS_MAX, PARAMS_MAX, Scheme, URI_BYTES_MAX};
use crate::span::Span;

/// Where the parts of a URI lie in its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) scheme: Scheme,
    pub(super) user: Option<Span>,
    pub(super) password: Option<Span>,
    pub(super) host: Span,
    pub(super) port: Option<u16>,
    pub(super) params: Span,
    pub(super) headers: Span,
}

impl Default for Parts {
    fn default() -> Self {
        let none = Span::default();
        let scheme = Scheme::Other;
        Self {
            scheme,
            user: None,
            password: None,
            host: none,
            port: None,
            params: none,
            headers: none,
        }
    }
}

impl Parts {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > URI_BYTES_MAX {
            return Err("it is longer than the limit");
        }
        let (scheme, rest) = text.split_once(':').ok_or("it has no scheme")?;
        check_bytes(rest)?;
        if scheme.eq_ignore_ascii_case("sip") {
            Self::parse_sip(text, rest, Scheme::Sip)
        } else if scheme.eq_ignore_ascii_case("sips") {
            Self::parse_sip(text, rest, Scheme::Sips)
        } else if scheme.eq_ignore_ascii_case("tel") {
            Self::parse_tel(text, rest)
        } else {
            check_scheme(scheme)?;
            if rest.is_empty() {
                return Err("nothing follows the scheme");
            }
            Ok(Self::default())
        }
    }

    fn parse_sip(text: &str, rest: &str, scheme: Scheme) -> Result<Self, &'static str> {
        let mut parts = Self {
            scheme,
            ..Self::default()
        };
        check_escapes(rest)?;
        let mut rest = rest;
        if let Some((userinfo, after)) = rest.split_once('@') {
            let (user, password) = match userinfo.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (userinfo, None),
            };
            if user.is_empty() {
                return Err("the user before '@' is empty");
            }
            if after.contains('@') {
                return Err("it has two '@'");
            }
            parts.user = Some(Span::within(text, user));
            parts.password = password.map(|password| Span::within(text, password));
            rest = after;
        }
        if let Some((before, headers)) = rest.split_once('?') {
            check_headers(headers)?;
            parts.headers = Span::within(text, headers);
            rest = before;
        }
        if let Some((before, params)) = rest.split_once(';') {
            check_params(params)?;
            parts.params = Span::within(text, params);
            rest = before;
        }
        let (host, port) = host_port(rest)?;
        parts.host = Span::within(text, host);
        parts.port = port;
        Ok(parts)
    }

    fn parse_tel(text: &str, rest: &str) -> Result<Self, &'static str> {
        let mut parts = Self {
            scheme: Scheme::Tel,
            ..Self::default()
        };
        check_escapes(rest)?;
        let number = match rest.split_once(';') {
            Some((number, params)) => {
                check_params(params)?;
                parts.params = Span::within(text, params);
                number
            }
            None => rest,
        };
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_digit = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#');
        if !digits
            .bytes()
            .all(|byte| is_digit(byte) || is_visual_separator(byte))
        {
            return Err("the telephone number has a character that is no digit");
        }
        if !digits.bytes().any(is_digit) {
            return Err("the telephone number has no digit");
        }
        parts.user = Some(Span::within(text, number));
        Ok(parts)
    }
}

/// Whether `text` is a URI, without keeping it.
pub(crate) fn check(text: &str) -> Result<(), &'static str> {
    Parts::parse(text).map(drop)
}

/// RFC 3966 §3: what makes a number readable and means nothing.
pub(super) fn is_visual_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')')
}

/// `host[:port]`, as in a URI or a Via's sent-by; there white space may surround the colon.
pub(crate) fn host_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = match text.find(']') {
        Some(end) if text.starts_with('[') => {
            let (host, after) = text.split_at(end + 1);
            let after = after.trim_matches([' ', '\t']);
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => return Err("text follows the IPv6 reference"),
            }
        }
        _ => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let host = host.trim_matches([' ', '\t']);
    check_host(host)?;
    let port = port.map(|port| {
        let digits = port.trim_matches([' ', '\t']);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain
            .then(|| digits.parse().ok())
            .flatten()
            .ok_or("the port is not a number below 65536")
    });
    Ok((host, port.transpose()?))
}

/// A host that is an address: IPv4, or IPv6 in brackets.
pub fn host_ip(host: &str) -> Option<IpAddr> {
    match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        // RFC 5118 §4.10: the grammar of RFC 3261 let a colon too many in.
        Some(inner) if inner.contains(":::") => inner
            .replacen(":::", "::", 1)
            .parse::<Ipv6Addr>()
            .ok()
            .map(IpAddr::V6),
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if host.starts_with('[') {
        return host_ip(host)
            .map(drop)
            .ok_or("the brackets hold no IPv6 address");
    }
    // The underscore is not in the grammar, but in the names of many a machine.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    match host.is_empty() || !host.bytes().all(plain) {
        true => Err("the host is neither a name nor an address"),
        false => Ok(()),
    }
}

fn check_scheme(scheme: &str) -> Result<(), &'static str> {
    let starts = scheme
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    match starts && scheme.bytes().all(plain) {
        true => Ok(()),
        false => Err("the scheme is not one"),
    }
}

/// What may stand in no URI. Other bytes outside the grammar (UTF-8, `#`) are let through, for
/// they are common and cannot be misread.
fn check_bytes(text: &str) -> Result<(), &'static str> {
    let wrong =
        |byte: u8| byte <= b' ' || byte == 0x7f || matches!(byte, b'<' | b'>' | b'"' | b'\\');
    match text.bytes().any(wrong) {
        true => Err("it holds white space, a bracket or a quote"),
        false => Ok(()),
    }
}

fn check_escapes(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let whole = |(at, byte): (usize, &u8)| *byte != b'%' || (hex(at + 1) && hex(at + 2));
    match bytes.iter().enumerate().all(whole) {
        true => Ok(()),
        false => Err("a '%' is not followed by two hexadecimal digits"),
    }
}

fn check_params(text: &str) -> Result<(), &'static str> {
    for (count, param) in text.split(';').enumerate() {
        if count >= PARAMS_MAX {
            return Err("it has more parameters than the limit");
        }
        if param.is_empty() || param.starts_with('=') {
            return Err("a parameter has no name");
        }
    }
    Ok(())
}

fn check_headers(text: &str) -> Result<(), &'static str> {
    for (count, header) in text.split('&').enumerate() {
        if count >= HEADERS_MAX {
            return Err("it has more headers than the limit");
        }
        if header.is_empty() || header.starts_with('=') || !header.contains('=') {
            return Err("a header is not name=value");
        }
    }
    Ok(())
}
