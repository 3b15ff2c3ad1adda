//! Whisper: speech in, words out, by whisper.cpp.
//!
//! A telephone call is not what Whisper was made for: utterances are short, and some are coughs,
//! tones or nothing. It listens to no more of its 30 s window than there is sound, says no more
//! words than anybody could have said in that time, and what it makes up is left out.

mod confidence;
mod transcript;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use trunkline_audio::SAMPLE_RATE_HZ;
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError,
    WhisperState,
};

/// How much Whisper hears at once: 30 s. What is longer is heard in pieces.
pub const WINDOW_SAMPLES: usize = 30 * SECOND;
const SECOND: usize = SAMPLE_RATE_HZ as usize;
/// The shortest that whisper.cpp listens to: a second. Silence is added to what is shorter.
const SHORTEST: usize = SECOND + SECOND / 10;
/// Samples of one step of the encoder: 20 ms.
const STEP: usize = 320;
/// The least that the encoder looks at, in its steps: with less than 10 s of them, tiny.en repeats itself.
const CONTEXT_MIN: usize = 512;
/// Steps beyond the sound; without them it does not hear an end, and repeats itself.
const CONTEXT_SPARE: usize = 64;
/// All that the encoder has.
const CONTEXT_MAX: usize = WINDOW_SAMPLES / STEP;
/// Tokens for any sound, and for each second of it. The fastest speakers need half of them.
const TOKENS_MIN: usize = 8;
const TOKENS_A_SECOND: usize = 5;
/// The first bytes of a model of whisper.cpp: `ggml`, as a number.
const MAGIC: [u8; 4] = *b"lmgg";

/// Why Whisper does not listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is no model of whisper.cpp", .0.display())]
    NoModel(PathBuf),
    /// Whisper gave up.
    #[error("whisper.cpp: {0}")]
    Failed(WhisperError),
    /// It was not wanted any more.
    #[error("it was not wanted any more")]
    Unwanted,
}

/// Tells whether a file looks like a model, without reading more than its beginning.
pub fn prove(path: &Path) -> Result<(), Error> {
    let mut magic = [0; 4];
    let read = std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic));
    match read {
        Ok(()) if magic == MAGIC => Ok(()),
        Ok(()) => Err(Error::NoModel(path.to_owned())),
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A model in memory, of which any number of [`Whisper`]s may listen.
pub struct Model(WhisperContext);

impl Model {
    /// Reads a model of whisper.cpp.
    pub fn open(path: &Path) -> Result<Self, Error> {
        prove(path)?;
        // Both libraries write to standard error otherwise.
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let opened = WhisperContext::new_with_params(path, parameters);
        let context = opened.map_err(|_| Error::NoModel(path.to_owned()))?;
        Ok(Self(context))
    }

    /// One that listens; the model is shared, what it needs to listen is its own.
    pub fn listener(&self) -> Result<Whisper, Error> {
        let state = self.0.create_state().map_err(Error::Failed)?;
        let order = Arc::new(Mutex::new(None));
        Ok(Whisper {
            state,
            parameters: parameters(Arc::clone(&order)),
            order,
            sound: Vec::new(),
        })
    }
}

/// Hears words in speech, one utterance after the other. Its memory is that of its first utterance.
pub struct Whisper {
    state: WhisperState,
    parameters: FullParams<'static, 'static>,
    /// Of the utterance it listens to: when to stop.
    order: Order,
    sound: Vec<f32>,
}

type Order = Arc<Mutex<Option<Arc<AtomicBool>>>>;

impl Whisper {
    /// Reads a model and listens with it alone.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Model::open(path)?.listener()
    }

    /// Listens on so many threads from now on, the calling one among them; on one before. The others
    /// have the priority of that one. The words are the same.
    pub fn set_threads(&mut self, threads: usize) {
        let threads = i32::try_from(threads).unwrap_or(i32::MAX);
        self.parameters.set_n_threads(threads.max(1));
    }

    /// The words of an utterance at 16 kHz; nothing where there are none.
    pub fn transcribe(&mut self, samples: &[i16]) -> Result<String, Error> {
        self.transcribe_unless(samples, &Arc::default())
    }

    /// The same, given up with [`Error::Unwanted`] once `unwanted` is set, by another thread.
    pub fn transcribe_unless(
        &mut self,
        samples: &[i16],
        unwanted: &Arc<AtomicBool>,
    ) -> Result<String, Error> {
        let mut words = Vec::new();
        let mut rest = samples;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(end_of_piece(rest));
            rest = after;
            words.push(self.transcribe_piece(piece, unwanted)?);
        }
        words.retain(|words| !words.is_empty());
        Ok(words.join(" "))
    }

    fn transcribe_piece(
        &mut self,
        samples: &[i16],
        unwanted: &Arc<AtomicBool>,
    ) -> Result<String, Error> {
        if confidence::is_silent(samples) {
            return Ok(String::new());
        }
        self.sound.clear();
        let scaled = samples.iter().map(|sample| f32::from(*sample) / 32_768.0);
        self.sound.extend(scaled);
        self.sound.resize(samples.len().max(SHORTEST), 0.0);

        let steps = self.sound.len().div_ceil(STEP);
        let context = (steps + CONTEXT_SPARE).clamp(CONTEXT_MIN, CONTEXT_MAX);
        let tokens = TOKENS_MIN + TOKENS_A_SECOND * self.sound.len() / SECOND;
        let mut parameters = self.parameters.clone();
        parameters.set_audio_ctx(context as i32);
        parameters.set_max_tokens(tokens as i32);

        *lock(&self.order) = Some(Arc::clone(unwanted));
        let done = self.state.full(parameters, &self.sound);
        *lock(&self.order) = None;
        match done {
            _ if unwanted.load(Ordering::Relaxed) => Err(Error::Unwanted),
            Err(error) => Err(Error::Failed(error)),
            Ok(_) => Ok(self.words()),
        }
    }

    /// What was heard, less what was made up.
    fn words(&self) -> String {
        let mut text = String::new();
        for segment in self.state.as_iter() {
            text += &segment.to_str_lossy().unwrap_or_default();
        }
        let words = transcript::words(&text);
        match confidence::are_made_up(&words, confidence::certainty(&self.state)) {
            true => String::new(),
            false => words,
        }
    }
}

