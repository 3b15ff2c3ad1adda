//! Times of day.

use super::super::numbers::{self, close};
use super::place::{Place, Said, ends_word, past_space, small};

/// "9:30", "9:30 am", "12:00:15", "7pm".
pub(super) fn time(place: &Place<'_>) -> Option<Said> {
    let (hour, rest) = small(place.rest, 2).filter(|(hour, _)| *hour <= 24)?;
    let Some(behind) = rest.strip_prefix(':') else {
        let (half, rest) = half(rest)?;
        return place.said(rest, format!("{} {half}", cardinal(hour)));
    };
    let (minute, mut rest) = two(behind)?;
    let mut seconds = None;
    if let Some((second, after)) = rest.strip_prefix(':').and_then(two) {
        (seconds, rest) = (Some(second), after);
    }
    let half = half(rest);
    let rest = half.map_or(rest, |(_, rest)| rest);
    if !ends_word(rest) || rest.starts_with(':') {
        return None;
    }
    let mut words = cardinal(hour);
    match minute {
        0 if half.is_some() || seconds.is_some() => {}
        0 => words.push_str(" o'clock"),
        1..10 => words.push_str(&format!(" oh {}", cardinal(minute))),
        _ => words.push_str(&format!(" {}", cardinal(minute))),
    }
    match seconds {
        Some(1) => words.push_str(" and one second"),
        Some(seconds) => words.push_str(&format!(" and {} seconds", cardinal(seconds))),
        None => {}
    }
    if let Some((half, _)) = half {
        words.push_str(&format!(" {half}"));
    }
    place.said(rest, words)
}

fn cardinal(number: u64) -> String {
    close(&numbers::cardinal(number))
}

/// Two digits below sixty.
fn two(text: &str) -> Option<(u64, &str)> {
    let (number, rest) = small(text, 2)?;
    (text.len() - rest.len() == 2 && number < 60).then_some((number, rest))
}

/// "am", "PM", "p.m.", with the full stop behind it unless nothing follows.
fn half(text: &str) -> Option<(&'static str, &str)> {
    let text = past_space(text);
    let half = match text.as_bytes().first()? {
        b'a' | b'A' => "A.M.",
        b'p' | b'P' => "P.M.",
        _ => return None,
    };
    let rest = &text[1..];
    let rest = rest
        .strip_prefix('.')
        .unwrap_or(rest)
        .strip_prefix(['m', 'M'])?;
    let rest = match rest {
        // It ends the sentence as well.
        "." => rest,
        _ => rest.strip_prefix('.').unwrap_or(rest),
    };
    ends_word(rest).then_some((half, rest))
}
