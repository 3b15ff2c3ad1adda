//! Warning (RFC 3261 §20.43).

use std::borrow::Cow;

use super::lex::{number, quote, quoted_end, trim, unquote};

/// One warning: who says what about a session that could not be had as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning<'a> {
    /// Three digits: 305 "Incompatible media format", 399 "Miscellaneous".
    pub code: u16,
    /// The host that warns.
    pub agent: &'a str,
    /// The text for people.
    pub text: Cow<'a, str>,
}

impl<'a> Warning<'a> {
    /// Reads one value, such as `307 isi.edu "Session parameter 'foo' not understood"`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (code, rest) = text
            .split_once(' ')
            .ok_or("expected a code, an agent and a text")?;
        let code = number(code)
            .filter(|_| code.len() == 3)
            .and_then(|code| code.try_into().ok());
        let (agent, rest) = trim(rest)
            .split_once(' ')
            .ok_or("expected an agent and a text")?;
        let rest = trim(rest);
        if quoted_end(rest) != Some(rest.len()) {
            return Err("the text is not a quoted string");
        }
        let text = unquote(&rest[1..rest.len() - 1]);
        Ok(Self {
            code: code.ok_or("the code is not three digits")?,
            agent,
            text,
        })
    }
}

impl std::fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:03} {} {}", self.code, self.agent, quote(&self.text))
    }
}
