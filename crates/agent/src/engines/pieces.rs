//! Pieces of an answer or of sound on their way from an engine to whoever ordered them.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{EngineError, Speech, Tts};

/// How long a server is left alone before it is asked once more.
pub(super) const AGAIN_AFTER: Duration = Duration::from_millis(150);
/// Pieces of a sound that wait to be gathered; a voice waits beyond.
const GATHERED_MAX: usize = 16;

/// Hands on pieces, and remembers whether there was one: what somebody has heard is not said twice.
pub(super) struct Pieces<'a, T> {
    to: &'a Sender<T>,
    /// Whether there was one.
    pub any: bool,
}

impl<'a, T> Pieces<'a, T> {
    pub fn new(to: &'a Sender<T>) -> Self {
        Self { to, any: false }
    }

    pub async fn give(&mut self, piece: T) -> Result<(), EngineError> {
        self.any = true;
        self.to.send(piece).await.map_err(|_| EngineError::Unwanted)
    }

    /// What came of the first attempt; nothing where a second one is worth it, a moment later.
    pub async fn settled(&self, first: Result<(), EngineError>) -> Option<Result<(), EngineError>> {
        match first {
            Err(error) if error.is_passing() && !self.any => {
                tracing::debug!(%error, "asked once more");
                tokio::time::sleep(AGAIN_AFTER).await;
                None
            }
            outcome => Some(outcome),
        }
    }
}

/// Hands on all pieces that come, each of which is shown first: for an engine around another one.
///
/// # Errors
/// [`EngineError::Unwanted`] once nobody takes them any more.
pub async fn hand_on<T>(
    mut from: Receiver<T>,
    to: &Sender<T>,
    mut show: impl FnMut(&T),
) -> Result<(), EngineError> {
    while let Some(piece) = from.recv().await {
        show(&piece);
        to.send(piece).await.map_err(|_| EngineError::Unwanted)?;
    }
    Ok(())
}

/// All that a voice makes of a text, at 16 kHz.
///
/// # Errors
/// What the voice says went wrong.
pub async fn sound_of(voice: &dyn Tts, speech: Speech) -> Result<Vec<i16>, EngineError> {
    let (to, mut from) = channel::<Vec<i16>>(GATHERED_MAX);
    let gathering = async {
        let mut all = Vec::new();
        while let Some(piece) = from.recv().await {
            all.extend(piece);
        }
        all
    };
    let (ended, all) = tokio::join!(voice.speak(speech, to), gathering);
    ended.map(|()| all)
}
