//! How words sound: two dictionaries, one made with care and one made large.

use std::path::Path;

use serde::Deserialize;

use super::table::{DataError, Pairs, Table, read_json};

/// Both dictionaries. A word in small letters stands for itself at the beginning of a sentence as well.
pub(super) struct Dictionary {
    careful: Table<Sound>,
    large: Table<Sound>,
}

/// How a word sounds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Sound {
    /// Always like this.
    One(Box<str>),
    /// As its part of speech has it; nothing where its letters are said.
    ByTag(Box<[ByTag]>),
}

/// A part of speech, and its sound.
type ByTag = (Box<str>, Option<Box<str>>);

impl Dictionary {
    pub fn open(directory: &Path) -> Result<Self, DataError> {
        let careful: Pairs<Written> = read_json(&directory.join("lexicon_us_gold.json.gz"))?;
        let large: Pairs<Written> = read_json(&directory.join("lexicon_us_silver.json.gz"))?;
        Ok(Self::new(careful, large))
    }

    fn new(careful: Pairs<Written>, large: Pairs<Written>) -> Self {
        let table = |pairs: Pairs<Written>| {
            let pairs = pairs.0.into_iter();
            Table::new(
                pairs
                    .map(|(word, written)| (word, written.into()))
                    .collect(),
            )
        };
        Self {
            careful: table(careful),
            large: table(large),
        }
    }

    /// A word in the careful dictionary.
    pub fn careful(&self, word: &str) -> Option<&Sound> {
        either_case(&self.careful, word)
    }

    /// A word in the large dictionary.
    pub fn large(&self, word: &str) -> Option<&Sound> {
        either_case(&self.large, word)
    }

    /// Whether one of them has it.
    pub fn has(&self, word: &str) -> bool {
        self.careful(word).is_some() || self.large(word).is_some()
    }

    /// The sounds of a word's letters, one after another; nothing where one of them has none.
    pub fn letters(&self, word: &str) -> Option<String> {
        let letters = word.chars().filter(|char| char.is_alphabetic());
        let sounds = letters.map(|letter| {
            let name: String = letter.to_uppercase().collect();
            match self.careful(&name)? {
                Sound::One(sound) => Some(sound.as_ref()),
                Sound::ByTag(_) => None,
            }
        });
        sounds.collect()
    }
}

/// What the file has for a word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(Box<str>),
    ByTag(Pairs<Option<Box<str>>>),
}

impl From<Written> for Sound {
    fn from(written: Written) -> Self {
        match written {
            Written::One(sound) => Self::One(sound),
            Written::ByTag(pairs) => Self::ByTag(pairs.0.into()),
        }
    }
}

impl Sound {
    /// The sound of a part of speech, as the dictionary names those; else the usual one.
    pub fn of(&self, tag: &str) -> Option<&str> {
        match self {
            Self::One(sound) => Some(sound),
            Self::ByTag(sounds) => {
                let named = |name: &str| sounds.iter().find(|(tag, _)| tag.as_ref() == name);
                named(tag).or_else(|| named("DEFAULT"))?.1.as_deref()
            }
        }
    }

    /// Whether it has a sound of its own for this part of speech.
    pub fn knows(&self, tag: &str) -> bool {
        match self {
            Self::One(_) => false,
            Self::ByTag(sounds) => sounds.iter().any(|(known, _)| known.as_ref() == tag),
        }
    }
}

/// A word, or what it is with another first letter.
fn either_case<'a>(table: &'a Table<Sound>, word: &str) -> Option<&'a Sound> {
    if let Some(sound) = table.get(word) {
        return Some(sound);
    }
    let mut letters = word.chars();
    let first = letters.next()?;
    let rest = letters.as_str();
    if rest.is_empty() || rest.chars().any(char::is_uppercase) {
        return None;
    }
    let other: String = match first.is_uppercase() {
        true => first.to_lowercase().chain(rest.chars()).collect(),
        false => first.to_uppercase().chain(rest.chars()).collect(),
    };
    table.get(&other)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A few words, with the sounds that misaki's dictionary (Apache License 2.0) has for them.
    pub fn few_words() -> Dictionary {
        let careful = include_str!("../../../../fixtures/hibari/dictionary.json");
        let large = r#"{"trunkline": "tɹˈʌŋklˌIn"}"#;
        Dictionary::new(
            serde_json::from_str(careful).unwrap(),
            serde_json::from_str(large).unwrap(),
        )
    }

    #[test]
    fn a_word_is_found_in_both_cases_of_its_first_letter() {
        let dictionary = few_words();
        let sound = |word| dictionary.careful(word).and_then(|sound| sound.of("NN"));
        assert_eq!(sound("hello"), Some("həlˈO"));
        assert_eq!(sound("Hello"), Some("həlˈO"));
        assert_eq!(sound("monday"), sound("Monday"));
        assert_eq!(sound("HELLO"), None);
        assert!(dictionary.has("Trunkline") && !dictionary.has("xyzzy"));
    }

    #[test]
    fn a_part_of_speech_has_its_own_sound_or_the_usual_one() {
        let dictionary = few_words();
        let read = dictionary.careful("read").unwrap();
        assert_eq!(read.of("VBD"), Some("ɹˈɛd"));
        assert_eq!(read.of("NN"), Some("ɹˈid"));
        assert!(read.knows("VBD") && !read.knows("NN"));
    }

    #[test]
    fn letters_sound_as_their_names() {
        let letters = few_words().letters("p.m.");
        assert_eq!(letters.as_deref(), Some("pˈiˈɛm"));
        assert_eq!(few_words().letters("ж"), None);
    }
}
