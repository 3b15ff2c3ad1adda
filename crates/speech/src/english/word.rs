//! How one word sounds where it stands.

use super::dictionary::Dictionary;
use super::endings;
use super::stress::{Emphasis, PRIMARY, emphasised, is_consonant, is_vowel, spelled};

/// A word as it is read.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    /// Its letters.
    pub text: &'a str,
    /// Its part of speech.
    pub tag: &'a str,
}

/// What follows a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ahead {
    /// Whether it begins with a vowel; nothing where a pause or the end comes.
    pub vowel: Option<bool>,
    /// Whether it is "to".
    pub to: bool,
}

/// Signs that are words.
const SIGNS: [(&str, &str); 4] = [("%", "percent"), ("&", "and"), ("+", "plus"), ("@", "at")];

impl Dictionary {
    /// The sound of a word; nothing where it is not known.
    pub fn read(&self, word: Word<'_>, ahead: Ahead) -> Option<String> {
        let small = word.text.to_lowercase();
        let emphasis = match () {
            () if word.text == small => None,
            () if is_upper(word.text) => Some(Emphasis::Full),
            () => Some(Emphasis::Some),
        };
        if let Some(sound) = self.little_word(word, emphasis, ahead) {
            return Some(sound);
        }
        let text = match self.is_written_large(word, &small, emphasis, ahead) {
            true => small.as_str(),
            false => word.text,
        };
        let word = Word { text, ..word };
        if self.is_known(text) {
            return self.look_up(word, emphasis, ahead);
        }
        // The genitive of a plural: "the callers' names".
        if let Some(stem) = text.strip_suffix('\'') {
            let one = stem.strip_suffix('s').map(|stem| format!("{stem}'s"));
            for stem in one.iter().map(String::as_str).chain([stem]) {
                if self.is_known(stem) {
                    let word = Word { text: stem, ..word };
                    return self.look_up(word, emphasis, ahead);
                }
            }
        }
        self.with_ending(word, emphasis, ahead)
    }

    /// Words whose sound hangs on what follows, and signs.
    fn little_word(
        &self,
        word: Word<'_>,
        emphasis: Option<Emphasis>,
        ahead: Ahead,
    ) -> Option<String> {
        let Word { text, tag } = word;
        if let Some((_, name)) = SIGNS.iter().find(|(sign, _)| *sign == text) {
            return self.look_up(
                Word {
                    text: name,
                    tag: "",
                },
                None,
                ahead,
            );
        }
        if is_abbreviation(text) {
            return self.letters(text).map(|letters| spelled(&letters));
        }
        let sound = match text {
            "a" | "A" if tag == "DT" => "ɐ",
            "a" | "A" => "ˈA",
            "am" | "Am" | "AM" if tag.starts_with("NN") => return self.spelled(text),
            "am" if ahead.vowel.is_some() && emphasis.is_none() => "ɐm",
            "am" | "Am" | "AM" => self.careful("am")?.of(tag)?,
            "AN" if tag.starts_with("NN") => return self.spelled(text),
            "an" | "An" | "AN" => "ɐn",
            "I" if tag == "PRP" => "ˌI",
            "by" | "By" | "BY" if parent(tag) == "ADV" => "bˈI",
            "to" | "To" => self.to(tag, ahead)?,
            "TO" if matches!(tag, "TO" | "IN") => self.to(tag, ahead)?,
            "IN" if tag == "NNP" => return None,
            "in" | "In" | "IN" if ahead.vowel.is_none() || tag != "IN" => "ˈɪn",
            "in" | "In" | "IN" => "ɪn",
            "THE" if tag != "DT" => return None,
            "the" | "The" | "THE" if ahead.vowel == Some(true) => "ði",
            "the" | "The" | "THE" => "ðə",
            "vs" | "vs." | "Vs" | "Vs." if tag == "IN" => {
                return self.look_up(
                    Word {
                        text: "versus",
                        tag: "",
                    },
                    None,
                    ahead,
                );
            }
            "used" | "Used" | "USED" => {
                let past = ahead.to && matches!(tag, "VBD" | "JJ");
                self.careful("used")?
                    .of(if past { "VBD" } else { "DEFAULT" })?
            }
            _ => return None,
        };
        Some(sound.to_owned())
    }

    fn to(&self, tag: &str, ahead: Ahead) -> Option<&str> {
        match ahead.vowel {
            None => self.careful("to")?.of(tag),
            Some(false) => Some("tə"),
            Some(true) => Some("tʊ"),
        }
    }

    fn spelled(&self, text: &str) -> Option<String> {
        self.letters(text).map(|letters| spelled(&letters))
    }

    /// Whether it is an ordinary word in large letters: at the beginning of a sentence, or shouted.
    fn is_written_large(
        &self,
        word: Word<'_>,
        small: &str,
        emphasis: Option<Emphasis>,
        ahead: Ahead,
    ) -> bool {
        let Word { text, tag } = word;
        let mut letters = text.chars();
        let capital = letters.next().is_some();
        let rest = letters.as_str();
        let count = text.chars().count();
        let form = is_upper(text) || (capital && rest == rest.to_lowercase());
        let letters_only = text
            .chars()
            .all(|char| char.is_alphabetic() || char == '\'');
        let ordinary = count > 1 && letters_only && text != small && (tag != "NNP" || count > 7);
        let small = Word { text: small, tag };
        ordinary
            && form
            && !self.has(text)
            && (self.has(small.text) || self.with_ending(small, emphasis, ahead).is_some())
    }

