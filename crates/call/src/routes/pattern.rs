//! The patterns of a rule: texts, and numbers however they are written.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::numbers::{Country, Number, without_separators};

/// A text with `*` allowed at either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    open_start: bool,
    open_end: bool,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPattern {
    /// A star inside.
    #[error("{0:?}: `*` may stand at the start or at the end only")]
    StarInside(String),
    /// Nothing at all, which no call would match.
    #[error("a pattern is empty; write `*` to match everything")]
    Empty,
    /// No address or network.
    #[error("{0:?} is no address; write one like 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32")]
    Source(String),
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(pattern: &str) -> Result<Self, BadPattern> {
        if pattern.is_empty() {
            return Err(BadPattern::Empty);
        }
        let (open_start, text) = match pattern.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (open_end, text) = match text.strip_suffix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if text.contains('*') {
            return Err(BadPattern::StarInside(pattern.to_owned()));
        }
        Ok(Self {
            text: text.to_owned(),
            open_start,
            open_end,
        })
    }
}

impl Pattern {
    /// Whether a text fits.
    pub fn matches(&self, text: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => text == self.text,
            (false, true) => text.starts_with(&self.text),
            (true, false) => text.ends_with(&self.text),
            (true, true) => text.contains(&self.text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = |open| if open { "*" } else { "" };
        write!(
            f,
            "{}{}{}",
            star(self.open_start),
            self.text,
            star(self.open_end)
        )
    }
}

/// Who calls or is called: a name or a number, as written and as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party<'t> {
    text: &'t str,
    number: Option<Number>,
}

impl<'t> Party<'t> {
    /// Reads what a call says, with the numbers of a country.
    pub fn read(text: &'t str, country: Option<&Country>) -> Self {
        Self {
            text,
            number: Number::read(text, country),
        }
    }

    /// As written.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The number, where it is one.
    pub fn number(&self) -> Option<&Number> {
        self.number.as_ref()
    }
}

/// Whom a rule is about: compared with what is written, and with the number that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyPattern {
    text: Pattern,
    number: Option<Pattern>,
}

impl PartyPattern {
    /// Reads a pattern, with the numbers of a country.
    ///
    /// # Errors
    /// Where it is empty or has a `*` inside.
    pub fn read(text: &str, country: Option<&Country>) -> Result<Self, BadPattern> {
        let text: Pattern = text.parse()?;
        let number = number_of(&text, country);
        Ok(Self { text, number })
    }

    /// The pattern of what is written.
    pub fn text(&self) -> &Pattern {
        &self.text
    }

    /// Whether it is meant.
    pub fn matches(&self, party: &Party<'_>) -> bool {
        self.text.matches(party.text)
            || self
                .number
                .as_ref()
                .zip(party.number())
                .is_some_and(|(wanted, number)| wanted.matches(number.as_str()))
    }
}

impl fmt::Display for PartyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// The pattern of numbers as [`Number`] spells them. The beginning of a number is international
/// with `+` or an international prefix only: `1*` is whatever begins with a 1, in every country.
fn number_of(pattern: &Pattern, country: Option<&Country>) -> Option<Pattern> {
    let plain = without_separators(&pattern.text);
    let text = match (pattern.open_start, pattern.open_end) {
        (false, false) => Number::read(&pattern.text, country)?.to_string(),
        (false, true) => match plain.strip_prefix('+') {
            Some(digits) => format!("+{}", some_digits(digits)?),
            None => {
                let abroad = country.and_then(|c| c.after_international_prefix(&plain));
                match abroad.and_then(some_digits) {
                    Some(digits) => format!("+{digits}"),
                    None => some_digits(&plain)?.to_owned(),
                }
            }
        },
        (true, _) => some_digits(&plain)?.to_owned(),
    };
    Some(Pattern {
        text,
        ..pattern.clone()
    })
}

fn some_digits(text: &str) -> Option<&str> {
    let all = text.bytes().all(|b| b.is_ascii_digit());
    (all && !text.is_empty()).then_some(text)
}
