//! The voice hibari: English, one speaker, 8 MB, many times faster than speech on one core.
//!
//! Method, formats and models are those of the Python package `hibari-tts` 0.2.1 (Copyright 2026
//! Maureese Williams, Apache License 2.0), which stands on Kokoro-82M and misaki by hexgrad (Apache
//! License 2.0). This is an implementation of its own; the model's files are read as the package
//! has them. [`crate::english`] turns text into phonemes; here a network turns phonemes into spectra,
//! and a vocoder spectra into sound.

mod line;
mod network;
mod noise;
mod pulses;
mod symbols;
mod unknown;
mod vocoder;

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rten::ThreadPool;
use trunkline_audio::UnsupportedRates;

use crate::english::{DataError, English, Sentences};
use line::Line;
use network::Network;
use symbols::{Symbols, phrases};
use unknown::Unknown;
use vocoder::Vocoder;

/// The most threads that the network runs on: a phrase is too small for more.
const THREADS_MAX: usize = 4;

/// How much slower or faster than its own pace the voice can speak.
pub const SPEEDS: std::ops::RangeInclusive<f32> = 0.5..=2.0;

/// The voice, loaded. It may be used from several threads; the network runs for one at a time.
pub struct Hibari {
    english: English,
    unknown: Unknown,
    symbols: Symbols,
    network: Network,
    vocoder: Vocoder,
}

/// Why the voice cannot be had, or did not speak.
#[derive(Debug, thiserror::Error)]
pub enum HibariError {
    /// A file of it is not there, or is not what it should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network does not work.
    #[error("the voice hibari fails: {0}")]
    Failed(String),
}

impl Hibari {
    /// Loads the voice from the folder with its files, all of it into memory. The threads it computes
    /// on, one for each core, have the priority of the thread that calls this.
    pub fn open(directory: &Path) -> Result<Self, HibariError> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = Arc::new(ThreadPool::with_num_threads(cores.min(THREADS_MAX)));
        Ok(Self {
            english: English::open(directory)?,
            unknown: Unknown::open(directory, &threads)?,
            symbols: Symbols::open(&directory.join("vocab.json"))?,
            network: Network::open(&directory.join("hibari.onnx"), threads)?,
            vocoder: Vocoder::new(),
        })
    }

    /// Says a text: 16 kHz samples, piece by piece as they are made, until `sound` returns false.
    /// The same text gives the same samples. Of text without a word nothing is heard.
    pub fn speak(
        &self,
        text: &str,
        sound: &mut dyn FnMut(&[i16]) -> bool,
    ) -> Result<(), HibariError> {
        self.speak_at(text, 1.0, sound)
    }

    /// Says a text faster or slower: at speed 2.0 in half the time. Held within [`SPEEDS`].
    pub fn speak_at(
        &self,
        text: &str,
        speed: f32,
        sound: &mut dyn FnMut(&[i16]) -> bool,
    ) -> Result<(), HibariError> {
        let speed = if speed.is_nan() { 1.0 } else { speed };
        let speed = speed.clamp(*SPEEDS.start(), *SPEEDS.end());
        let mut line = Line::new()?;
        for sentence in Sentences::new(text) {
            let phonemes = self.phonemes(sentence);
            for phrase in phrases(&phonemes) {
                let Some(numbers) = self.symbols.numbers(phrase) else {
                    continue;
                };
                let spectrum = self.network.spectrum(&numbers, speed)?;
                let mut hand_on = |samples: &[f32]| line.push(samples, sound);
                if !self.vocoder.play(&spectrum, &mut hand_on) {
                    return Ok(());
                }
            }
        }
        line.finish(sound);
        Ok(())
    }

    /// What a sentence sounds like, in the voice's phonemes.
    pub fn phonemes(&self, sentence: &str) -> String {
        self.english
            .phonemes(sentence, &|word| self.unknown.read(word))
    }
}

/// The files that a voice consists of.
pub const FILES: [&str; 8] = [
    "hibari.onnx",
    "lexicon_us_gold.json.gz",
    "lexicon_us_silver.json.gz",
    "oov.json",
    "oov.onnx",
    "tagger.json.gz",
    "tokenizer_exceptions.json",
    "vocab.json",
];

/// Whether a voice's files are all there, without reading them.
pub fn prove(directory: &Path) -> Result<(), HibariError> {
    for path in FILES.map(|name| directory.join(name)) {
        if let Err(source) = std::fs::metadata(&path) {
            return Err(DataError::Unreadable { path, source }.into());
        }
    }
    Ok(())
}

impl From<UnsupportedRates> for HibariError {
    fn from(error: UnsupportedRates) -> Self {
        Self::Failed(error.to_string())
    }
}
