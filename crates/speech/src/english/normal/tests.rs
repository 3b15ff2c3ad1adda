use super::normal;
use proptest::prelude::*;

fn said(texts: &[(&str, &str)]) {
    for (text, words) in texts {
        assert_eq!(normal(text), *words, "{text}");
    }
}

#[test]
fn times_of_day() {
    said(&[
        ("It is 9:30.", "It is nine thirty."),
        ("at 9:00", "at nine o'clock"),
        (
            "at 9:05 am, or 12:15 PM",
            "at nine oh five A.M., or twelve fifteen P.M.",
        ),
        ("We open at 7pm.", "We open at seven P.M.."),
        ("from 8 a.m. to 6 p.m.", "from eight A.M. to six P.M.."),
        ("in 1:02:03", "in one oh two and three seconds"),
        (
            "a 3:1 ratio at 25:00",
            "a three:one ratio at twenty five:zero zero",
        ),
    ]);
}

#[test]
fn days_of_the_year() {
    said(&[
        (
            "on 2026-11-21",
            "on November twenty-first, twenty twenty six",
        ),
        (
            "on 11/21/2026",
            "on November twenty-first, twenty twenty six",
        ),
        (
            "on 21/11/99.",
            "on November twenty-first, nineteen ninety nine.",
        ),
        ("Jan. 5th, 2019", "January fifth, twenty nineteen"),
        ("March 3 at 5:00", "March third at five o'clock"),
        ("the 5th of May", "the fifth of May"),
        (
            "on 5 January 2024",
            "on the fifth of January twenty twenty four",
        ),
        ("May 2024", "May twenty twenty four"),
        ("on 13/45/2026", "on thirteen/forty five/twenty twenty six"),
    ]);
}

#[test]
fn money() {
    said(&[
        (
            "It costs $9.99.",
            "It costs nine dollars and ninety nine cents.",
        ),
        (
            "$1, $1.01 and $0.50",
            "one dollar, one dollar and one cent and fifty cents",
        ),
        (
            "€1,250 or £3.20",
            "one thousand two hundred fifty euros or three pounds and twenty pence",
        ),
        (
            "$3.2 billion, $20k",
            "three point two billion dollars, twenty thousand dollars",
        ),
        (
            "5 EUR, USD 20, 99¢",
            "five euros, twenty dollars, ninety nine cents",
        ),
        ("a $ sign", "a dollars sign"),
    ]);
}

#[test]
fn telephone_and_account_numbers_are_told_digit_by_digit() {
    said(&[
        ("Call 555-1234.", "Call five five five, one two three four."),
        (
            "(512) 555-0199",
            "five one two, five five five, zero one nine nine",
        ),
        (
            "+1 512 555 0199",
            "plus one, five one two, five five five, zero one nine nine",
        ),
        (
            "+15125550199",
            "plus one five one, two five five, five zero one, nine nine",
        ),
        ("order 4711008", "order four seven one, one zero zero eight"),
        (
            "0800 123 456",
            "zero eight zero zero, one two three, four five six",
        ),
        (
            "from 1990-1995",
            "from nineteen ninety to nineteen ninety five",
        ),
        ("press 1 or 2", "press one or two"),
        ("your PIN is 0451", "your PIN is zero four five one"),
        ("extension 204", "extension two hundred four"),
    ]);
}

#[test]
fn keys_are_named() {
    said(&[
        ("Press * or #.", "Press star or pound."),
        ("then '#'", "then 'pound'"),
        ("#1 and **bold**", "number one and bold"),
    ]);
}

#[test]
fn units_percents_and_degrees() {
    said(&[
        ("5km, 1 kg", "five kilometers, one kilogram"),
        ("-3.5 °C", "minus three point five degrees Celsius"),
        (
            "50% of 1,250",
            "fifty percent of one thousand two hundred fifty",
        ),
        ("60 mph for 3 hrs.", "sixty miles per hour for three hours."),
        ("a 5 minute call", "a five minute call"),
    ]);
}

#[test]
fn short_words_are_said_in_full() {
    said(&[
        ("Dr. Smith, Mr Jones", "Doctor Smith, Mister Jones"),
        ("12 Main St.", "twelve Main Street."),
        ("St. Paul St. is here", "Saint Paul Street is here"),
        ("No. 5, no. He said no.", "number five, no. He said no."),
        (
            "Chapter IV, World War II, Henry VIII",
            "Chapter four, World War two, Henry the eighth",
        ),
        ("approx. 3 vs. 4", "approximately three versus four"),
    ]);
}

#[test]
fn other_numbers() {
    said(&[
        ("the 3rd of 21", "the third of twenty one"),
        (
            "1/2, 3/4, 24/7",
            "one half, three quarters, twenty four seven",
        ),
        ("2-3 days, 9 – 17", "two to three days, nine to seventeen"),
        (
            "in the 1980s, in 2005",
            "in the nineteen eighties, in two thousand five",
        ),
        ("3.14 and .5", "three point one four and point five"),
        ("version 1.2.3", "version one point two point three"),
        (
            "a 4G phone, an A320, B2B",
            "a four G phone, an A three twenty, B two B",
        ),
        ("1,000,000", "one million"),
        ("x = 2 + 2", "x equals two plus two"),
        ("-5", "minus five"),
    ]);
}

#[test]
fn addresses_are_spelled_as_far_as_needed() {
    said(&[
        (
            "Write to ann.lee@example.com.",
            "Write to ann dot lee at example dot com.",
        ),
        (
            "See https://example.org/help",
            "See example dot org slash help",
        ),
        ("www.example.net", "W W W dot example dot net"),
        ("a.m. and e.g. this", "a.m. and for example this"),
    ]);
}

#[test]
fn what_cannot_be_said_is_left_out() {
    said(&[
        ("Hi \u{1F600}\u{200D}!\u{7}", "Hi!"),
        ("ｆｕｌｌ １２", "full twelve"),
        ("\u{202E}abc\u{0301}", "abc"),
        ("  ", ""),
        ("*_~`", ""),
    ]);
}

proptest! {
    #[test]
    fn no_text_is_too_hostile(text in "\\PC{0,200}") {
        let words = normal(&text);
        prop_assert!(!words.chars().any(|char| char.is_ascii_digit()), "{words}");
        prop_assert!(!words.contains("  "));
    }

    #[test]
    fn no_number_is_too_odd(text in "[-+0-9.,:/$%# ()apmst]{0,60}") {
        let words = normal(&text);
        prop_assert!(!words.chars().any(|char| char.is_ascii_digit()), "{words}");
    }

    #[test]
    fn a_cardinal_is_said_without_signs(number in 0_u64..u64::MAX) {
        let words = normal(&format!("{number}"));
        prop_assert!(words.split(' ').all(|word| word.trim_end_matches(',').chars().all(|c| c.is_ascii_lowercase())));
    }
}
