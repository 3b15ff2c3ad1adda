//! A voice that stands in where the first one is dead.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, timeout};
use trunkline_call::BoxFuture;

use super::{EngineError, Speech, Tts, hand_on};

/// How long the first voice may take to its first sound.
const FIRST_SOUND_MAX: Duration = Duration::from_millis(1_200);
/// How long a first voice that failed is not asked again.
const REST: Duration = Duration::from_secs(15);

/// Two voices: the second one speaks where nothing is heard of the first.
pub struct Chain<A, B> {
    first: A,
    second: B,
    resting: Mutex<Option<Instant>>,
}

impl<A: Tts, B: Tts> Chain<A, B> {
    /// The first is asked, except for a while after it failed.
    pub fn new(first: A, second: B) -> Self {
        Self {
            first,
            second,
            resting: Mutex::new(None),
        }
    }

    fn rests(&self) -> bool {
        let resting = self.resting.lock();
        let until = *resting.unwrap_or_else(std::sync::PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self) {
        let resting = self.resting.lock();
        let mut resting = resting.unwrap_or_else(std::sync::PoisonError::into_inner);
        *resting = Some(Instant::now() + REST);
    }

    /// Whether the first voice was heard, and how it ended then.
    async fn try_first(
        &self,
        speech: &Speech,
        sound: &Sender<Vec<i16>>,
    ) -> Result<Result<(), EngineError>, EngineError> {
        let (to, mut from) = channel(16);
        let mut speaking = self.first.speak(speech.clone(), to);
        let begins = async {
            tokio::select! {
                biased;
                piece = from.recv() => Ok(piece),
                ended = &mut speaking => ended.map(|()| None),
            }
        };
        let late = || EngineError::Broken {
            place: "the voice".to_owned(),
            what: "no sound in time".to_owned(),
        };
        let begun = timeout(FIRST_SOUND_MAX, begins).await;
        let Some(piece) = begun.unwrap_or_else(|_| Err(late()))? else {
            // It may have ended with its only piece still on the way.
            return match from.recv().await {
                Some(piece) => Ok(pass(sound, piece).await),
                None => Err(late()),
            };
        };
        if let Err(unwanted) = pass(sound, piece).await {
            return Ok(Err(unwanted));
        }
        let (ended, passed) = tokio::join!(speaking, hand_on(from, sound, |_| ()));
        Ok(ended.and(passed))
    }
}

async fn pass(sound: &Sender<Vec<i16>>, piece: Vec<i16>) -> Result<(), EngineError> {
    sound.send(piece).await.map_err(|_| EngineError::Unwanted)
}

impl<A: Tts, B: Tts> Tts for Chain<A, B> {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            if !self.rests() {
                match self.try_first(&speech, &sound).await {
                    Ok(ended) => return ended,
                    Err(error) => {
                        tracing::warn!(%error, "another voice stands in");
                        self.rest();
                    }
                }
            }
            // Its voices have other names.
            let voice = None;
            self.second.speak(Speech { voice, ..speech }, sound).await
        })
    }

    fn load(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            tokio::join!(self.first.load(), self.second.load());
        })
    }
}
