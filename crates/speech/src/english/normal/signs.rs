//! Single signs.

use super::super::numbers::designation;
use super::place::{Place, Said, digits, ends_word};

/// What a sign is called between words.
const NAMED: [(char, &str); 23] = [
    ('=', "equals"),
    ('°', "degrees"),
    ('¢', "cents"),
    ('§', "section"),
    ('¶', "paragraph"),
    ('±', "plus or minus"),
    ('×', "times"),
    ('÷', "divided by"),
    ('©', "copyright"),
    ('→', "to"),
    ('½', "one half"),
    ('¼', "one quarter"),
    ('¾', "three quarters"),
    ('²', "squared"),
    ('³', "cubed"),
    ('µ', "micro"),
    ('|', ","),
    ('^', "to the power of"),
    ('%', "percent"),
    ('$', "dollars"),
    ('£', "pounds"),
    ('€', "euros"),
    ('@', "at"),
];
/// Signs that a reader makes a pause at, or that stand in words.
const KEPT: &str = ".,;:!?—…\"“”()'-–&/";

/// A text in which every sign has one spelling, and nothing is that cannot be said: no control
/// characters, no emoji, no accents laid over letters.
pub(super) fn plain(text: &str) -> String {
    let chars = text.chars().filter_map(|char| match char {
        _ if char.is_whitespace() || char.is_control() => Some(' '),
        '\u{00AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'
        | '\u{FEFF}' => None,
        '\u{0300}'..='\u{036F}' | '\u{FE00}'..='\u{FE0F}' => None,
        // Full width, as it is written in Eastern Asia.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(char) - 0xFEE0),
        '’' | '‘' | '´' => Some('\''),
        '`' => Some(' '),
        '\u{2010}' | '\u{2011}' | '‒' | '−' => Some('-'),
        '―' => Some('—'),
        '„' | '«' => Some('“'),
        '»' => Some('”'),
        '。' => Some('.'),
        '、' => Some(','),
        _ if char.is_alphanumeric() || char.is_ascii() || KEPT.contains(char) => Some(char),
        _ if NAMED.iter().any(|(sign, _)| *sign == char) || "¥₹₩".contains(char) => Some(char),
        _ => Some(' '),
    });
    let chars: String = chars.collect();
    chars.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A key of the telephone that stands alone: "press *", "then #".
pub(super) fn key(place: &Place<'_>) -> Option<Said> {
    let name = match place.here() {
        '*' => "star",
        '#' => "pound",
        _ => return None,
    };
    let alone = place.before() == ' ' || place.before() == '"' || place.before() == '\'';
    (alone && ends_word(place.after(1)) && !place.after(1).starts_with(['*', '#'])).then_some(())?;
    place.said(place.after(1), name)
}

/// Says what stands at a place where no rule has anything to say. Returns how many bytes it was.
pub(super) fn push(place: &Place<'_>, said: &mut String) -> usize {
    let here = place.here();
    let run = digits(place.rest);
    if run > 0 {
        // Behind a letter: "A320", "mp3".
        said.push_str(&format!(" {}", designation(&place.rest[..run])));
        if place.after(run).starts_with(char::is_alphanumeric) {
            said.push(' ');
        }
        return run;
    }
    let len = here.len_utf8();
    match NAMED.iter().find(|(sign, _)| *sign == here) {
        // A sum or a comparison has something on both sides.
        Some((_, name)) => said.push_str(&format!(" {name} ")),
        None if here == '~' && digits(place.after(1)) > 0 => said.push_str(" about "),
        None if here == '+' => said.push_str(" plus "),
        None if here == '<' && between(place) => said.push_str(" less than "),
        None if here == '>' && between(place) => said.push_str(" greater than "),
        // A digit of another script.
        None if here.is_numeric() => {}
        None if here.is_alphabetic() || here == ' ' || KEPT.contains(here) => said.push(here),
        None => said.push(' '),
    }
    len
}

/// Whether a sign stands between two words.
fn between(place: &Place<'_>) -> bool {
    place.before() == ' ' && place.after(1).starts_with(' ')
}

/// Letters and digits in one word, each run for itself.
pub(super) fn mixed(word: &str) -> String {
    let mut said = String::new();
    let mut at = 0;
    while let Some(place) = Place::at(word, at) {
        at += push(&place, &mut said);
    }
    said.trim().to_owned()
}
