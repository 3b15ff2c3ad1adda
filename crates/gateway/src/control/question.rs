//! What is asked of the gateway's task, each with the place for its answer.

use super::{CallView, ControlError, DeviceView, Figures, TrunkView};
use crate::settings::Settings;
use crate::shard::AppStream;
use crate::signalling::{NewStream, TurnedAway};
use tokio::sync::oneshot;
use trunkline_call::{CallCommand, CallId, Headers, Parameters, Target};
use trunkline_providers::webhook::Unanswered;
use trunkline_streams::document::Step;
use tungstenite::WebSocket;

/// A call to be placed.
#[derive(Debug)]
pub struct DialRequest {
    /// Whom to call.
    pub to: Target,
    /// Who calls: a number, a name or a URI; the gateway's own name if absent.
    pub from: Option<String>,
    /// The application that talks, by its name in the configuration.
    pub app: String,
    /// Headers of the INVITE.
    pub headers: Headers,
    /// Parameters for the application.
    pub parameters: Parameters,
}

impl DialRequest {
    /// The longest caller, in bytes.
    pub const FROM_BYTES_MAX: usize = 1_024;

    /// Whether a message can say who calls.
    pub(crate) fn has_caller(&self) -> bool {
        self.from.as_ref().is_none_or(|from| {
            let fits = !from.is_empty() && from.len() <= Self::FROM_BYTES_MAX;
            fits && !from.chars().any(char::is_control)
        })
    }
}

/// Something asked, with the place for its answer.
pub enum Question {
    /// Every live call.
    Calls(oneshot::Sender<Vec<CallView>>),
    /// Every registered device.
    Devices(oneshot::Sender<Vec<DeviceView>>),
    /// Every trunk.
    Trunks(oneshot::Sender<Vec<TrunkView>>),
    /// Figures of the whole.
    Figures(oneshot::Sender<Figures>),
    /// Passes a command to a call.
    Command(
        CallId,
        CallCommand<'static>,
        oneshot::Sender<Result<(), ControlError>>,
    ),
    /// Has a call follow these steps in place of its application.
    Follow(CallId, Vec<Step>, oneshot::Sender<Result<(), ControlError>>),
    /// Places a call.
    Dial(
        Box<DialRequest>,
        oneshot::Sender<Result<CallId, ControlError>>,
    ),
    /// Whether a provider has been asked to place this call, and it has not come yet.
    Awaited(CallId, oneshot::Sender<bool>),
    /// A provider says that nobody answers a call that it was asked to place.
    Unanswered(CallId, Unanswered),
    /// Whether a call waits for an application to come to it.
    Waits(CallId, oneshot::Sender<Result<(), ControlError>>),
    /// Here is the application's open WebSocket.
    Take(
        CallId,
        Box<WebSocket<AppStream>>,
        oneshot::Sender<Result<(), ControlError>>,
    ),
    /// Uses these settings from now on; answers with the keys that only a start can change.
    Reload(Box<Settings>, oneshot::Sender<Vec<&'static str>>),
    /// Whether another provider's stream may come and say whose call it brings.
    StreamRoom(oneshot::Sender<Result<(), ControlError>>),
    /// A provider's stream has begun.
    Stream(Box<NewStream>, oneshot::Sender<Result<(), Box<TurnedAway>>>),
    /// Takes no new calls; answers when the last one has ended.
    Drain(oneshot::Sender<()>),
    /// Ends every call.
    Stop,
}
