//! The voice hibari in this process.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use trunkline_call::BoxFuture;
use trunkline_speech::hibari::{self, Hibari, HibariError};

use super::embedded::{Embedded, Shared};
use super::{EngineError, Speech, Tts};

/// Hibari with the files of this machine. Whoever names the same folder shares them, and the thread
/// that speaks: a sentence takes it a few hundredths of a second.
#[derive(Clone)]
pub struct HibariTts {
    engine: Arc<Embedded<Hibari>>,
    speed: f32,
}

static IN_USE: Shared<Hibari> = Shared::new();

impl HibariTts {
    /// Speaks with the files of this folder, `speed` times as fast as by itself. They are read when
    /// it is told to prepare, or to speak.
    ///
    /// # Errors
    /// Where one of the files is not there.
    pub fn new(directory: &Path, speed: f32) -> Result<Self, HibariError> {
        hibari::prove(directory)?;
        let path = directory.to_owned();
        let open = move || Hibari::open(&path).map_err(|error| error.to_string());
        let engine = IN_USE.get(directory, || Embedded::new("hibari", 1, open));
        Ok(Self { engine, speed })
    }
}

impl Tts for HibariTts {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        let speed = self.speed;
        Box::pin(self.engine.speak(sound, move |voice, piece| {
            let spoken = voice.speak_at(&speech.text, speed, piece);
            spoken.map_err(|error| error.to_string())
        }))
    }

    fn load(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.engine.prepare().await {
                tracing::error!(%error, "the voice cannot be had");
            }
        })
    }
}
