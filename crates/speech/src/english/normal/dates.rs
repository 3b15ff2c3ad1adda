//! Days of the year.

use super::super::numbers::{self, close, year};
use super::place::{Place, Said, digits, ends_word, small, word};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Two digits of a year beyond this were in the last century.
const CENTURY_TURNS: u64 = 30;

/// "2026-11-21".
pub(super) fn iso(place: &Place<'_>) -> Option<Said> {
    let (year, rest) = four(place.rest)?;
    let (month, rest) = small(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = small(rest.strip_prefix('-')?, 2)?;
    ends_number(rest).then_some(())?;
    place.said(rest, date(month, day, Some(year))?)
}

/// "11/21/2026" as Americans write it, or "21/11/26" where there is no such month.
pub(super) fn slashed(place: &Place<'_>) -> Option<Said> {
    let (one, rest) = small(place.rest, 2)?;
    let (other, rest) = small(rest.strip_prefix('/')?, 2)?;
    let behind = rest.strip_prefix('/')?;
    let (year, rest) = four(behind).or_else(|| {
        let (year, rest) = small(behind, 2).filter(|_| digits(behind) == 2)?;
        Some((if year > CENTURY_TURNS { 1900 } else { 2000 } + year, rest))
    })?;
    ends_number(rest).then_some(())?;
    let (month, day) = if one <= 12 {
        (one, other)
    } else {
        (other, one)
    };
    place.said(rest, date(month, day, Some(year))?)
}

/// "Jan. 5th, 2026", "March 3".
pub(super) fn month_day(place: &Place<'_>) -> Option<Said> {
    let (name, rest) = month(place.rest)?;
    let (day, mut rest) =
        small(rest.strip_prefix(' ')?, 2).filter(|(day, _)| (1..=31).contains(day))?;
    let end = ["st", "nd", "rd", "th"]
        .into_iter()
        .find_map(|end| rest.strip_prefix(end));
    rest = end.unwrap_or(rest);
    if !ends_number(rest) || rest.starts_with(['%', ':']) {
        return None;
    }
    let mut words = format!("{name} {}", ordinal(day));
    let comma = rest.strip_prefix(',').unwrap_or(rest);
    if let Some((number, after)) = comma.strip_prefix(' ').and_then(four) {
        words.push_str(if comma.len() < rest.len() { ", " } else { " " });
        words.push_str(&year(number));
        rest = after;
    }
    place.said(rest, words)
}

/// "5 January", "the 5th of Jan.".
pub(super) fn day_month(place: &Place<'_>) -> Option<Said> {
    let text = place.rest.strip_prefix("the ").unwrap_or(place.rest);
    let (day, rest) = small(text, 2).filter(|(day, _)| (1..=31).contains(day))?;
    let end = ["st", "nd", "rd", "th"]
        .into_iter()
        .find_map(|end| rest.strip_prefix(end));
    let rest = end.unwrap_or(rest).strip_prefix(' ')?;
    let (name, rest) = month(rest.strip_prefix("of ").unwrap_or(rest))?;
    ends_word(rest).then_some(())?;
    place.said(rest, format!("the {} of {name}", ordinal(day)))
}

fn date(month: u64, day: u64, number: Option<u64>) -> Option<String> {
    let place = usize::try_from(month).ok()?.checked_sub(1)?;
    let name = MONTHS.get(place)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let day = ordinal(day);
    Some(match number {
        Some(number) => format!("{name} {day}, {}", year(number)),
        None => format!("{name} {day}"),
    })
}

/// The month and day of "5/12", which is no fraction.
pub(super) fn day_of_year(month: u64, day: u64) -> Option<String> {
    date(month, day, None)
}

/// A month by its name or the beginning of it, and what follows.
fn month(text: &str) -> Option<(&'static str, &str)> {
    let name = word(text);
    let rest = &text[name.len()..];
    if let Some(month) = MONTHS.into_iter().find(|month| *month == name) {
        return Some((month, rest));
    }
    let short = |month: &&str| month[..3] == *name || (*month == "September" && name == "Sept");
    let month = MONTHS.into_iter().find(short)?;
    Some((month, rest.strip_prefix('.').unwrap_or(rest)))
}

fn ordinal(number: u64) -> String {
    close(&numbers::ordinal(number))
}

fn four(text: &str) -> Option<(u64, &str)> {
    small(text, 4).filter(|(_, rest)| text.len() - rest.len() == 4)
}

/// Whether nothing of a number goes on at the beginning of this text.
fn ends_number(rest: &str) -> bool {
    let sign = rest.strip_prefix(['-', '/', '.', ',']);
    ends_word(rest) && sign.is_none_or(|after| digits(after) == 0)
}
