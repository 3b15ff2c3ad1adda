//! English text in phonemes, as a neural voice wants them.
//!
//! Dictionaries, the tagger's weights and the rules for a word in its context are misaki's (Copyright
//! hexgrad, Apache License 2.0) as the Python package `hibari-tts` 0.2.1 (Copyright 2026 Maureese
//! Williams, Apache License 2.0) has them; the cutting into tokens follows spaCy (MIT), on whose
//! tokens the tagger was trained. This is an implementation of its own, and it departs from them
//! where a telephone asks for it: numbers one can dial, account numbers, keys and addresses are told
//! sign by sign.

mod dictionary;
mod endings;
mod normal;
mod numbers;
mod phrase;
mod sentences;
mod stress;
mod table;
mod tagger;
mod tokens;
mod word;

use std::path::Path;

use dictionary::Dictionary;
use tagger::Tagger;
use tokens::Tokens;

pub use sentences::Sentences;
pub use table::DataError;
#[cfg(feature = "rten")]
pub(crate) use table::read_json;

/// Reads a word that no dictionary has; nothing where it cannot.
pub type Unknown<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What is known of the language.
pub struct English {
    dictionary: Dictionary,
    tokens: Tokens,
    tagger: Tagger,
}

impl English {
    /// Loads what is known from the folder of a voice.
    pub fn open(directory: &Path) -> Result<Self, DataError> {
        Ok(Self {
            dictionary: Dictionary::open(directory)?,
            tokens: Tokens::open(&directory.join("tokenizer_exceptions.json"))?,
            tagger: Tagger::open(&directory.join("tagger.json.gz"))?,
        })
    }

    /// The phonemes of a sentence, which [`Sentences`] has cut: IPA with misaki's single letters for
    /// diphthongs (`A` as in "day"), stress marks before vowels, and signs where one pauses. Words
    /// that no dictionary has are given to `unknown`.
    pub fn phonemes(&self, sentence: &str, unknown: Unknown<'_>) -> String {
        let tokens = self.tokens.cut(&normal::normal(sentence));
        let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        self.sound(&tokens, &self.tagger.tags(&texts), unknown)
    }
}

#[cfg(test)]
mod tests;
