//! The voice hibari in this process.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc::{Sender, unbounded_channel};
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
        Box::pin(async move {
            let speed = self.speed;
            // It speaks far faster than anybody listens: who listens slowly does not keep the thread
            // from other calls. What waits here is one sentence or a few.
            let (to, mut from) = unbounded_channel();
            let speaking = self.engine.order(move |voice, wanted| {
                let mut piece =
                    |samples: &[i16]| wanted.is_wanted() && to.send(samples.to_vec()).is_ok();
                let spoken = voice.speak_at(&speech.text, speed, &mut piece);
                spoken.map_err(|error| error.to_string())
            });
            let handing_on = async {
                while let Some(piece) = from.recv().await {
                    sound.send(piece).await.map_err(|_| EngineError::Unwanted)?;
                }
                Ok(())
            };
            tokio::try_join!(speaking, handing_on).map(|_| ())
        })
    }

    fn load(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.engine.prepare().await {
                tracing::error!(%error, "the voice cannot be had");
            }
        })
    }
}
