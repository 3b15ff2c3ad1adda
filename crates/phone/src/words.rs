//! Compares what was heard with what was said, word by word.

const NUMBERS: [&str; 20] = [
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
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
/// The longest text that is compared, in words.
const WORDS_MAX: usize = 2_000;

/// The words of a text: small letters without punctuation. What sounds the same is the same, whichever
/// way it is written: numbers up to a hundred are figures, and figures stand apart ("four two", "4, 2",
/// "42"); times of day are as they are said ("10:01" and "ten oh one", "10:00 PM" and "ten p.m.").
pub fn words(text: &str) -> Vec<String> {
    spoken(text).iter().flat_map(|word| apart(word)).collect()
}

/// The same with the figures of a number together, as they are written.
fn spoken(text: &str) -> Vec<String> {
    let text = text.replace('’', "'");
    let pieces: Vec<String> = text.split_whitespace().flat_map(pieces).collect();
    let mut words = Vec::new();
    let mut rest = pieces.as_slice();
    while let [first, after @ ..] = rest {
        let (word, taken) = joined(first, after.first());
        rest = rest.get(taken..).unwrap_or_default();
        words.push(word);
    }
    let mut words = as_times_are_said(&words);
    words.truncate(WORDS_MAX);
    words
}

/// What stands between two spaces, without punctuation; of a full hour "00" is "o'clock".
fn pieces(text: &str) -> Vec<String> {
    let is_inside = |c: char| c.is_alphanumeric() || c == '\'';
    let text = text.to_lowercase();
    let text = match full_hour(text.trim_matches(|c| !is_inside(c))) {
        Some((hour, half)) => format!("{hour} o'clock {half}"),
        None => text,
    };
    let pieces = text.split(|c| !is_inside(c));
    let pieces = pieces.map(|piece| piece.trim_matches('\'').to_owned());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// "10:00" and "10:00pm": the hour, and what follows.
fn full_hour(text: &str) -> Option<(&str, &str)> {
    let (hour, half) = text.split_once(":00")?;
    let is_hour = is_number(hour) && hour.len() <= 2;
    let is_full = !half.starts_with(|c: char| c == ':' || c.is_ascii_digit());
    (is_hour && is_full).then_some((hour, half))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit())
}

/// "oh" between two numbers is the figure, and before "a.m." and "p.m." nobody needs "o'clock".
fn as_times_are_said(words: &[String]) -> Vec<String> {
    let at = |place: Option<usize>| place.and_then(|place| words.get(place));
    let is_number_at = |place| at(place).is_some_and(|word| is_number(word));
    let said = words.iter().enumerate().filter_map(|(place, word)| {
        let (before, after) = (place.checked_sub(1), Some(place + 1));
        let is_half = at(after).is_some_and(|word| matches!(word.as_str(), "am" | "pm"));
        match word.as_str() {
            "oh" | "o" if is_number_at(before) && is_number_at(after) => Some("0".to_owned()),
            "o'clock" if is_number_at(before) && is_half => None,
            _ => Some(word.clone()),
        }
    });
    said.collect()
}

/// A number's figures, or the word.
fn apart(word: &str) -> Vec<String> {
    match is_number(word) {
        true => word.chars().map(String::from).collect(),
        false => vec![word.to_owned()],
    }
}

/// A word as it is compared, and of how many it is made: "thirty five" is 35, "p.m." is pm.
fn joined(word: &str, next: Option<&String>) -> (String, usize) {
    let place = |of: &[&str], word: &str| of.iter().position(|number| *number == word);
    let next = next.map(String::as_str).unwrap_or_default();
    if let Some(tens) = place(&TENS, word) {
        let tens = 20 + 10 * tens;
        return match place(&NUMBERS, next).filter(|unit| (1..10).contains(unit)) {
            Some(unit) => ((tens + unit).to_string(), 2),
            None => (tens.to_string(), 1),
        };
    }
    if let Some(number) = place(&NUMBERS, word) {
        return (number.to_string(), 1);
    }
    match (word, next) {
        ("a" | "p", "m") => (format!("{word}m"), 2),
        _ => (word.to_owned(), 1),
    }
}

/// The share of words that are wrong, missing or too many, of those that were said.
pub fn word_error_rate(said: &str, heard: &str) -> f64 {
    let (said, heard) = (words(said), words(heard));
    let errors = errors_by_length(&said, &heard).last().copied();
    rate(errors.unwrap_or(0), said.len())
}

/// The same where only a beginning of what was said could be heard: that beginning which fits best. A
/// last word that was cut in two is no error.
pub fn word_error_rate_of_beginning(said: &str, heard: &str) -> f64 {
    let (said, heard) = (words(said), words(heard));
    let whole = match heard.split_last() {
        Some((_, whole)) if !whole.is_empty() => whole,
        _ => return rate(said.len(), said.len()),
    };
    let best = |heard: &[String]| {
        let errors = errors_by_length(&said, heard);
        let rates = errors.iter().enumerate().skip(1);
        let rates = rates.map(|(length, errors)| rate(*errors, length));
        rates.fold(f64::INFINITY, f64::min)
    };
    best(&heard).min(best(whole))
}

/// Whether these words are there, one after the other. Of a number they are not a part: "nine" is not
/// in "95", but "42" is in "4, 2".
pub fn contains(heard: &str, wanted: &str) -> bool {
    let (heard, wanted) = (spoken(heard), words(wanted));
    (0..=heard.len()).any(|start| begins(heard.get(start..).unwrap_or_default(), &wanted))
}

fn begins(heard: &[String], wanted: &[String]) -> bool {
    let mut missing = wanted;
    for word in heard {
        if missing.is_empty() {
            break;
        }
        match missing.strip_prefix(apart(word).as_slice()) {
            Some(rest) => missing = rest,
            None => return false,
        }
    }
    missing.is_empty()
}

fn rate(errors: usize, of: usize) -> f64 {
    errors as f64 / of.max(1) as f64
}

/// How many words have to be changed, for each length of what was said.
fn errors_by_length(said: &[String], heard: &[String]) -> Vec<usize> {
    let mut above: Vec<usize> = (0..=heard.len()).collect();
    let mut last = vec![heard.len()];
    for (row, word) in said.iter().enumerate() {
        let mut line = vec![row + 1];
        let mut left = row + 1;
        for (other, pair) in heard.iter().zip(above.windows(2)) {
            let [diagonal, up] = pair else { continue };
            let changed = diagonal + usize::from(word != other);
            left = changed.min(up + 1).min(left + 1);
            line.push(left);
        }
        above = line;
        last.push(left);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_missing_and_added_words_are_counted_against_those_said() {
        for (said, heard, errors) in [
            ("We open at nine.", "we open at 9", 0.0),
            ("We open at nine.", "We opened at nine", 0.25),
            ("We open at nine.", "open at nine", 0.25),
            ("We open at nine.", "So we open at nine.", 0.25),
            ("We open at nine.", "", 1.0),
            ("You pressed 42.", "you pressed forty two", 0.0),
            ("Press twenty-nine, one", "press 29 1", 0.0),
            ("yes", "no no no", 3.0),
            ("", "", 0.0),
            ("It's O'Brien's", "it’s o'brien's", 0.0),
        ] {
            let rate = word_error_rate(said, heard);
            assert!((rate - errors).abs() < 1e-9, "{said} / {heard}: {rate}");
        }
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for (said, heard) in [
            ("number 4, 2, 7, 1", "Number four two seven one."),
            ("number 4, 2, 7, 1", "number 4271"),
            ("It is 2:35 PM", "it is two thirty-five p.m."),
            ("at ten o'clock", "At 10 o'clock"),
            ("twenty", "20"),
            ("It is 10:01 PM", "It is ten oh one p.m."),
            ("It is 10:01 PM", "It is 10 o 1 P.M."),
            ("at 10:00 PM on Monday.", "at ten p.m. on Monday"),
            ("at 10:00 PM on Monday.", "at 10 o'clock PM on Monday"),
            ("at 10:00pm", "at 10 p.m."),
            ("at ten o'clock,", "at 10:00."),
        ] {
            assert_eq!(words(said), words(heard), "{said} / {heard}");
        }
    }

    #[test]
    fn another_time_is_another_however_it_is_written() {
        for (said, heard) in [
            ("It is 10:01 PM", "It is 10:10 p.m."),
            ("It is 10:01 PM", "It is ten one p.m."),
            ("at 10:00 PM", "at 10:00 AM"),
            ("at ten o'clock", "at ten"),
            ("Oh, one of them", "0, one of them"),
            ("1:00:15", "1 o'clock 15"),
        ] {
            assert_ne!(words(said), words(heard), "{said} / {heard}");
        }
    }

    #[test]
    fn of_what_was_cut_short_the_beginning_counts() {
        let said = "I can tell you the time and our opening hours.";
        for (heard, errors) in [
            ("I can tell you the time", 0.0),
            ("I can tell you the ti", 0.0),
            ("I can tell you a time", 1.0 / 6.0),
            ("", 1.0),
        ] {
            let rate = word_error_rate_of_beginning(said, heard);
            assert!((rate - errors).abs() < 1e-9, "{heard}: {rate}");
        }
        assert!(word_error_rate_of_beginning(said, "Good morning to you all") > 0.5);
    }

    #[test]
    fn words_are_found_whole_and_in_their_order() {
        assert!(contains("We open at nine o'clock.", "at 9"));
        assert!(!contains("We opened.", "open"));
        assert!(!contains("nine at open", "open at"));
        assert!(contains("open", ""));
    }

    #[test]
    fn a_number_is_found_however_it_is_written_but_not_in_another_one() {
        for (heard, wanted, is_there) in [
            ("You pressed 42.", "forty two", true),
            ("You pressed 4, 2.", "42", true),
            ("You pressed 42.", "4", false),
            ("It costs ninety five.", "ninety", false),
            ("Your number is 4271", "4, 2, 7, 1", true),
        ] {
            assert_eq!(contains(heard, wanted), is_there, "{heard} / {wanted}");
        }
    }
}
