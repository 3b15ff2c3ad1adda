//! Which part of speech each word is: an averaged perceptron that looks at the word, its ending, its
//! neighbours and the two tags before. Tags are the Penn Treebank's.
//!
//! It matters where a word is said in two ways: "I read", "to read"; "a record", "to record".

use std::path::Path;

use serde::Deserialize;

use super::table::{DataError, Pairs, Table, read_json};

/// What stands in for the words and the tags before the first word.
const BEGIN: [&str; 2] = ["-START2-", "-START-"];
/// What stands in for the words after the last.
const END: [&str; 2] = ["-END-", "-END2-"];
/// The tag of a word of which nothing is known.
const UNKNOWN: &str = "NN";

/// The perceptron, trained.
pub(super) struct Tagger {
    /// In alphabetical order: where two are equally likely, the later one is taken.
    tags: Vec<Box<str>>,
    /// Words that have one tag, whatever surrounds them.
    certain: Table<u8>,
    /// Words that are frequent enough to have weights of their own.
    frequent: Table<()>,
    /// For each feature the range of its weights.
    features: Table<(u32, u32)>,
    weights: Vec<Weight>,
}

/// What a feature says for a tag, or against it. In tenths, as the file has them, so sums are exact.
struct Weight {
    tag: u8,
    tenths: i16,
}

#[derive(Deserialize)]
pub(super) struct File {
    tags: Vec<Box<str>>,
    tagdict: Pairs<Box<str>>,
    vocab: Vec<Box<str>>,
    weights: Pairs<Pairs<f32>>,
}

impl Tagger {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Self::new(read_json(path)?).map_err(|tag| DataError::wrong(path, format!("no tag {tag:?}")))
    }

    /// Fails with a tag that is used but not declared.
    pub(super) fn new(file: File) -> Result<Self, Box<str>> {
        let mut tags = file.tags;
        tags.sort();
        let number = |tag: Box<str>| match tags.binary_search(&tag) {
            Ok(place) => u8::try_from(place).map_err(|_| tag),
            Err(_) => Err(tag),
        };
        let certain = file.tagdict.0.into_iter();
        let certain = certain.map(|(word, tag)| Ok((word, number(tag)?)));
        let certain = Table::new(certain.collect::<Result<_, Box<str>>>()?);
        let (mut features, mut weights) = (Vec::new(), Vec::new());
        for (feature, its) in file.weights.0 {
            let begin = weights.len() as u32;
            for (tag, weight) in its.0 {
                let (tag, tenths) = (number(tag)?, (weight * 10.0).round() as i16);
                weights.push(Weight { tag, tenths });
            }
            features.push((feature, (begin, weights.len() as u32)));
        }
        Ok(Self {
            certain,
            frequent: Table::new(file.vocab.into_iter().map(|word| (word, ())).collect()),
            features: Table::new(features),
            weights,
            tags,
        })
    }

    /// The tag of each word.
    pub fn tags(&self, words: &[&str]) -> Vec<&str> {
        let context = words.iter().map(|word| self.neighbour(word));
        let context: Vec<String> = BEGIN
            .iter()
            .map(|word| (*word).to_owned())
            .chain(context)
            .chain(END.iter().map(|word| (*word).to_owned()))
            .collect();
        let mut tags: Vec<&str> = Vec::with_capacity(words.len());
        let mut before = BEGIN;
        for ((at, word), around) in words.iter().enumerate().zip(context.windows(5)) {
            let certain = self
                .certain
                .get(word)
                .map(|tag| self.tags[usize::from(*tag)].as_ref());
            let tag = certain.unwrap_or_else(|| self.guess(&features(at, word, around, before)));
            tags.push(tag);
            before = [before[1], tag];
        }
        tags
    }

    /// A word as its neighbours see it.
    fn neighbour(&self, word: &str) -> String {
        let digits = word.chars().all(|char| char.is_ascii_digit());
        let plain = match word {
            _ if !word.starts_with('-') && word.contains('-') => "!HYPHEN".to_owned(),
            _ if digits && word.len() == 4 => "!YEAR".to_owned(),
            _ if word.starts_with(|char: char| char.is_ascii_digit()) => "!DIGITS".to_owned(),
            _ => word.to_lowercase(),
        };
        match self.frequent.get(&plain) {
            Some(()) => plain,
            None => format!("<{}>", shape(word)),
        }
    }

    fn guess(&self, features: &[String]) -> &str {
        let mut scores = vec![0_i32; self.tags.len()];
        let mut any = false;
        for feature in features {
            let Some((begin, end)) = self.features.get(feature) else {
                continue;
            };
            for weight in &self.weights[*begin as usize..*end as usize] {
                any = true;
                scores[usize::from(weight.tag)] += i32::from(weight.tenths);
            }
        }
        let best = scores.iter().enumerate().max_by_key(|(_, score)| **score);
        best.filter(|_| any)
            .map_or(UNKNOWN, |(tag, _)| &self.tags[tag])
    }
}

