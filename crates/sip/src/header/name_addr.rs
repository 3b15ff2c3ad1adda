//! `name-addr` and `addr-spec`: From, To, Contact, Route and their kin (RFC 3261 §20.10).

use std::borrow::Cow;

use super::lex::{quote, quoted_end, trim, unquote};
use super::params::Params;
use crate::uri::{self, Uri};

/// A display name, a URI and the header's own parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAddr<'a> {
    display: &'a str,
    uri: &'a str,
    /// The header's parameters (`tag`, `expires`, `q`): those outside the angle brackets.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads `"Bob" <sip:bob@biloxi.com>;tag=a6c85cf` or `sip:bob@biloxi.com;tag=a6c85cf`.
    /// The URI is checked here, so [`NameAddr::uri`] cannot fail later.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let text = trim(text);
        let (display, rest) = match quoted_end(text) {
            Some(end) => (&text[..end], trim(&text[end..])),
            None if text.starts_with('"') => return Err("a quoted display name has no end"),
            None => match text.find('<') {
                Some(open) => (trim(&text[..open]), &text[open..]),
                None => return Self::parse_bare(text),
            },
        };
        if !display.starts_with('"') && display.contains(['"', ',', ';', '>', '\\']) {
            return Err("an unquoted display name holds a separator");
        }
        let inner = rest
            .strip_prefix('<')
            .ok_or("expected '<' after the display name")?;
        let (uri, after) = inner.split_once('>').ok_or("the '<' has no '>'")?;
        uri::check(uri)?;
        Ok(Self {
            display,
            uri,
            params: Params::parse(after)?,
        })
    }

    /// An addr-spec without brackets: what follows `;` belongs to the header, and a URI with a
    /// comma or question mark is not allowed in this form (RFC 3261 §20).
    fn parse_bare(text: &'a str) -> Result<Self, &'static str> {
        let end = text.find(';').unwrap_or(text.len());
        let uri = trim(&text[..end]);
        if uri.contains([',', '?']) {
            return Err("a URI with a comma or question mark must stand in '<' and '>'");
        }
        uri::check(uri)?;
        Ok(Self {
            display: "",
            uri,
            params: Params::parse(&text[end..])?,
        })
    }

    /// The display name, unquoted; `None` when there is none or it is empty.
    pub fn display(&self) -> Option<Cow<'a, str>> {
        let inner = self
            .display
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Some(inner.map_or(Cow::Borrowed(self.display), unquote)).filter(|name| !name.is_empty())
    }

    /// The URI as it is written.
    pub fn uri_str(&self) -> &'a str {
        self.uri
    }

    /// The URI, taken apart. Allocates; compare tags and texts without it where they do.
    pub fn uri(&self) -> Uri {
        Uri::parse(self.uri).unwrap_or_else(|_| Uri::opaque(self.uri))
    }

    /// The `tag` parameter of From and To.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.get_raw("tag").filter(|tag| !tag.is_empty())
    }

    /// The `expires` parameter of a Contact, in seconds. A malformed one counts as 3600
    /// (RFC 3261 §20.10).
    pub fn expires(&self) -> Option<u32> {
        self.params
            .get_raw("expires")
            .map(|text| super::lex::number(text).unwrap_or(3600))
    }

    /// `display` and `uri` as header text, quoted and bracketed: `"Bob" <sip:bob@biloxi.com>`.
    pub fn format(display: Option<&str>, uri: &Uri) -> String {
        match display.filter(|name| !name.is_empty()) {
            Some(name) => format!("{} <{uri}>", quote(name)),
            None => format!("<{uri}>"),
        }
    }
}

impl std::fmt::Display for NameAddr<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.display.is_empty() {
            write!(f, "{} ", self.display)?;
        }
        write!(f, "<{}>", self.uri)?;
        match self.params.as_str() {
            "" => Ok(()),
            params => write!(f, ";{params}"),
        }
    }
}

/// What the Contact headers of a message say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts<'a> {
    /// `Contact: *`: every binding (a REGISTER that removes them all).
    All,
    /// The contacts in order; empty when there is no Contact header.
    List(Vec<NameAddr<'a>>),
}

impl<'a> Contacts<'a> {
    /// The contacts listed; none for `*`.
    pub fn list(&self) -> &[NameAddr<'a>] {
        match self {
            Contacts::All => &[],
            Contacts::List(list) => list,
        }
    }
}
