//! Numbers that are nothing else: fractions, ranges, ordinals, years, plain numbers.

use super::super::numbers::{self, cardinal};
use super::dates::day_of_year;
use super::place::{Numeral, Place, Said, digits, ends_word, past_space, small};

/// "1/2", "3/4"; "5/12" is a day, "24/7" is what it looks like.
pub(super) fn fraction(place: &Place<'_>) -> Option<Said> {
    let (above, rest) = small(place.rest, 2)?;
    let (below, rest) = small(rest.strip_prefix('/')?, 2)?;
    (ends_word(rest) && !rest.starts_with('/')).then_some(())?;
    let words = match (above, below) {
        (1, 2) => "one half".to_owned(),
        (_, 2..=10) if 0 < above && above < below => {
            let part = match below {
                4 => "quarter".to_owned(),
                _ => numbers::ordinal(below),
            };
            let several = if above == 1 { "" } else { "s" };
            format!("{} {part}{several}", cardinal(above))
        }
        (24, 7) => "twenty four seven".to_owned(),
        _ => day_of_year(above, below)
            .unwrap_or_else(|| format!("{} slash {}", cardinal(above), cardinal(below))),
    };
    place.said(rest, words)
}

/// "2-3", "9 – 17".
pub(super) fn range(place: &Place<'_>) -> Option<Said> {
    let (_, rest) = small(place.rest, 4)?;
    let from = &place.rest[..digits(place.rest)];
    let behind = past_space(rest).strip_prefix(['-', '–'])?;
    let behind = past_space(behind);
    let (_, rest) = small(behind, 4)?;
    let to = &behind[..digits(behind)];
    let ends = ends_word(rest) && !rest.starts_with(['-', '.', '%']) || rest == ".";
    ends.then_some(())?;
    place.said(rest, format!("{} to {}", plain(from), plain(to)))
}

/// "3rd", "the 1980s".
pub(super) fn ordinal(place: &Place<'_>) -> Option<Said> {
    let (number, rest) = Numeral::read(place.rest)?;
    number.fraction.is_none().then_some(())?;
    let value: u64 = number.whole.parse().ok()?;
    let end = ["st", "nd", "rd", "th"]
        .into_iter()
        .find_map(|end| rest.strip_prefix(end));
    if let Some(rest) = end.filter(|rest| ends_word(rest)) {
        return place.said(rest, numbers::ordinal(value));
    }
    let rest = rest.strip_prefix('s').or_else(|| rest.strip_prefix("'s"))?;
    ends_word(rest).then_some(())?;
    place.said(rest, several(&plain(&number.whole)))
}

/// Every other number. A letter may follow: "3D", "4G".
pub(super) fn number(place: &Place<'_>) -> Option<Said> {
    let (sign, text) = match place.here() {
        '-' if !place.before().is_alphanumeric() => ("minus ", &place.rest[1..]),
        '+' => ("plus ", &place.rest[1..]),
        _ => ("", place.rest),
    };
    let (number, rest) = Numeral::read(text)?;
    // A version or an address: "1.2.3".
    if let Some(after) = rest.strip_prefix('.').filter(|after| digits(after) > 0) {
        let words = format!("{sign}{} point", number.words());
        return place.said(after, words);
    }
    let words = match number.fraction {
        None if !number.text.contains(',') => plain(&number.whole),
        _ => number.words(),
    };
    place.said(rest, format!("{sign}{words}"))
}

/// Digits without a comma: four of them are said as a year.
fn plain(text: &str) -> String {
    match text.parse() {
        Ok(number) if text.len() == 4 && !text.starts_with('0') => numbers::year(number),
        _ => numbers::whole(text),
    }
}

/// "nineteen eighties", "twenty fives".
fn several(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with('x') => format!("{words}es"),
        None => format!("{words}s"),
    }
}
