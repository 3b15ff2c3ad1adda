//! Phonemes as the network counts them.

use std::collections::HashMap;
use std::path::Path;

use crate::english::{DataError, read_json};

/// Begins and ends every phrase.
const EDGE: i32 = 0;
/// The most phonemes in a phrase. A phrase is made at once: this is what its first sound waits for.
const PHRASE_PHONEMES_MAX: usize = 200;

/// The number of each phoneme.
pub(super) struct Symbols(HashMap<char, i32>);

impl Symbols {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self(read_json(path)?))
    }

    /// A phrase as numbers; nothing where no phoneme of it is known.
    pub fn numbers(&self, phrase: &str) -> Option<Vec<i32>> {
        let known = phrase
            .chars()
            .filter_map(|phoneme| self.0.get(&phoneme).copied());
        let mut numbers = vec![EDGE];
        numbers.extend(known.take(PHRASE_PHONEMES_MAX));
        numbers.push(EDGE);
        (numbers.len() > 2).then_some(numbers)
    }
}

/// Cuts a sentence into phrases that are short enough, where one would breathe if it can be.
pub(super) fn phrases(sentence: &str) -> Vec<&str> {
    let mut phrases = Vec::new();
    let mut rest = sentence.trim();
    while let Some((beyond, _)) = rest.char_indices().nth(PHRASE_PHONEMES_MAX) {
        let whole = &rest[..beyond];
        let breath = whole.rfind([',', ';', ':', '—', '.', '!', '?']);
        let cut = breath.map(|at| at + whole[at..].chars().next().map_or(1, char::len_utf8));
        let cut = cut.or_else(|| whole.rfind(' ')).filter(|cut| *cut > 0);
        let (phrase, after) = rest.split_at(cut.unwrap_or(beyond));
        phrases.push(phrase.trim());
        rest = after.trim_start();
    }
    phrases.push(rest);
    phrases.retain(|phrase| !phrase.is_empty());
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_at_a_breath_at_a_word_or_anywhere() {
        assert_eq!(phrases(" həlˈO. "), ["həlˈO."]);
        assert!(phrases("  ").is_empty());
        let clauses = "wˈʌn tˈu θɹˈi, ".repeat(30);
        let cut = phrases(&clauses);
        assert!(
            cut.len() > 1 && cut.iter().all(|phrase| phrase.ends_with(',')),
            "{cut:?}"
        );
        assert_eq!(cut.join(" "), clauses.trim());
        let words = "wˈʌn ".repeat(100);
        assert_eq!(phrases(&words).join(" "), words.trim());
        let unbroken = "ə".repeat(1_001);
        assert_eq!(phrases(&unbroken).concat(), unbroken);
        for text in [clauses, words, unbroken] {
            let fits = |phrase: &&str| phrase.chars().count() <= PHRASE_PHONEMES_MAX;
            assert!(phrases(&text).iter().all(fits));
        }
    }

    #[test]
    fn phonemes_become_numbers_between_edges() {
        let symbols = Symbols(HashMap::from([('h', 50), ('ə', 83)]));
        assert_eq!(symbols.numbers("hə?h"), Some(vec![0, 50, 83, 50, 0]));
        assert_eq!(symbols.numbers("?!"), None);
    }
}
