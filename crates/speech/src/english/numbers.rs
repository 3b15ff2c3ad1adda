//! Numbers in words, as American English says them.

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const SCALES: [(u64, &str); 4] = [
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];
/// More digits than these are said one by one: nobody understands such a number.
pub(super) const NUMBER_DIGITS_MAX: usize = 15;

/// "one thousand two hundred thirty four". From 10^15 on, digit by digit.
pub(super) fn cardinal(number: u64) -> String {
    if number >= 10_u64.pow(NUMBER_DIGITS_MAX as u32) {
        return digits(&number.to_string());
    }
    let mut words = Vec::new();
    let mut rest = number;
    for (size, name) in SCALES {
        if rest >= size {
            below_thousand(rest / size, &mut words);
            words.push(name);
            rest %= size;
        }
    }
    if rest > 0 || words.is_empty() {
        below_thousand(rest, &mut words);
    }
    words.join(" ")
}

fn below_thousand(number: u64, words: &mut Vec<&'static str>) {
    let (hundreds, rest) = (number as usize / 100 % 10, number as usize % 100);
    if hundreds > 0 {
        words.extend([SMALL[hundreds], "hundred"]);
    }
    match rest {
        0 if hundreds > 0 => {}
        0..20 => words.push(SMALL[rest]),
        _ => {
            words.push(TENS[rest / 10]);
            words.extend((rest % 10 > 0).then(|| SMALL[rest % 10]));
        }
    }
}

/// "twenty third".
pub(super) fn ordinal(number: u64) -> String {
    let words = cardinal(number);
    let (before, last) = words.rsplit_once(' ').unwrap_or(("", &words));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
        regular => format!("{regular}th"),
    };
    format!("{before} {last}").trim_start().to_owned()
}

/// Four digits as a year: "nineteen oh five", "two thousand five", "twenty twenty four".
pub(super) fn year(number: u64) -> String {
    let (century, rest) = (number / 100, number % 100);
    match rest {
        _ if century == 0 || century > 99 || (century % 10 == 0 && rest < 10) => cardinal(number),
        0 => format!("{} hundred", cardinal(century)),
        1..10 => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// A number as one word: "forty-five", "twenty-first". Times and days are said so.
pub(super) fn close(words: &str) -> String {
    words.replace("ty ", "ty-")
}

/// Digit by digit, whatever else is between them.
pub(super) fn digits(text: &str) -> String {
    let values = text.chars().filter_map(|char| char.to_digit(10));
    let words: Vec<&str> = values.map(|value| SMALL[value as usize]).collect();
    words.join(" ")
}

/// Digits without a point as a number, or one by one if they are too many or begin with 0.
pub(super) fn whole(text: &str) -> String {
    let padded = text.len() > 1 && text.starts_with('0');
    match text.parse() {
        Ok(number) if !padded && text.len() <= NUMBER_DIGITS_MAX => cardinal(number),
        _ => digits(text),
    }
}

/// The number of a room, a bus or a model: "three twenty", "one oh one", "forty two".
pub(super) fn designation(text: &str) -> String {
    match text.as_bytes() {
        [b'1'..=b'9'] | [b'1'..=b'9', _] | [b'1'..=b'9', b'0', b'0'] => whole(text),
        [b'1'..=b'9', b'0', _] => format!("{} oh {}", digits(&text[..1]), digits(&text[2..])),
        [b'1'..=b'9', _, _] => format!("{} {}", digits(&text[..1]), whole(&text[1..])),
        _ => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinals_have_no_and_and_no_hyphen() {
        for (number, words) in [
            (0, "zero"),
            (13, "thirteen"),
            (40, "forty"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (1_234, "one thousand two hundred thirty four"),
            (1_000_005, "one million five"),
            (2_000_000_000_000, "two trillion"),
        ] {
            assert_eq!(cardinal(number), words);
        }
        assert!(cardinal(u64::MAX).starts_with("one eight four four"));
    }

    #[test]
    fn ordinals_change_their_last_word() {
        for (number, words) in [
            (1, "first"),
            (12, "twelfth"),
            (20, "twentieth"),
            (23, "twenty third"),
            (100, "one hundredth"),
            (108, "one hundred eighth"),
        ] {
            assert_eq!(ordinal(number), words);
        }
    }

    #[test]
    fn years_are_two_halves_unless_a_millennium_begins() {
        for (number, words) in [
            (1066, "ten sixty six"),
            (1900, "nineteen hundred"),
            (1905, "nineteen oh five"),
            (2000, "two thousand"),
            (2005, "two thousand five"),
            (2010, "twenty ten"),
            (2024, "twenty twenty four"),
        ] {
            assert_eq!(year(number), words);
        }
    }

    #[test]
    fn designations_are_short_and_long_ones_are_spelled() {
        for (text, words) in [
            ("7", "seven"),
            ("42", "forty two"),
            ("101", "one oh one"),
            ("200", "two hundred"),
            ("320", "three twenty"),
            ("4711", "four seven one one"),
            ("007", "zero zero seven"),
        ] {
            assert_eq!(designation(text), words);
        }
        assert_eq!(whole("0451"), "zero four five one");
        assert_eq!(whole(&"9".repeat(40)).split(' ').count(), 40);
    }
}
