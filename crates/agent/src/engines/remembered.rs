//! A voice that says the same phrases in every call, and is asked for them once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{Sender, channel};
use trunkline_call::BoxFuture;

use super::{EngineError, Speech, Tts, hand_on, sound_of};

/// The most phrases kept, each in each voice; a further one is asked for every time.
const PHRASES_MAX: usize = 256;
/// The longest that is kept: 30 s.
const PHRASE_SAMPLES_MAX: usize = 30 * 16_000;

/// A voice that remembers how it said certain phrases.
pub struct Remembered<T> {
    voice: T,
    phrases: HashSet<String>,
    known: Mutex<HashMap<Speech, Arc<[i16]>>>,
}

impl<T: Tts> Remembered<T> {
    /// Remembers these.
    pub fn new<'a>(voice: T, phrases: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            voice,
            phrases: phrases.into_iter().map(str::to_owned).collect(),
            known: Mutex::default(),
        }
    }

    /// One that fails is asked for again later.
    async fn say_all(&self) {
        for text in &self.phrases {
            if let Err(error) = sound_of(self, Speech::of(text)).await {
                tracing::warn!(%error, "a phrase could not be spoken beforehand");
                return;
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Speech, Arc<[i16]>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn say_and_keep(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> Result<(), EngineError> {
        let (to, from) = channel::<Vec<i16>>(16);
        let mut all = Vec::new();
        let passing = hand_on(from, &sound, |piece| all.extend_from_slice(piece));
        let (said, passed) = tokio::join!(self.voice.speak(speech.clone(), to), passing);
        said.and(passed)?;
        let mut known = self.known();
        if known.len() < PHRASES_MAX && all.len() <= PHRASE_SAMPLES_MAX {
            known.insert(speech, all.into());
        }
        Ok(())
    }
}

impl<T: Tts> Tts for Remembered<T> {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            if !self.phrases.contains(&speech.text) {
                return self.voice.speak(speech, sound).await;
            }
            let known = self.known().get(&speech).cloned();
            match known {
                Some(known) => {
                    let sent = sound.send(known.to_vec()).await;
                    sent.map_err(|_| EngineError::Unwanted)
                }
                None => self.say_and_keep(speech, sound).await,
            }
        })
    }

    fn load(&self) -> BoxFuture<'_, ()> {
        self.voice.load()
    }

    fn prepare(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.say_all())
    }
}
