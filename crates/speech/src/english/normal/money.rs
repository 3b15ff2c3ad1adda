//! Amounts of money.

use super::super::numbers::whole;
use super::place::{Numeral, Place, Said, ends_word, past_space, word};

/// A currency: its sign or name, one and several of it, and a hundredth of it.
struct Currency {
    sign: &'static str,
    one: &'static str,
    several: &'static str,
    /// One hundredth and several.
    hundredth: Option<(&'static str, &'static str)>,
}

const CENTS: Option<(&str, &str)> = Some(("cent", "cents"));
const PENCE: Option<(&str, &str)> = Some(("penny", "pence"));

const fn currency(
    sign: &'static str,
    one: &'static str,
    several: &'static str,
    hundredth: Option<(&'static str, &'static str)>,
) -> Currency {
    Currency {
        sign,
        one,
        several,
        hundredth,
    }
}

const CURRENCIES: [Currency; 11] = [
    currency("US$", "dollar", "dollars", CENTS),
    currency("$", "dollar", "dollars", CENTS),
    currency("£", "pound", "pounds", PENCE),
    currency("€", "euro", "euros", CENTS),
    currency("¥", "yen", "yen", None),
    currency("₹", "rupee", "rupees", None),
    currency("₩", "won", "won", None),
    currency("USD", "dollar", "dollars", CENTS),
    currency("EUR", "euro", "euros", CENTS),
    currency("GBP", "pound", "pounds", PENCE),
    currency("CHF", "Swiss franc", "Swiss francs", None),
];

/// "$9.99", "€5 million", "USD 20".
pub(super) fn amount(place: &Place<'_>) -> Option<Said> {
    let (minus, text) = match place.rest.strip_prefix('-') {
        Some(text) => ("minus ", text),
        None => ("", place.rest),
    };
    let (currency, text) = named(text)?;
    let (number, rest) = Numeral::read(past_space(text))?;
    let (words, rest) = said(&number, currency, rest)?;
    place.said(rest, format!("{minus}{words}"))
}

/// "9.99 EUR", "5 $", "99¢".
pub(super) fn named_amount(place: &Place<'_>) -> Option<Said> {
    let (number, rest) = Numeral::read(place.rest)?;
    if let Some(rest) = past_space(rest).strip_prefix('¢') {
        let unit = if number.is_one() { "cent" } else { "cents" };
        return place.said(rest, format!("{} {unit}", number.words()));
    }
    let (currency, rest) = named(past_space(rest))?;
    let (words, rest) = said(&number, currency, rest)?;
    place.said(rest, words)
}

fn named(text: &str) -> Option<(&'static Currency, &str)> {
    CURRENCIES.iter().find_map(|currency| {
        let rest = text.strip_prefix(currency.sign)?;
        let word = currency.sign.ends_with(char::is_alphabetic);
        (!word || !rest.starts_with(char::is_alphabetic)).then_some((currency, rest))
    })
}

fn said<'a>(number: &Numeral<'_>, currency: &Currency, rest: &'a str) -> Option<(String, &'a str)> {
    let Currency {
        one,
        several,
        hundredth,
        ..
    } = currency;
    if let Some((scale, rest)) = scale(rest) {
        return Some((format!("{} {scale} {several}", number.words()), rest));
    }
    if !ends_word(rest) {
        return None;
    }
    let words = match (number.fraction, hundredth) {
        (Some(hundredths), Some(names)) if hundredths.len() == 2 => {
            small_change(number, hundredths, *names, currency)
        }
        _ if number.is_one() => format!("one {one}"),
        _ => format!("{} {several}", number.words()),
    };
    Some((words, rest))
}

/// "nine dollars and ninety nine cents", "fifty cents", "five dollars".
fn small_change(
    number: &Numeral<'_>,
    hundredths: &str,
    names: (&str, &str),
    currency: &Currency,
) -> String {
    let major = match number.whole.as_str() {
        "1" => format!("one {}", currency.one),
        whole_part => format!("{} {}", whole(whole_part), currency.several),
    };
    let minor = match hundredths.trim_start_matches('0') {
        "" => return major,
        "1" => format!("one {}", names.0),
        digits => format!("{} {}", whole(digits), names.1),
    };
    match number.whole.trim_start_matches('0') {
        "" => minor,
        _ => format!("{major} and {minor}"),
    }
}

/// "million", "k".
fn scale(rest: &str) -> Option<(&'static str, &str)> {
    let text = past_space(rest);
    let name = word(text);
    let scale = match name {
        "hundred" => "hundred",
        "thousand" | "k" | "K" => "thousand",
        "million" | "m" | "M" => "million",
        "billion" | "b" | "B" => "billion",
        "trillion" => "trillion",
        _ => return None,
    };
    let rest = &text[name.len()..];
    ends_word(rest).then_some((scale, rest))
}
