//! Compares what was heard with what was to be said.

use super::scenario::Intents;

/// The words of a text: small letters, without punctuation, numbers below a hundred as figures, since
/// recognisers write either.
pub fn words(text: &str) -> Vec<String> {
    let is_inside = |c: char| c.is_alphanumeric() || c == '\'';
    let pieces = text.split(|c| !is_inside(c));
    let pieces = pieces.map(|piece| piece.trim_matches('\'').to_lowercase());
    let mut words = Vec::new();
    // Twenty to ninety, which the next word may add to.
    let mut tens: Option<usize> = None;
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let number = number(&piece);
        match (tens.take(), number) {
            (Some(tens), Some(ones @ 1..=9)) => {
                words.pop();
                words.push((tens + ones).to_string());
            }
            (_, Some(number)) => {
                tens = (number >= 20).then_some(number);
                words.push(number.to_string());
            }
            (_, None) => words.push(piece),
        }
    }
    words
}

const ONES: [&str; 20] = [
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

/// What a word counts.
fn number(word: &str) -> Option<usize> {
    let ones = ONES.iter().position(|one| *one == word);
    let tens = TENS.iter().position(|ten| *ten == word);
    ones.or(tens.map(|place| 20 + 10 * place))
}

/// The share of words that are wrong, missing or too many, of those that were to be said.
pub fn word_error_rate(wanted: &str, heard: &str) -> f64 {
    let (wanted, heard) = (words(wanted), words(heard));
    let mut above: Vec<usize> = (0..=heard.len()).collect();
    for (row, word) in wanted.iter().enumerate() {
        let mut line = vec![row + 1];
        let mut left = row + 1;
        for (other, pair) in heard.iter().zip(above.windows(2)) {
            let [diagonal, up] = pair else { continue };
            left = (diagonal + usize::from(word != other))
                .min(up + 1)
                .min(left + 1);
            line.push(left);
        }
        above = line;
    }
    let errors = above.last().copied().unwrap_or(0);
    errors as f64 / wanted.len().max(1) as f64
}

/// Whether these words are there, one after the other.
pub fn contains(heard: &str, wanted: &str) -> bool {
    let (heard, wanted) = (words(heard), words(wanted));
    wanted.is_empty() || heard.windows(wanted.len()).any(|place| place == wanted)
}

/// The class of an answer by its words: that of which most are there. Nothing where none is, or
/// where two classes are equal.
pub fn intent<'i>(heard: &str, intents: &'i Intents) -> Option<&'i str> {
    let count = |known: &[String]| known.iter().filter(|word| contains(heard, word)).count();
    let counted = intents
        .iter()
        .map(|(name, known)| (count(known), name.as_str()));
    let mut counted: Vec<_> = counted.filter(|(count, _)| *count > 0).collect();
    counted.sort_unstable_by(|a, b| b.cmp(a));
    match counted.as_slice() {
        [(first, _), (second, _), ..] if first == second => None,
        [(_, name), ..] => Some(name),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_missing_and_added_words_are_counted_against_those_wanted() {
        for (wanted, heard, errors) in [
            ("We open at nine.", "we open at 9", 0.0),
            ("We open at nine.", "We opened at nine", 0.25),
            ("We open at nine.", "open at nine", 0.25),
            ("We open at nine.", "So we open at nine.", 0.25),
            ("We open at nine.", "", 1.0),
            ("Press twenty-nine, one", "press 29 1", 0.0),
            ("You pressed 42.", "you pressed forty two", 0.0),
            ("yes", "no no no", 3.0),
            ("", "", 0.0),
            ("It's O'Brien's", "it's o'brien's", 0.0),
        ] {
            let rate = word_error_rate(wanted, heard);
            assert!((rate - errors).abs() < 1e-9, "{wanted} / {heard}: {rate}");
        }
    }

    #[test]
    fn words_are_found_whole_and_in_their_order() {
        assert!(contains("We open at nine o'clock.", "at 9"));
        assert!(!contains("We opened.", "open"));
        assert!(!contains("nine at open", "open at"));
    }

    #[test]
    fn an_intent_is_the_class_with_most_words_and_none_where_two_are_equal() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let intents = Intents::from([
            ("hours".to_owned(), words(&["open", "nine", "o'clock"])),
            (
                "transfer".to_owned(),
                words(&["connect", "put you through", "open"]),
            ),
        ]);
        assert_eq!(intent("We open at nine.", &intents), Some("hours"));
        assert_eq!(
            intent("I will put you through.", &intents),
            Some("transfer")
        );
        assert_eq!(intent("We are open.", &intents), None);
        assert_eq!(intent("Pardon?", &intents), None);
    }
}
