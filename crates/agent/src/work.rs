//! Orders to engines that are under way: each is a task of its own, whose news come back by a queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;

use crate::Job;
use crate::engines::{Delta, EngineError, Speech, Tool, Tts};
use crate::history::ToolCall;

/// Results of engines that wait for the conversation; engines wait beyond.
pub(crate) const NEWS_MAX: usize = 64;
/// The same of one engine's pieces.
pub(crate) const PIECES_MAX: usize = 16;

/// What an engine has done.
pub(crate) enum News {
    Transcript(String),
    Judgement(bool),
    Piece(Delta),
    Sound(Vec<i16>),
    Result(String),
    Finished,
    Failed(EngineError),
}

/// What a number has of its own, for the engines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    pub model: Option<String>,
    pub voice: Option<String>,
}

/// The orders of one conversation that engines work on. Whatever is left ends with it.
pub(crate) struct Work {
    tts: Arc<dyn Tts>,
    tools: Arc<dyn Tool>,
    pub own: Own,
    to_us: Sender<(Job, News)>,
    running: HashMap<Job, AbortHandle>,
}

impl Drop for Work {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.abort();
        }
    }
}

impl Work {
    pub fn new(
        tts: Arc<dyn Tts>,
        tools: Arc<dyn Tool>,
        own: Own,
        to_us: Sender<(Job, News)>,
    ) -> Self {
        Self {
            tts,
            tools,
            own,
            to_us,
            running: HashMap::new(),
        }
    }

    pub fn speak(&mut self, job: Job, text: String) {
        let tts = Arc::clone(&self.tts);
        let voice = self.own.voice.clone();
        self.start(job, |to_us| async move {
            let (to, from) = channel(PIECES_MAX);
            let passing = pass(job, from, News::Sound, &to_us);
            let (ended, ()) = tokio::join!(tts.speak(Speech { text, voice }, to), passing);
            let _ = to_us.send((job, ending(ended))).await;
        });
    }

    pub fn use_tool(&mut self, job: Job, call: ToolCall) {
        let tools = Arc::clone(&self.tools);
        self.start(job, |to_us| async move {
            let news = match tools.call(call).await {
                Ok(result) => News::Result(result),
                Err(error) => News::Failed(error),
            };
            let _ = to_us.send((job, news)).await;
        });
    }

    /// Whatever an engine does, the conversation runs on beside it.
    pub fn start<F>(&mut self, job: Job, work: impl FnOnce(Sender<(Job, News)>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.running.retain(|_, running| !running.is_finished());
        let running = tokio::spawn(work(self.to_us.clone()));
        self.running.insert(job, running.abort_handle());
    }

    pub fn cancel(&mut self, job: Job) {
        if let Some(running) = self.running.remove(&job) {
            running.abort();
        }
    }
}

pub(crate) async fn pass<T>(
    job: Job,
    mut from: Receiver<T>,
    news: impl Fn(T) -> News,
    to_us: &Sender<(Job, News)>,
) {
    while let Some(piece) = from.recv().await {
        // Nobody there: the call is over, and this is dropped soon.
        if to_us.send((job, news(piece))).await.is_err() {
            return;
        }
    }
}

pub(crate) fn ending(ended: Result<(), EngineError>) -> News {
    match ended {
        Ok(()) => News::Finished,
        Err(error) => News::Failed(error),
    }
}

/// Waits until then; for ever, where nothing is due.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
