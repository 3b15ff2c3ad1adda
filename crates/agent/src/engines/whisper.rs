//! Whisper in this process hears words in speech.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use trunkline_call::BoxFuture;
use trunkline_speech::whisper::{self, Model, Whisper};

use super::embedded::{Cores, Embedded, Shared, Wanted};
use super::{EngineError, Stt};

/// Whisper with a model of this machine. Whoever names the same file shares its model and threads.
#[derive(Clone)]
pub struct WhisperStt(Arc<Embedded<Whisper>>);

static IN_USE: Shared<Whisper> = Shared::new();

/// What an utterance takes with all cores, at the most: so long, and this part of its own length.
const HEARD_MAX: Duration = Duration::from_millis(600);
const HEARD_PART: u64 = 10;

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

/// The words of an utterance, with as many cores as it may have.
fn hear(whisper: &mut Whisper, samples: &[i16], wanted: &Wanted) -> Result<String, whisper::Error> {
    static CORES: OnceLock<Cores> = OnceLock::new();
    let cores = CORES.get_or_init(|| Cores::new(Embedded::<Whisper>::threads_here()));
    let had = cores.have(Instant::now());
    whisper.set_threads(had.count());
    let words = whisper.transcribe_unless(samples, wanted.taken_back());
    let length = Duration::from_millis(samples.len() as u64 / 16 / HEARD_PART);
    had.done(Instant::now(), HEARD_MAX + length);
    words
}

impl Stt for WhisperStt {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(self.0.order(move |whisper, wanted| {
            hear(whisper, &samples, wanted).map_err(|error| error.to_string())
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
