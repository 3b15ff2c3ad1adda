//! Telephone numbers, and other numbers that are told digit by digit.

use super::super::numbers::digits as one_by_one;
use super::place::{Place, Said, digits, ends_word};

/// A telephone number with a plus has at least so many digits.
const DIGITS_MIN: usize = 7;
/// One in three groups or more has so many.
const GROUPED_MIN: usize = 9;
/// E.164 numbers have at most 15; with a prefix before them a few more.
const DIGITS_MAX: usize = 18;
/// So many digits without a comma between them are no amount: an account, an order, a number to call.
const UNGROUPED_MIN: usize = 7;
/// Digits told without a breath, where nobody wrote how they belong together.
const GROUP: usize = 4;

/// "+1 (512) 555-1234", "555-1234", "0800 123 456", "4711008155": in groups, with a breath between.
pub(super) fn number(place: &Place<'_>) -> Option<Said> {
    let (plus, text) = match place.rest.strip_prefix('+') {
        Some(text) => (true, text),
        None => (false, place.rest),
    };
    let (groups, rest) = groups(text)?;
    let count: usize = groups.iter().map(|group| group.len()).sum();
    let is_number = match groups.as_slice() {
        [_] => count >= UNGROUPED_MIN,
        [local, line] if !plus => local.len() == 3 && line.len() == 4,
        _ if plus => (DIGITS_MIN..=DIGITS_MAX).contains(&count),
        // And not numbers that merely stand beside each other.
        _ => (GROUPED_MIN..=DIGITS_MAX).contains(&count),
    };
    if !is_number || !ends_word(rest) {
        return None;
    }
    let groups = match groups.as_slice() {
        [one] if count <= DIGITS_MAX => breaths(one),
        _ => groups,
    };
    let said: Vec<String> = groups.into_iter().map(one_by_one).collect();
    let plus = if plus { "plus " } else { "" };
    place.said(rest, format!("{plus}{}", said.join(", ")))
}

/// Digits in groups, with one sign between: a space, a hyphen, a point, parentheses.
fn groups(text: &str) -> Option<(Vec<&str>, &str)> {
    let mut groups = Vec::new();
    let mut rest = text;
    let mut sign = None;
    loop {
        let open = rest.strip_prefix('(');
        let inner = open.unwrap_or(rest);
        let len = digits(inner);
        if len == 0 {
            return None;
        }
        groups.push(&inner[..len]);
        let behind = &inner[len..];
        rest = match open {
            Some(_) => behind.strip_prefix(')')?,
            None => behind,
        };
        let between = rest
            .chars()
            .next()
            .filter(|char| matches!(char, ' ' | '-' | '.'));
        let next = between.map_or(rest, |_| &rest[1..]);
        let continues = next.starts_with(|char: char| char.is_ascii_digit() || char == '(');
        // Points part the digits of a number only if they do so everywhere; groups have two digits or more.
        let mixed = between == Some('.') && sign.is_some_and(|sign| sign != '.');
        let longs = digits(next.strip_prefix('(').unwrap_or(next)) >= 2;
        let joined = between.is_some() || open.is_some();
        if !continues || !joined || mixed || !longs || !closes(next) {
            return Some((groups, rest));
        }
        sign = between.or(sign);
        rest = next;
    }
}

/// Whether a parenthesis at the beginning holds digits alone.
fn closes(text: &str) -> bool {
    text.strip_prefix('(')
        .is_none_or(|inner| inner[digits(inner)..].starts_with(')'))
}

/// A run of digits in groups of three, and four at the end.
fn breaths(run: &str) -> Vec<&str> {
    let mut groups = Vec::new();
    let mut rest = run;
    while rest.len() > GROUP {
        let (group, after) = rest.split_at(3.min(rest.len() - 2));
        groups.push(group);
        rest = after;
    }
    groups.push(rest);
    groups
}
