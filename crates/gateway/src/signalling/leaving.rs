//! How a gateway leaves: it takes nothing new and waits for the last call, or ends them all.

use super::{Desk, RETRY_AFTER};
use crate::shard::ToCall;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use trunkline_call::GatewayReason;
use trunkline_sip::endpoint::{Action, Service};

/// How long a stopping gateway waits for the far ends to answer its BYEs.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

impl Desk {
    /// Takes no new calls; answers once the last one has ended.
    pub(super) fn drain(&mut self, answer: oneshot::Sender<()>) {
        self.draining = true;
        self.give_up_all_awaited();
        // Of those who have gone nothing is kept, so that there are no more than connections.
        self.drains.retain(|waiting| !waiting.is_closed());
        self.drains.push(answer);
        self.act(Action::Serve(Service::Refused {
            retry_after: RETRY_AFTER,
        }));
    }

    pub(super) fn answer_drains(&mut self) {
        if self.cards.is_empty() && self.pending.is_empty() {
            for answer in self.drains.drain(..) {
                let _ = answer.send(());
            }
        }
    }

    /// Ends every call with a BYE; the task ends when all are gone, or after a moment.
    pub(super) fn begin_stop(&mut self) {
        if self.stop_by.is_none() {
            self.stop_by = Some(Instant::now() + GOODBYE_MAX);
            self.draining = true;
            self.give_up_all_awaited();
            for &key in self.cards.keys() {
                self.tell(key, ToCall::End(GatewayReason::Shutdown));
            }
        }
    }

    /// A call may be over here before its far end can be told.
    pub(super) fn has_stopped(&self) -> bool {
        self.stop_by.is_some_and(|by| {
            let is_over = self.cards.is_empty() && !self.endpoint.is_taking_leave();
            is_over || by <= Instant::now()
        })
    }
}
