//! What the rest of the process asks of a running gateway: the HTTP interface, the commands, and
//! Rust applications hold a [`Control`]. It is cheap to clone and never waits for a call.

mod error;
mod question;
#[cfg(test)]
mod tests;
mod views;

pub use error::ControlError;
pub use question::{DialRequest, Question};
pub use views::{CallView, DeviceView, Figures, TrunkView};

use crate::http::Metrics;
use crate::random;
use crate::reload::ConfigurationView;
use crate::settings::Settings;
use crate::shard::AppStream;
use crate::signalling::{NewStream, TurnedAway};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{broadcast, mpsc, oneshot};
use trunkline_call::record::Records;
use trunkline_call::{CallCommand, CallId};
use trunkline_providers::ticket::Tickets;
use trunkline_providers::webhook::Unanswered;
use trunkline_streams::document::Step;
use tungstenite::WebSocket;

/// How many questions may wait; more are refused with [`ControlError::Busy`].
pub const QUESTIONS_MAX: usize = 1_024;
/// How many announcements a slow listener may be behind before it loses the oldest.
pub const ANNOUNCEMENTS_MAX: usize = 4_096;

/// What is announced to every listener: one JSON object each.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The event's name.
    pub event: &'static str,
    /// Its JSON.
    pub json: Arc<str>,
}

/// The handle of a running gateway.
#[derive(Clone)]
pub struct Control {
    questions: mpsc::Sender<Question>,
    announcements: broadcast::Sender<Announcement>,
    records: Arc<Mutex<Records>>,
    metrics: Arc<Metrics>,
    settings: Arc<RwLock<Arc<Settings>>>,
    configuration: Arc<Mutex<ConfigurationView>>,
    tickets: Arc<Mutex<Tickets>>,
}

impl Control {
    /// A handle and the ends that the gateway keeps.
    pub(crate) fn new(
        records: Records,
        settings: Arc<Settings>,
    ) -> (Self, mpsc::Receiver<Question>) {
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        let (announcements, _) = broadcast::channel(ANNOUNCEMENTS_MAX);
        let records = Arc::new(Mutex::new(records));
        (
            Self {
                questions,
                announcements,
                records,
                metrics: Arc::default(),
                settings: Arc::new(RwLock::new(settings)),
                configuration: Arc::default(),
                tickets: Arc::new(Mutex::new(Tickets::new(random::seed()))),
            },
            asked,
        )
    }

