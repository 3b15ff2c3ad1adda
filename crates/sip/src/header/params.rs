//! `;name=value` parameters, read where they lie.

use std::borrow::Cow;

use super::lex::{find_outside, is_token, quoted_end, trim, unquote};

/// Parameters a header value may carry; more are refused.
pub const PARAMS_MAX: usize = 64;

/// The parameters of a header value: a checked view of the text `;a=1;b`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// Reads `text`, which is empty or begins with `;`. Says what is wrong otherwise.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let text = trim(text);
        if text.is_empty() {
            return Ok(Self(text));
        }
        let params = Self(
            text.strip_prefix(';')
                .ok_or("expected ';' before a parameter")?,
        );
        if params.0.is_empty() {
            return Err("no parameter follows the ';'");
        }
        for (count, (name, value)) in params.raw().enumerate() {
            if count >= PARAMS_MAX {
                return Err("more parameters than the limit");
            }
            if !is_token(name) {
                return Err("a parameter name is not a token");
            }
            if !value.is_none_or(is_value) {
                return Err("a parameter value is neither a token, a host nor a quoted string");
            }
        }
        Ok(params)
    }

    /// The parameter `name` (compared without case): `Some("")` when it has no value.
    /// Quoted values come without their quotes.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The parameter as it is written, quotes and all.
    pub fn get_raw(&self, name: &str) -> Option<&'a str> {
        let found = self.raw().find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.unwrap_or_default())
    }

    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.raw().any(|(have, _)| have.eq_ignore_ascii_case(name))
    }

    /// Every parameter in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        self.raw().map(|(name, value)| {
            let value = value.unwrap_or_default();
            let inner = value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            (name, inner.map_or(Cow::Borrowed(value), unquote))
        })
    }

    /// The text after the first `;`, as it is written.
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    fn raw(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        let mut rest = (!self.0.is_empty()).then_some(self.0);
        std::iter::from_fn(move || {
            let here = rest?;
            let (param, after) = match find_outside(here, b';', false) {
                Some(at) => (&here[..at], Some(&here[at + 1..])),
                None => (here, None),
            };
            rest = after;
            Some(match param.split_once('=') {
                Some((name, value)) => (trim(name), Some(trim(value))),
                None => (trim(param), None),
            })
        })
    }
}

/// `gen-value`: a quoted string, or a run without separators. Lenient inside the run (`=`, `/`,
/// `@` are seen in the field), strict on what would end it.
fn is_value(value: &str) -> bool {
    match quoted_end(value) {
        Some(end) => end == value.len(),
        None => {
            !value.is_empty()
                && value.bytes().all(|byte| {
                    byte > b' ' && byte != 0x7f && !matches!(byte, b'"' | b',' | b'<' | b'>')
                })
        }
    }
}
