//! Writes out what is not written as it is said: numbers, times, dates, money, telephone numbers,
//! units, abbreviations and signs. What comes out has no digit in it.

mod abbreviations;
mod addresses;
mod clock;
mod dates;
mod measures;
mod money;
mod numerals;
mod place;
mod signs;
mod telephone;

use place::{Place, Said};

/// Reads what stands at a place, if it is what the rule is for.
type Rule = fn(&Place<'_>) -> Option<Said>;

/// At the beginning of each word the first rule that has something to say is followed.
const RULES: [Rule; 21] = [
    addresses::address,
    clock::time,
    dates::iso,
    dates::slashed,
    money::amount,
    money::named_amount,
    telephone::number,
    measures::percent,
    measures::degrees,
    measures::unit,
    dates::month_day,
    dates::day_month,
    abbreviations::title,
    abbreviations::abbreviation,
    abbreviations::numbered,
    abbreviations::roman,
    numerals::fraction,
    numerals::range,
    numerals::ordinal,
    numerals::number,
    signs::key,
];

/// A sentence as it is said.
pub(super) fn normal(sentence: &str) -> String {
    let text = signs::plain(sentence);
    let mut said = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(place) = Place::at(&text, at) {
        let read = place
            .begins_word()
            .then(|| RULES.iter().find_map(|rule| rule(&place)));
        if let Some(Said { len, words }) = read.flatten() {
            said.push_str(&words);
            at += len;
            if Place::at(&text, at).is_some_and(|next| next.goes_on()) {
                said.push(' ');
            }
        } else {
            at += signs::push(&place, &mut said);
        }
    }
    tidy(&said)
}

/// One space between words, none before a sign at which one breathes.
fn tidy(said: &str) -> String {
    let mut tidy = String::with_capacity(said.len());
    for word in said.split_whitespace() {
        let breath = word.starts_with([',', '.', ';', ':', '!', '?']);
        if !tidy.is_empty() && !breath {
            tidy.push(' ');
        }
        tidy.push_str(word);
    }
    tidy
}

#[cfg(test)]
mod tests;
