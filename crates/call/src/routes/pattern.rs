//! The patterns of a rule.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// The fewest digits of a number that may be written in several ways. Shorter ones are
/// extensions, where `00` and `0` are two numbers.
const NUMBER_DIGITS_MIN: usize = 7;

/// A text with `*` allowed at either end. Numbers match however they are written:
/// `+1 (512) 555-1234`, `0015125551234` and `15125551234` are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    number: Option<String>,
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
        let number = pattern_digits(text, open_start, open_end);
        Ok(Self {
            text: text.to_owned(),
            number,
            open_start,
            open_end,
        })
    }
}

impl Pattern {
    /// Whether a text fits.
    pub fn matches(&self, text: &str) -> bool {
        self.fits(&self.text, text)
            || self.number.as_ref().is_some_and(|wanted| {
                number_digits(text).is_some_and(|digits| self.fits(wanted, &digits))
            })
    }

    fn fits(&self, wanted: &str, text: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => text == wanted,
            (false, true) => text.starts_with(wanted),
            (true, false) => text.ends_with(wanted),
            (true, true) => text.contains(wanted),
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

/// A number's digits in international form without its `+`, its visual separators
/// (RFC 3966 §5.1.1) and its parameters; `None` where it is not a full number.
fn number_digits(text: &str) -> Option<Cow<'_, str>> {
    let (digits, _) = digits_of(text)?;
    (digits.len() >= NUMBER_DIGITS_MIN).then_some(digits)
}

/// The same for a pattern, which may be only a part of a number: one with `+` in front, or one
/// that is full by itself.
fn pattern_digits(text: &str, open_start: bool, open_end: bool) -> Option<String> {
    let (digits, international) = digits_of(text)?;
    let full = digits.len() >= NUMBER_DIGITS_MIN;
    let prefix = open_end && !open_start && international && !digits.is_empty();
    (full || prefix).then(|| digits.into_owned())
}

/// Digits, and whether they were written with `+` or `00`.
fn digits_of(text: &str) -> Option<(Cow<'_, str>, bool)> {
    let text = text.split(';').next().unwrap_or_default().trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let bare: Cow<'_, str> = if plain {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(
            text.chars()
                .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
                .collect(),
        )
    };
    let cut = match &*bare {
        number if number.starts_with('+') => 1,
        number if number.starts_with("00") && number.len() >= NUMBER_DIGITS_MIN => 2,
        _ => 0,
    };
    let digits = match bare {
        Cow::Borrowed(bare) => Cow::Borrowed(bare.get(cut..)?),
        Cow::Owned(mut bare) => {
            bare.drain(..cut);
            Cow::Owned(bare)
        }
    };
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then_some((digits, cut > 0))
}

/// An address or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    network: IpAddr,
    prefix: u8,
}

impl FromStr for Source {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let bad = || BadPattern::Source(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let network = address.parse::<IpAddr>().map_err(|_| bad())?.to_canonical();
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return Err(bad());
        }
        Ok(Self { network, prefix })
    }
}

impl Source {
    /// Whether an address is in this network. IPv4 seen through an IPv6 socket counts as IPv4.
    pub fn matches(&self, address: IpAddr) -> bool {
        let shift = |bits: u32| bits - u32::from(self.prefix);
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (a.to_bits() ^ b.to_bits())
                    .checked_shr(shift(32))
                    .unwrap_or(0)
                    == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                (a.to_bits() ^ b.to_bits())
                    .checked_shr(shift(128))
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}
