//! What the tasks that signalling itself has started have to tell.

use super::dialling::Resolved;
use super::{Desk, documents, placed};
use crate::shard::{AppStream, CallKey, ToCall};
use trunkline_call::{CallId, GatewayReason};
use trunkline_legs::DialNews;
use trunkline_streams::document::ErrandId;
use tungstenite::WebSocket;

/// News from the tasks that signalling itself started.
pub(super) enum Inner {
    /// An application's connection is open.
    Opened(CallKey, Box<WebSocket<AppStream>>),
    /// It could not be opened, in words.
    OpenFailed(CallKey, String),
    /// An application that was to come has not come.
    WaitOver(CallKey),
    /// A provider was asked to place a call.
    Placed(Box<placed::Answered>),
    /// A provider was asked to move the caller of a call.
    Moved(CallKey, DialNews),
    /// A provider has pressed keys, or has not.
    Pressed(CallKey),
    /// A call that a provider was to place should have come by now.
    AwaitedTooLong(CallId),
    /// An errand of a document came to its end.
    Errand(ErrandId, documents::Outcome),
    /// A name was looked up.
    Resolved(Box<Resolved>),
}

impl Desk {
    /// Does what the news asks for.
    pub(super) fn inner(&mut self, news: Inner) {
        match news {
            // An application that comes too late: the call follows a document.
            Inner::Opened(key, _) | Inner::OpenFailed(key, _) if self.follows(key) => {}
            Inner::Opened(key, socket) => self.tell(key, ToCall::Opened(socket)),
            Inner::Placed(answered) => self.placed(*answered),
            Inner::Moved(key, news) => self.tell(key, ToCall::Dial(news)),
            Inner::Pressed(key) => self.press_waiting(key),
            Inner::AwaitedTooLong(id) => self.awaited_too_long(id),
            Inner::Errand(id, outcome) => self.errand_done(id, outcome),
            Inner::OpenFailed(key, why) => {
                if let Some(card) = self.cards.get_mut(&key) {
                    let (call, app) = (card.info.id, &card.record.app);
                    tracing::warn!(%call, %app, "application not open: {why}");
                    card.record.detail = Some(why);
                }
                self.tell(key, ToCall::OpenFailed);
            }
            Inner::WaitOver(key) => self.wait_over(key),
            Inner::Resolved(resolved) => self.resolved(*resolved),
        }
    }

    /// An application that was to come by now has come, or does not get its call any more.
    fn wait_over(&mut self, key: CallKey) {
        let Some(card) = self.cards.get_mut(&key) else {
            return;
        };
        let was_answered = card.answered.is_some();
        if std::mem::take(&mut card.waits) {
            self.tell(
                key,
                match was_answered {
                    true => ToCall::OpenFailed,
                    false => ToCall::End(GatewayReason::AppTimeout),
                },
            );
        }
    }
}
