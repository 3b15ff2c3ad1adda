//! How a country writes telephone numbers.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::is_international;

/// The numbering plans, one line each; the head of the file says what stands where.
const COUNTRIES: &str = include_str!("countries.txt");

/// The most digits that are dialled within a town of an open plan.
const TOWN_DIGITS_MAX: usize = 9;

/// A country's way to write numbers: what is dialled before an international and before a
/// national number, and how long a national number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    code: &'static str,
    calling_code: &'static str,
    international_prefixes: Vec<&'static str>,
    national_prefix: Option<&'static str>,
    lengths: Vec<RangeInclusive<usize>>,
}

/// No country has this code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no country has the code {0:?}")]
pub struct UnknownCountry(String);

impl FromStr for Country {
    type Err = UnknownCountry;

    /// Reads the two letters of ISO 3166, in any case: `US`, `de`.
    fn from_str(code: &str) -> Result<Self, UnknownCountry> {
        Self::all()
            .find(|country| country.code.eq_ignore_ascii_case(code))
            .ok_or_else(|| UnknownCountry(code.to_owned()))
    }
}

impl Country {
    /// Every country.
    pub fn all() -> impl Iterator<Item = Self> {
        let lines = COUNTRIES.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(Self::from_line)
    }

    /// ISO 3166: two capital letters.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// ITU-T E.164: what follows the `+`.
    pub fn calling_code(&self) -> &'static str {
        self.calling_code
    }

    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split_ascii_whitespace();
        let mut column = || columns.next();
        Some(Self {
            code: column()?,
            calling_code: column()?,
            international_prefixes: column()?.split(',').collect(),
            national_prefix: column().filter(|prefix| *prefix != "-"),
            lengths: column()?.split(',').map(lengths).collect::<Option<_>>()?,
        })
    }

    /// `+…` for digits dialled in this country, where they can be read in one way only.
    pub(super) fn international(&self, digits: &str) -> Option<String> {
        if let Some(rest) = self.after_international_prefix(digits) {
            return is_international(rest).then(|| format!("+{rest}"));
        }
        let national = |number: &str| format!("+{}{number}", self.calling_code);
        let after = |prefix: &str| digits.strip_prefix(prefix).filter(|n| self.is_national(n));
        let national_prefix = self.national_prefix.filter(|p| digits.starts_with(*p));
        if let Some(number) = national_prefix.and_then(after) {
            return Some(national(number));
        }
        // Trunks leave out the plus, or the national prefix. Where both may be, or where it may be a
        // number within a town, nothing tells which.
        let whole = national_prefix.is_none() && self.is_whole(digits);
        let coded = after(self.calling_code).filter(|_| self.is_closed() || is_long(digits));
        match (coded, whole) {
            (Some(number), false) => Some(national(number)),
            (None, true) => Some(national(digits)),
            _ => None,
        }
    }

    /// What follows the longest international prefix that the digits begin with.
    pub(crate) fn after_international_prefix<'d>(&self, digits: &'d str) -> Option<&'d str> {
        let prefixes = self.international_prefixes.iter();
        prefixes
            .filter_map(|prefix| digits.strip_prefix(prefix))
            .min_by_key(|rest| rest.len())
    }

    /// Whether digits are a national number without its prefix, and can be nothing shorter.
    fn is_whole(&self, digits: &str) -> bool {
        self.is_closed() && self.is_national(digits)
    }

    /// Whether every call within the country dials the whole national number: a closed plan.
    fn is_closed(&self) -> bool {
        let one_length = matches!(self.lengths.as_slice(), [one] if one.start() == one.end());
        self.national_prefix.is_none() || one_length
    }

    /// Whether digits are as long as a national number without its prefix, and make an
    /// international one.
    fn is_national(&self, digits: &str) -> bool {
        let fits = self
            .lengths
            .iter()
            .any(|range| range.contains(&digits.len()));
        fits && is_international(&format!("{}{digits}", self.calling_code))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (+{})", self.code, self.calling_code)
    }
}

/// Whether digits are more than the number of a subscriber within a town has.
fn is_long(digits: &str) -> bool {
    digits.len() > TOWN_DIGITS_MAX
}

/// Reads `10` or `6-12`.
fn lengths(text: &str) -> Option<RangeInclusive<usize>> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    Some(least.parse().ok()?..=most.parse().ok()?)
}
