//! Words that no dictionary has: a small network reads their letters.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool, Value};
use serde::Deserialize;

use super::network::load;
use crate::english::{DataError, read_json};

/// The network of unknown words.
pub(super) struct Unknown {
    model: Model,
    alphabet: Alphabet,
    threads: Arc<ThreadPool>,
}

/// What it reads and writes: the first letter and the first phoneme have number 1.
#[derive(Deserialize)]
struct Alphabet {
    #[serde(rename = "in")]
    letters: Vec<char>,
    #[serde(rename = "out")]
    phonemes: Vec<char>,
    #[serde(rename = "maxlen")]
    letters_max: usize,
}

impl Unknown {
    pub fn open(directory: &Path, threads: &Arc<ThreadPool>) -> Result<Self, DataError> {
        Ok(Self {
            alphabet: read_json(&directory.join("oov.json"))?,
            model: load(&directory.join("oov.onnx"))?,
            threads: Arc::clone(threads),
        })
    }

    /// How a word sounds; nothing where it has no letter that is known. Of a very long word the
    /// beginning is read.
    pub fn read(&self, word: &str) -> Option<String> {
        let number = |letter: char| {
            let place = self
                .alphabet
                .letters
                .iter()
                .position(|known| *known == letter)?;
            i32::try_from(place + 1).ok()
        };
        let letters: Vec<i32> = word
            .chars()
            .filter_map(number)
            .take(self.alphabet.letters_max)
            .collect();
        if letters.is_empty() {
            return None;
        }
        let letters = Value::from_shape(&[1, letters.len()], letters).ok()?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let said = self.model.run_one(letters.into(), Some(options)).ok()?;
        let (_, said) = said.into_shape_vec::<i32, 2>().ok()?;
        Some(self.collapsed(&said))
    }

    /// The network says each phoneme once or several times, with blanks (0) between.
    fn collapsed(&self, said: &[i32]) -> String {
        let mut before = 0;
        let heard = said
            .iter()
            .filter(|said| std::mem::replace(&mut before, **said) != **said);
        let phoneme = |number: &i32| {
            let place = usize::try_from(*number).ok()?.checked_sub(1)?;
            self.alphabet.phonemes.get(place)
        };
        heard.filter_map(phoneme).collect()
    }
}
