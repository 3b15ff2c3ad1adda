//! Challenges and credentials: a scheme and its `name=value` list (RFC 3261 §25.1).

use std::borrow::Cow;

use super::lex::{find_outside, is_token, trim, unquote};

/// WWW-Authenticate, Proxy-Authenticate, Authorization or Proxy-Authorization, of any scheme.
/// What the parameters mean is the scheme's affair; see [`crate::digest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthParams<'a> {
    /// `Digest`, or another token.
    pub scheme: &'a str,
    params: &'a str,
}

impl<'a> AuthParams<'a> {
    /// Reads `Digest realm="atlanta.com", nonce="f84f1cec41e6cbe5aea9c8e88d359"`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (scheme, params) = trim(text)
            .split_once([' ', '\t'])
            .ok_or("nothing follows the scheme")?;
        match is_token(scheme) {
            true => Ok(Self {
                scheme,
                params: trim(params),
            }),
            false => Err("the scheme is not a token"),
        }
    }

    /// Whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The parameter `name` (without case), its quotes taken off.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Every `name=value` in order, quotes taken off; anything else is passed over.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let mut rest = Some(self.params);
        let pieces = std::iter::from_fn(move || {
            let here = rest?;
            let comma = find_outside(here, b',', false);
            rest = comma.map(|comma| &here[comma + 1..]);
            Some(comma.map_or(here, |comma| &here[..comma]))
        });
        pieces.filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            let value = trim(value);
            let inner = value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            Some((trim(name), inner.map_or(Cow::Borrowed(value), unquote)))
        })
    }
}