    /// The records of calls that have ended.
    pub fn records(&self) -> MutexGuard<'_, Records> {
        // A panic while it was held left whole records: they are pushed by a move.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the gateway is told now; a reload changes it.
    pub fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read();
        Arc::clone(&settings.unwrap_or_else(PoisonError::into_inner))
    }

    /// What the gateway is told from now on.
    pub(crate) fn set_settings(&self, settings: Arc<Settings>) {
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The file that is read again while the gateway runs, and how that went.
    pub fn configuration(&self) -> MutexGuard<'_, ConfigurationView> {
        // It is replaced field by field; whatever a panic left is still a description.
        let configuration = self.configuration.lock();
        configuration.unwrap_or_else(PoisonError::into_inner)
    }

    /// The tickets of media streams.
    pub(crate) fn tickets(&self) -> MutexGuard<'_, Tickets> {
        // A panic while it was held left whole tickets: they are remembered by one insertion.
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is counted of calls that have ended.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Everything that is announced from now on.
    pub fn listen(&self) -> broadcast::Receiver<Announcement> {
        self.announcements.subscribe()
    }

    /// Announces, if anybody listens; the JSON is made only then.
    pub(crate) fn announce(&self, event: &'static str, json: impl FnOnce() -> String) {
        if self.announcements.receiver_count() > 0 {
            let _ = self.announcements.send(Announcement {
                event,
                json: json().into(),
            });
        }
    }

    /// Every live call.
    ///
    /// # Errors
    /// Where the gateway is busy or has stopped; so with all that follow.
    pub async fn calls(&self) -> Result<Vec<CallView>, ControlError> {
        self.ask(Question::Calls).await
    }

    /// Every registered device.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub async fn devices(&self) -> Result<Vec<DeviceView>, ControlError> {
        self.ask(Question::Devices).await
    }

    /// Every trunk and how our registration there stands.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub async fn trunks(&self) -> Result<Vec<TrunkView>, ControlError> {
        self.ask(Question::Trunks).await
    }

    /// Figures of the whole gateway.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub async fn figures(&self) -> Result<Figures, ControlError> {
        self.ask(Question::Figures).await
    }

    /// Passes a command to a call.
    ///
    /// # Errors
    /// Where no such call lives.
    pub async fn command(
        &self,
        id: CallId,
        command: CallCommand<'static>,
    ) -> Result<(), ControlError> {
        self.ask(|answer| Question::Command(id, command, answer))
            .await?
    }

    /// Has a call follow these steps. Its application is let go, and the call ends after the last.
    ///
    /// # Errors
    /// Where no such call lives, or it is joined with another.
    pub async fn follow(&self, id: CallId, steps: Vec<Step>) -> Result<(), ControlError> {
        self.ask(|answer| Question::Follow(id, steps, answer))
            .await?
    }

    /// Places a call and gives its name once it is on its way.
    ///
    /// # Errors
    /// Where a rule forbids it, the target cannot be dialled, or there is no room.
    pub async fn dial(&self, request: DialRequest) -> Result<CallId, ControlError> {
        self.ask(|answer| Question::Dial(Box::new(request), answer))
            .await?
    }

    /// Whether a provider has been asked to place this call, and it has not come yet.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub(crate) async fn is_awaited(&self, id: CallId) -> Result<bool, ControlError> {
        self.ask(|answer| Question::Awaited(id, answer)).await
    }

    /// A provider says that nobody answers a call that it was asked to place.
    pub(crate) async fn unanswered(&self, id: CallId, how: Unanswered) {
        let _ = self.questions.send(Question::Unanswered(id, how)).await;
    }

    /// Whether a call waits for an application to come to it.
    ///
    /// # Errors
    /// [`ControlError::NoSuchCall`] or [`ControlError::Taken`] where it does not.
    pub async fn waits(&self, id: CallId) -> Result<(), ControlError> {
        self.ask(|answer| Question::Waits(id, answer)).await?
    }

    /// Gives a waiting call its application.
    ///
    /// # Errors
    /// As [`Self::waits`]: somebody else may have been faster.
    pub async fn take(&self, id: CallId, socket: WebSocket<AppStream>) -> Result<(), ControlError> {
        self.ask(|answer| Question::Take(id, Box::new(socket), answer))
            .await?
    }

    /// Has the gateway use these settings for calls that begin from now on. Gives the keys whose
    /// change waits for the next start.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub async fn reload(&self, settings: Settings) -> Result<Vec<&'static str>, ControlError> {
        let settings = Box::new(settings);
        self.ask(|answer| Question::Reload(settings, answer)).await
    }

    /// Whether another provider's stream may come and say whose call it brings.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) async fn stream_room(&self) -> Result<(), ControlError> {
        self.ask(Question::StreamRoom).await?
    }

    /// Makes a provider's stream a call.
    ///
    /// # Errors
    /// Why it is none, with its connection where that is still there to be told.
    pub(crate) async fn stream(
        &self,
        stream: NewStream,
    ) -> Result<Result<(), Box<TurnedAway>>, ControlError> {
        self.ask(|answer| Question::Stream(Box::new(stream), answer))
            .await
    }

    /// Takes no new calls and returns when the last one has ended.
    pub async fn drain(&self) {
        let _ = self.ask(Question::Drain).await;
    }

    /// Ends every call now; the gateway's task ends soon after.
    pub(crate) async fn ask_to_stop(&self) {
        let _ = self.questions.send(Question::Stop).await;
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<T, ControlError> {
        let (answer, answered) = oneshot::channel();
        self.questions
            .try_send(question(answer))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => ControlError::Busy,
                mpsc::error::TrySendError::Closed(_) => ControlError::Stopping,
            })?;
        answered.await.map_err(|_| ControlError::Stopping)
    }
}
