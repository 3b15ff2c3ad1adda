//! SIP, SIPS and tel URIs; any other scheme is kept as it is written.

mod equal;
mod escape;
mod parse;

pub use escape::{escape_header, escape_param, escape_user, unescape};
pub use parse::host_ip;
pub(crate) use parse::{check, host_port};

use std::borrow::Cow;
use std::net::IpAddr;

use crate::span::Span;
use parse::Parts;

/// Parameters a URI may carry; more are refused.
pub const PARAMS_MAX: usize = 64;
/// Headers (`?a=b&c=d`) a URI may carry; more are refused.
pub const HEADERS_MAX: usize = 64;
/// The longest URI read, in bytes.
pub const URI_BYTES_MAX: usize = 8192;

/// What kind of URI it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966)
    Tel,
    /// Anything else: only its scheme and text are known.
    Other,
}

/// A URI: its text, and where its parts lie in it. `==` compares the text; what RFC 3261 calls
/// equal is [`Uri::is_equivalent`].
#[derive(Clone, Debug)]
pub struct Uri {
    text: Box<str>,
    parts: Parts,
}

/// Why a text is not a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UriError(&'static str);

impl Uri {
    /// Reads a URI.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let parts = Parts::parse(text).map_err(UriError)?;
        Ok(Self {
            text: text.into(),
            parts,
        })
    }

    /// A `sip:` URI of a user (escaped as needed) and a host. `None` when the host is not one.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Option<Self> {
        let mut text = String::from("sip:");
        if let Some(user) = user {
            text.push_str(&escape_user(user));
            text.push('@');
        }
        text.push_str(host);
        if let Some(port) = port {
            text.push_str(&format!(":{port}"));
        }
        Self::parse(&text).ok()
    }

    /// A text taken as it is: for URIs that were checked before under another form.
    pub(crate) fn opaque(text: &str) -> Self {
        Self {
            text: text.into(),
            parts: Parts::default(),
        }
    }

    /// The URI as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind of URI.
    pub fn scheme(&self) -> Scheme {
        self.parts.scheme
    }

    /// The scheme as it is written, without the colon.
    pub fn scheme_str(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }

    /// Whether it is `sip:` or `sips:`.
    pub fn is_sip(&self) -> bool {
        matches!(self.parts.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user with its escapes resolved; for `tel:`, the number as written.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.user_raw().map(unescape)
    }

    /// The user as it is written.
    pub fn user_raw(&self) -> Option<&str> {
        self.parts.user.map(|span| span.of(&self.text))
    }

    /// The password as it is written (deprecated by RFC 3261 §19.1.1, kept for comparison).
    pub fn password_raw(&self) -> Option<&str> {
        self.parts.password.map(|span| span.of(&self.text))
    }

    /// The host: a name or an address, IPv6 with its brackets; empty for `tel:` and others.
    pub fn host(&self) -> &str {
        self.parts.host.of(&self.text)
    }

    /// The host as an address, if it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        host_ip(self.host())
    }

    /// The port, if written.
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// A URI parameter (name compared without case), its escapes resolved; `Some("")` when it has
    /// no value.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self
            .params()
            .find(|(have, _)| unescape(have).eq_ignore_ascii_case(name));
        found.map(|(_, value)| unescape(value.unwrap_or_default()))
    }

    /// Every URI parameter in order, as written.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        pairs(self.parts.params.of(&self.text), ';')
    }

    /// Every header (`?name=value&…`) in order, as written.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = pairs(self.parts.headers.of(&self.text), '&');
        headers.map(|(name, value)| (name, value.unwrap_or_default()))
    }

    /// A header of the URI, its escapes resolved: Replaces in a Refer-To, say.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self
            .headers()
            .find(|(have, _)| unescape(have).eq_ignore_ascii_case(name));
        found.map(|(_, value)| unescape(value))
    }

    /// This URI with one parameter more (or changed), its value escaped.
    #[must_use]
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Self {
        let base = self.without_param(name);
        let headers = base.parts.headers;
        let at = match headers == Span::default() {
            true => base.text.len(),
            false => headers.start as usize - 1,
        };
        let mut text = base.text.into_string();
        let mut param = format!(";{}", escape_param(name));
        if let Some(value) = value {
            param.push('=');
            param.push_str(&escape_param(value));
        }
        text.insert_str(at, &param);
        Self::parse(&text).unwrap_or_else(|_| self.clone())
    }

    /// This URI without the parameter `name`.
    #[must_use]
    pub fn without_param(&self, name: &str) -> Self {
        if self.param(name).is_none() {
            return self.clone();
        }
        let Span { start, end } = self.parts.params;
        let mut text = self.text[..start as usize].trim_end_matches(';').to_owned();
        for param in self.parts.params.of(&self.text).split(';') {
            let have = param.split('=').next().unwrap_or_default();
            if !unescape(have).eq_ignore_ascii_case(name) {
                text.push(';');
                text.push_str(param);
            }
        }
        text.push_str(&self.text[end as usize..]);
        Self::parse(&text).unwrap_or_else(|_| self.clone())
    }

    /// This URI without its `?headers`: what a Request-URI may be (RFC 3261 §19.1.5).
    #[must_use]
    pub fn without_headers(&self) -> Self {
        if self.parts.headers == Span::default() {
            return self.clone();
        }
        let text = &self.text[..self.parts.headers.start as usize];
        Self::parse(text.trim_end_matches('?')).unwrap_or_else(|_| self.clone())
    }

    /// Whether RFC 3261 §19.1.4 (for `tel:`, RFC 3966 §4) calls the two URIs equal. Not
    /// transitive, so it is not `==`.
    pub fn is_equivalent(&self, other: &Uri) -> bool {
        equal::equivalent(self, other)
    }
}

fn pairs(text: &str, separator: char) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.split(separator)
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        })
}

impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Uri {}

impl std::hash::Hash for Uri {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl std::fmt::Display for Uri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl std::fmt::Display for UriError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not a URI: {}", self.0)
    }
}

impl std::error::Error for UriError {}

impl AsRef<str> for Uri {
    fn as_ref(&self) -> &str {
        &self.text
    }
}
