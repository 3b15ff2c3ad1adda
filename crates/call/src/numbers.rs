//! Telephone numbers: one spelling for the many in which they come.
//!
//! Nothing is guessed. A number that says where it belongs (`+…`) is international; any other is
//! read as the configured [`Country`] writes it, and only where there is one way to read it.
//! What is no number (`alice`, `anonymous`, an extension like `100`) is left alone.

mod country;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

pub use country::{Country, UnknownCountry};

/// The fewest digits of a number. Shorter ones are extensions and short codes, of which `00` and
/// `0` are two.
pub const DIGITS_MIN: usize = 7;
/// The most digits of an international number (ITU-T E.164 section 6.2.1).
pub const DIGITS_MAX: usize = 15;
/// The most digits as dialled: an international number behind prefixes.
const DIALLED_MAX: usize = 32;

/// A telephone number, spelled without separators: `+15125551234`, or digits alone where nothing
/// says to which country they belong.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(String);

impl Number {
    /// Reads a number from a SIP or tel URI, a user part, or however people write it. `None` where
    /// there is none: a name, an extension, or the `anonymous` of a caller who withholds it.
    pub fn read(text: &str, country: Option<&Country>) -> Option<Self> {
        let user = user_part(text)?;
        let dialled = decoded(user)?;
        let plain = without_pauses(&without_separators(&dialled))?.to_owned();
        match plain.strip_prefix('+') {
            Some(digits) => is_international(digits).then_some(Self(plain)),
            None if !(DIGITS_MIN..=DIALLED_MAX).contains(&plain.len()) => None,
            None => {
                let international = country.and_then(|country| country.international(&plain));
                Some(Self(international.unwrap_or(plain)))
            }
        }
    }

    /// As spelled.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says to which country it belongs: `+` and 7 to 15 digits.
    pub fn is_international(&self) -> bool {
        self.0.starts_with('+')
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether digits are calling code and number of ITU-T E.164.
fn is_international(digits: &str) -> bool {
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) && !digits.starts_with('0')
}

/// What stands for the subscriber: the user part of a SIP URI, the number of a tel URI, the text
/// itself. Parameters (`;phone-context=…`, `;ext=…`, `;npdi`) go.
fn user_part(text: &str) -> Option<&str> {
    let text = text.trim();
    let scheme = text
        .split_once(':')
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let (is_sip, rest) = match &scheme {
        Some((scheme, rest)) if matches!(scheme.as_str(), "sip" | "sips") => (true, *rest),
        Some((scheme, rest)) if scheme == "tel" => (false, *rest),
        _ => (false, text),
    };
    let user = match rest.split_once('@') {
        Some((user, _)) => user,
        None if is_sip => return None,
        None => rest,
    };
    let user = user.split(';').next()?;
    // RFC 3261 section 25.1: a password may follow the user.
    Some(if is_sip {
        user.split(':').next()?
    } else {
        user
    })
}

/// Percent signs resolved, once (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Without visual separators (RFC 3966 section 5.1.1) and spaces.
pub(crate) fn without_separators(text: &str) -> Cow<'_, str> {
    const SEPARATORS: [char; 5] = ['-', '.', '(', ')', ' '];
    if text.contains(SEPARATORS) {
        Cow::Owned(text.replace(SEPARATORS, ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// A `+` or none and digits, without the pauses and what is dialled after them (RFC 3601 section
/// 2); `None` where there is anything else.
fn without_pauses(text: &str) -> Option<&str> {
    const PAUSES: [char; 5] = [',', 'p', 'P', 'w', 'W'];
    let (number, after) = match text.find(PAUSES) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let is_dialled = |c: char| c.is_ascii_digit() || PAUSES.contains(&c) || "*#".contains(c);
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && after.chars().all(is_dialled);
    is_number.then_some(number)
}