    /// Whether it can be read without taking it apart.
    fn is_known(&self, text: &str) -> bool {
        if self.has(text) || SIGNS.iter().any(|(sign, _)| *sign == text) {
            return true;
        }
        let letters = text.chars().all(|char| char.is_ascii_alphabetic());
        let rest = text.get(1..).unwrap_or_default();
        // One letter, and letters that are said one by one.
        letters && !text.is_empty() && rest == rest.to_uppercase()
    }

    fn look_up(&self, word: Word<'_>, emphasis: Option<Emphasis>, ahead: Ahead) -> Option<String> {
        let Word { text, tag } = word;
        let initials = is_upper(text) && self.careful(text).is_none();
        let small = text.to_lowercase();
        let text = if initials { small.as_str() } else { text };
        let is_name = initials && tag == "NNP";
        let found = self.careful(text);
        let found = found.or_else(|| self.large(text).filter(|_| !is_name));
        let sound = found.and_then(|sound| match () {
            () if ahead.vowel.is_none() && sound.knows("None") => sound.of("None"),
            () if sound.knows(tag) => sound.of(tag),
            () => sound.of(parent(tag)),
        });
        match sound {
            Some(sound) if !is_name || sound.contains(PRIMARY) => Some(match emphasis {
                Some(emphasis) => emphasised(sound, emphasis),
                None => sound.to_owned(),
            }),
            _ => self.spelled(text),
        }
    }

    fn with_ending(
        &self,
        word: Word<'_>,
        emphasis: Option<Emphasis>,
        ahead: Ahead,
    ) -> Option<String> {
        let read = |stems: Option<[Option<String>; 3]>, emphasis| {
            let stem = stems?
                .into_iter()
                .flatten()
                .find(|stem| self.is_known(stem))?;
            self.look_up(
                Word {
                    text: &stem,
                    ..word
                },
                emphasis,
                ahead,
            )
        };
        let text = word.text;
        read(endings::without_s(text), emphasis)
            .and_then(|sound| endings::with_s(&sound))
            .or_else(|| endings::with_ed(&read(endings::without_ed(text), emphasis)?))
            .or_else(|| {
                let emphasis = emphasis.or(Some(Emphasis::Some));
                endings::with_ing(&read(endings::without_ing(text), emphasis)?)
            })
    }
}

/// Whether it has letters, and none of them is small.
fn is_upper(text: &str) -> bool {
    text == text.to_uppercase()
}

/// "p.m.", "U.S.": its letters are said.
fn is_abbreviation(text: &str) -> bool {
    let inner = text.trim_matches('.');
    let letters = text.chars().filter(|char| *char != '.');
    inner.contains('.')
        && letters.clone().all(char::is_alphabetic)
        && text.split('.').all(|part| part.chars().count() < 3)
}

/// A part of speech as the dictionary names it.
fn parent(tag: &str) -> &str {
    match tag {
        _ if tag.starts_with("VB") => "VERB",
        _ if tag.starts_with("NN") => "NOUN",
        _ if tag.starts_with("RB") || tag.starts_with("ADV") => "ADV",
        _ if tag.starts_with("JJ") || tag.starts_with("ADJ") => "ADJ",
        _ => tag,
    }
}

impl Ahead {
    /// What is ahead of the word before this sound.
    pub fn of(self, text: &str, sound: &str) -> Self {
        let known = |char: &char| is_pause(*char) || is_vowel(*char) || is_consonant(*char);
        let vowel = match sound.chars().find(known) {
            Some(char) if is_pause(char) => None,
            Some(char) => Some(is_vowel(char)),
            None => self.vowel,
        };
        let to = matches!(text, "to" | "To" | "TO");
        Self { vowel, to }
    }
}

/// Signs at which one breathes.
pub(super) fn is_pause(char: char) -> bool {
    matches!(char, ';' | ':' | ',' | '.' | '!' | '?' | '—' | '…')
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::tests::few_words;
    use super::*;

    fn read(text: &str, tag: &str, vowel: Option<bool>) -> Option<String> {
        few_words().read(Word { text, tag }, Ahead { vowel, to: false })
    }

    #[test]
    fn little_words_hear_what_follows() {
        for (text, tag, vowel, sound) in [
            ("the", "DT", Some(true), "ði"),
            ("the", "DT", Some(false), "ðə"),
            ("to", "TO", Some(true), "tʊ"),
            ("to", "TO", Some(false), "tə"),
            ("a", "DT", Some(false), "ɐ"),
            ("A", "NN", None, "ˈA"),
            ("in", "IN", Some(true), "ɪn"),
            ("in", "RP", None, "ˈɪn"),
            ("p.m.", "NN", None, "pˌiˈɛm"),
        ] {
            assert_eq!(
                read(text, tag, vowel).as_deref(),
                Some(sound),
                "{text} {tag}"
            );
        }
    }

    #[test]
    fn the_part_of_speech_chooses() {
        assert_eq!(read("read", "VBD", None).as_deref(), Some("ɹˈɛd"));
        assert_eq!(read("read", "VB", None).as_deref(), Some("ɹˈid"));
    }

    #[test]
    fn endings_and_large_letters_are_seen_through() {
        assert_eq!(read("calls", "NNS", None).as_deref(), Some("kˈɔlz"));
        assert_eq!(read("Calling", "VBG", None).as_deref(), Some("kˈɔlɪŋ"));
        assert_eq!(read("HELLO", "UH", None).as_deref(), Some("həlˈO"));
        assert_eq!(read("PM", "NNP", None).as_deref(), Some("pˌiˈɛm"));
    }

    #[test]
    fn what_no_dictionary_has_is_not_known() {
        assert_eq!(read("xyzzy", "NN", None), None);
        assert_eq!(read("жук", "NN", None), None);
        assert_eq!(read("", "NN", None), None);
    }
}
