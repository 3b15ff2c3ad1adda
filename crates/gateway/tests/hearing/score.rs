//! How much of a text was heard, and whether what was heard has an end.

use std::ops::AddAssign;
use std::time::Duration;

use trunkline_phone::words::{word_error_rate, words};

/// More words a second than anybody says.
const WORDS_A_SECOND_MAX: f64 = 6.0;
/// Words that even a short sound may have.
const WORDS_MIN: usize = 4;

/// Words that were wrong, missing or too many, of those that were said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordErrors {
    pub wrong: usize,
    pub said: usize,
}

impl WordErrors {
    /// Compares what was said with what was heard.
    pub fn between(text: &str, heard: &str) -> Self {
        let said = words(text).len();
        let wrong = word_error_rate(text, heard) * said as f64;
        Self {
            wrong: wrong.round() as usize,
            said,
        }
    }

    /// As a share of what was said.
    pub fn percent(self) -> f64 {
        100.0 * self.wrong as f64 / self.said.max(1) as f64
    }
}

impl AddAssign for WordErrors {
    fn add_assign(&mut self, other: Self) {
        self.wrong += other.wrong;
        self.said += other.said;
    }
}

/// Whether more was heard in a sound of this length than could be said in it, or a phrase of at most
/// four words three times in a row.
pub fn is_endless(text: &str, length: Duration) -> bool {
    let words = words(text);
    let most = WORDS_MIN + (length.as_secs_f64() * WORDS_A_SECOND_MAX) as usize;
    let repeats = (1..=4).any(|length| {
        words.windows(3 * length).any(|run| {
            let phrase = &run[..length];
            run.chunks(length).all(|next| next == phrase)
        })
    });
    repeats || words.len() > most
}

#[test]
fn words_that_are_wrong_missing_or_too_many_are_counted() {
    let wrong = |heard| WordErrors::between("I want a table, please.", heard).wrong;
    assert_eq!(wrong("i want a table please"), 0);
    assert_eq!(wrong("I want the table please"), 1);
    assert_eq!(wrong("I want a a table, pretty please"), 2);
    assert_eq!(wrong(""), 5);
}

#[test]
fn what_repeats_itself_or_is_too_long_for_its_time_has_no_end() {
    let second = Duration::from_secs(1);
    assert!(is_endless("for two, for two, for two", 10 * second));
    assert!(!is_endless("a table for two, for two", 10 * second));
    let long = "one might say that nobody says so many words in a second";
    assert!(is_endless(long, second));
    assert!(!is_endless(long, 3 * second));
}