/// What the perceptron looks at. `around` is the word, two before it and two after.
fn features(at: usize, word: &str, around: &[String], before: [&str; 2]) -> Vec<String> {
    let [two_before, one_before, here, one_after, two_after] = around else {
        return Vec::new();
    };
    let first: String = word.chars().take(1).collect();
    vec![
        "b".to_owned(),
        format!("s3={}", ending(word)),
        format!("p1={first}"),
        format!("w={here}"),
        format!("sh={}", shape(word)),
        if at == 0 { "i0" } else { "i+" }.to_owned(),
        format!("t-1={}", before[1]),
        format!("t-2={}", before[0]),
        format!("t-12={},{}", before[1], before[0]),
        format!("w-1={one_before}"),
        format!("s3-1={}", ending(one_before)),
        format!("w-2={two_before}"),
        format!("w+1={one_after}"),
        format!("s3+1={}", ending(one_after)),
        format!("w+2={two_after}"),
    ]
}

/// The last three letters.
fn ending(word: &str) -> &str {
    let last = word.char_indices().rev().nth(2);
    &word[last.map_or(0, |(at, _)| at)..]
}

/// How a word is written, not which it is.
fn shape(word: &str) -> String {
    let mut letters = word.chars();
    if letters.clone().all(char::is_alphabetic) {
        let first_is_upper = letters.next().is_some_and(char::is_uppercase);
        let rest = letters.as_str();
        let shape = match first_is_upper {
            false if rest.chars().all(char::is_lowercase) => "x",
            true if rest.is_empty() => "X1",
            true if rest.chars().all(char::is_uppercase) => "XX",
            true if rest.chars().all(char::is_lowercase) => "Xx",
            _ => "xX",
        };
        return shape.to_owned();
    }
    if word.chars().all(|char| char.is_ascii_digit()) {
        return "d".to_owned();
    }
    let sign = |char: char| match char {
        _ if char.is_numeric() => 'd',
        _ if char.is_alphabetic() => 'x',
        _ => char,
    };
    word.chars().take(4).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagger() -> Tagger {
        let file = serde_json::json!({
            "tags": ["NN", "VB", "DT", "TO"],
            "tagdict": {"the": "DT", "to": "TO"},
            "vocab": ["the", "to", "record"],
            "weights": {
                "t-1=DT": {"NN": 2.5, "VB": -1.0},
                "t-1=TO": {"VB": 1.1},
                "sh=Xx": {"NN": 0.1}
            }
        });
        Tagger::new(serde_json::from_value(file).unwrap()).unwrap()
    }

    #[test]
    fn the_same_word_has_another_tag_behind_another() {
        let words = ["the", "record", "to", "record"];
        assert_eq!(tagger().tags(&words), ["DT", "NN", "TO", "VB"]);
        assert_eq!(tagger().tags(&["xyzzy"]), ["NN"], "nothing is known of it");
        assert!(tagger().tags(&[]).is_empty());
    }

    #[test]
    fn shapes_and_endings_hold_for_any_script() {
        for (word, written) in [
            ("a", "x"),
            ("A", "X1"),
            ("NASA", "XX"),
            ("Paris", "Xx"),
            ("iPhone", "xX"),
            ("12", "d"),
            ("n't", "x'x"),
            ("ü-1", "x-d"),
        ] {
            assert_eq!(shape(word), written, "{word}");
        }
        assert_eq!(ending("größer"), "ßer");
        assert_eq!(ending("an"), "an");
    }

    #[test]
    fn an_undeclared_tag_is_named() {
        let file = serde_json::json!({
            "tags": [], "tagdict": {"a": "DT"}, "vocab": [], "weights": {}
        });
        let refused = Tagger::new(serde_json::from_value(file).unwrap()).err();
        assert_eq!(refused.as_deref(), Some("DT"));
    }
}
