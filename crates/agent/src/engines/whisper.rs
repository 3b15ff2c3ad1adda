//! Whisper in this process hears words in speech.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use trunkline_call::BoxFuture;
use trunkline_speech::whisper::{self, Model, Whisper};

use super::embedded::{Embedded, Shared};
use super::{EngineError, Stt};

/// Whisper with a model of this machine. Whoever names the same file shares its model and threads.
#[derive(Clone)]
pub struct WhisperStt(Arc<Embedded<Whisper>>);

static IN_USE: Shared<Whisper> = Shared::new();

impl WhisperStt {
    /// Hears with this model, which is read when the first call begins.
    ///
    /// # Errors
    /// Where there is no such file, or it is no model.
    pub fn new(model: &Path) -> Result<Self, whisper::Error> {
        whisper::prove(model)?;
        Ok(Self(IN_USE.get(model, || listening(model.to_owned()))))
    }
}

/// Listeners on threads of their own, with one model between them.
fn listening(path: PathBuf) -> Embedded<Whisper> {
    let read: Mutex<Option<Model>> = Mutex::new(None);
    let open = move || {
        let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
        let model = match read.take() {
            Some(model) => model,
            None => Model::open(&path)?,
        };
        read.insert(model).listener()
    };
    let open = move || open().map_err(|error: whisper::Error| error.to_string());
    Embedded::new("whisper", Embedded::<Whisper>::threads_here(), open)
}

impl Stt for WhisperStt {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(self.0.order(move |whisper, wanted| {
            let words = whisper.transcribe_unless(&samples, wanted.taken_back());
            words.map_err(|error| error.to_string())
        }))
    }

    fn prepare(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.0.prepare().await {
                tracing::error!(%error, "nothing will be heard");
            }
        })
    }
}