/// Greedy, without a second try at another temperature: the same sound is the same
/// words, and takes no longer than its length allows.
fn parameters(order: Order) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(1);
    parameters.set_temperature_inc(0.0);
    parameters.set_no_context(true);
    parameters.set_single_segment(true);
    parameters.set_no_timestamps(true);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    // whisper-rs 0.16 hands its callback on as this type whatever it is given, so it is given this
    // type; and it never frees it, so there is one for a listener and none for an utterance.
    let stop: Box<dyn FnMut() -> bool> = Box::new(move || {
        let order = lock(&order);
        order.as_ref().is_some_and(|it| it.load(Ordering::Relaxed))
    });
    parameters.set_abort_callback_safe(stop);
    parameters
}

fn lock(order: &Order) -> std::sync::MutexGuard<'_, Option<Arc<AtomicBool>>> {
    order.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a piece ends: with the sound, or in the quietest moment of its window's last 5 s.
fn end_of_piece(samples: &[i16]) -> usize {
    if samples.len() <= WINDOW_SAMPLES {
        return samples.len();
    }
    let from = WINDOW_SAMPLES - 5 * SECOND;
    let moments = samples[from..WINDOW_SAMPLES].chunks_exact(STEP);
    let loudness = moments.map(|moment| {
        let squares = moment.iter().map(|sample| i64::from(*sample).pow(2));
        squares.sum::<i64>()
    });
    let quietest = loudness.enumerate().min_by_key(|(_, loudness)| *loudness);
    from + quietest.map_or(0, |(moment, _)| moment * STEP + STEP / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sound_is_cut_where_nobody_speaks() {
        let mut samples = vec![9_000; 70 * SECOND];
        assert_eq!(end_of_piece(&samples[..WINDOW_SAMPLES]), WINDOW_SAMPLES);
        samples[27 * SECOND..27 * SECOND + STEP].fill(3);
        assert_eq!(end_of_piece(&samples), 27 * SECOND + STEP / 2);
    }

    #[test]
    fn what_is_no_model_is_told() {
        let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let told = prove(here).expect_err("it is no model").to_string();
        assert!(
            told.ends_with("Cargo.toml is no model of whisper.cpp"),
            "{told}"
        );
        let nowhere = Path::new("/nowhere/whisper.bin");
        let told = prove(nowhere).expect_err("there is none").to_string();
        assert!(told.starts_with("/nowhere/whisper.bin: "), "{told}");
    }
}
