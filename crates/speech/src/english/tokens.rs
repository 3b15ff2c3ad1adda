//! Cuts text into tokens as the tagger knows them: words, contracted words in two ("do", "n't"),
//! and signs of their own.

use std::collections::HashMap;
use std::path::Path;

use super::table::{DataError, read_json};

/// What is cut off before and behind a word.
const SIGNS: &str = "…,:;!?¿¡()[]{}<>_#*&'\"”“`‘´’‚„»«。？！，、；：·™®©°§¶†‡•";
/// What is cut off before a word only.
const SIGNS_BEFORE: &str = "%=—–+$£€¥₹";
/// What is cut off behind a word only.
const SIGNS_BEHIND: &str = "—–";
/// What stands between two words without a space.
const SIGNS_BETWEEN: &str = "-–—~:<>=/";

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// As it is written.
    pub text: String,
    /// Whether a space follows.
    pub space: bool,
}

/// Cuts text, and knows which words are contracted.
pub(super) struct Tokens {
    /// Words that are cut like this and not otherwise: "can't", "Mr.".
    special: HashMap<String, Vec<String>>,
}

impl Tokens {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self {
            special: read_json(path)?,
        })
    }

    /// The tokens of a sentence.
    pub fn cut(&self, text: &str) -> Vec<Token> {
        let mut tokens: Vec<Token> = Vec::new();
        for chunk in text.split_whitespace() {
            if let Some(last) = tokens.last_mut() {
                last.space = true;
            }
            let texts = self.chunk(chunk).into_iter();
            tokens.extend(texts.map(|text| Token { text, space: false }));
        }
        tokens
    }

    /// One piece between spaces.
    fn chunk(&self, chunk: &str) -> Vec<String> {
        let mut word = chunk;
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        while !self.special.contains_key(word) {
            let first = sign_before(word);
            let rest = &word[first..];
            if first > 0 {
                before.push(word[..first].to_owned());
                word = rest;
                continue;
            }
            let last = sign_behind(word);
            if last == 0 {
                break;
            }
            let (rest, sign) = word.split_at(word.len() - last);
            behind.push(sign.to_owned());
            word = rest;
        }
        let mut texts = before;
        match self.special.get(word) {
            Some(parts) => texts.extend(parts.iter().cloned()),
            None => texts.extend(between(word)),
        }
        texts.extend(behind.into_iter().rev());
        self.joined(texts)
    }

    /// What was cut and is special together: "Sept" and "." are "Sept.".
    fn joined(&self, texts: Vec<String>) -> Vec<String> {
        let mut joined = Vec::with_capacity(texts.len());
        let mut rest = texts.as_slice();
        'all: while let [first, after @ ..] = rest {
            for count in [3, 2] {
                let together = rest.get(..count).map(<[String]>::concat);
                let parts = together.and_then(|together| self.special.get(&together));
                if let Some(parts) = parts {
                    joined.extend(parts.iter().cloned());
                    rest = &rest[count..];
                    continue 'all;
                }
            }
            joined.push(first.clone());
            rest = after;
        }
        joined
    }
}

/// The bytes of a sign at the beginning.
fn sign_before(word: &str) -> usize {
    let Some(first) = word.chars().next() else {
        return 0;
    };
    let dots = word.len() - word.trim_start_matches('.').len();
    match first {
        _ if dots > 1 => dots,
        _ if SIGNS.contains(first) || SIGNS_BEFORE.contains(first) => first.len_utf8(),
        _ => 0,
    }
}

/// The bytes of a sign, or of a genitive, at the end.
fn sign_behind(word: &str) -> usize {
    let Some(last) = word.chars().next_back() else {
        return 0;
    };
    let genitive = ["'s", "'S", "’s", "’S"]
        .into_iter()
        .find(|end| word.ends_with(end));
    let dots = word.len() - word.trim_end_matches('.').len();
    match last {
        _ if genitive.is_some_and(|end| end.len() < word.len()) => genitive.map_or(0, str::len),
        _ if SIGNS.contains(last) || SIGNS_BEHIND.contains(last) => last.len_utf8(),
        _ if dots > 1 => dots,
        '.' if ends_sentence(&word[..word.len() - 1]) => 1,
        _ => 0,
    }
}

/// Whether a full stop behind this is none of an abbreviation like "U.S.".
fn ends_sentence(word: &str) -> bool {
    let mut letters = word.chars().rev();
    match letters.next() {
        Some(last) if last.is_lowercase() || last.is_numeric() => true,
        Some(last) if last.is_uppercase() => letters.next().is_some_and(char::is_uppercase),
        Some(last) => "%²-+".contains(last) || SIGNS.contains(last),
        None => false,
    }
}

/// Cuts where a sign stands between words: "well-known", "and/or", "end.Then".
fn between(word: &str) -> Vec<String> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut texts = Vec::new();
    let mut begin = 0;
    for window in chars.windows(3) {
        let [(_, before), (at, sign), (next, after)] = *window else {
            continue;
        };
        let joins = match sign {
            '.' => before.is_lowercase() && after.is_uppercase(),
            ',' => before.is_alphabetic() && after.is_alphabetic(),
            _ => SIGNS_BETWEEN.contains(sign) && before.is_alphanumeric() && after.is_alphabetic(),
        };
        if joins {
            texts.extend([word[begin..at].to_owned(), word[at..next].to_owned()]);
            begin = next;
        }
    }
    texts.push(word[begin..].to_owned());
    texts.retain(|text| !text.is_empty());
    texts
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn tokens() -> Tokens {
        let special = [
            ("don't", &["do", "n't"][..]),
            ("Sept.", &["Sept."]),
            ("p.m.", &["p.m."]),
            ("I'll", &["I", "'ll"]),
        ];
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        let special = special
            .iter()
            .map(|(word, parts)| ((*word).to_owned(), owned(parts)));
        Tokens {
            special: special.collect(),
        }
    }

    fn cut(text: &str) -> Vec<String> {
        tokens()
            .cut(text)
            .into_iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn signs_and_contractions_are_tokens() {
        assert_eq!(
            cut("\"I don't know,\" he said."),
            ["\"", "I", "do", "n't", "know", ",", "\"", "he", "said", "."]
        );
        assert_eq!(
            cut("the caller's well-known and/or (new) name..."),
            [
                "the", "caller", "'s", "well", "-", "known", "and", "/", "or", "(", "new", ")",
                "name", "..."
            ]
        );
        assert_eq!(
            cut("I'll come in Sept."),
            ["I", "'ll", "come", "in", "Sept."]
        );
        assert_eq!(
            cut("at 5 p.m. in the U.S. today"),
            ["at", "5", "p.m.", "in", "the", "U.S.", "today"]
        );
    }

    #[test]
    fn a_space_is_remembered_and_signs_alone_are_no_trouble() {
        let spaces: Vec<bool> = tokens()
            .cut("No, no.")
            .iter()
            .map(|token| token.space)
            .collect();
        assert_eq!(spaces, [false, true, false, false]);
        assert_eq!(cut("?!"), ["?", "!"]);
        assert_eq!(cut("' - . ''"), ["'", "-", ".", "'", "'"]);
        assert!(cut("  ").is_empty());
    }
}
