//! Ending a call, whatever its state, and the races that go with it.

use super::call::{Cancel, Stage};
use super::client::Purpose;
use super::draft::cancel_of;
use super::schedule::Holder;
use super::{Endpoint, Headers, OwnerId, Reply, TransactionId};
use crate::message::Method;
use crate::transaction::Timer;
use std::time::{Duration, Instant};

/// How long a transfer's NOTIFY may still come once the call is over.
const SUBSCRIPTION_LINGER: Duration = Duration::from_secs(60);

impl Endpoint {
    pub(super) fn hangup(
        &mut self,
        now: Instant,
        owner: OwnerId,
        refusal: Reply,
        headers: Headers,
    ) {
        let Some(call) = self.calls.get(&owner) else {
            return;
        };
        let refusal = if refusal.status < 300 {
            Reply::new(603)
        } else {
            refusal
        };
        match (call.stage, call.theirs) {
            (Stage::Offered, Some(id)) => self.respond(now, id, refusal),
            (Stage::Offered, None) | (Stage::Ending | Stage::Over, _) => {}
            (Stage::Calling, _) => self.cancel(now, owner, headers),
            (Stage::Up, theirs) => {
                if let Some(id) = theirs {
                    self.respond(now, id, refusal);
                }
                self.end_dialog(now, owner, headers);
            }
        }
    }

    /// BYE, now or once the ACK came: the peer may not know yet that the call is up (§15).
    fn end_dialog(&mut self, now: Instant, owner: OwnerId, headers: Headers) {
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        if call.unacknowledged.is_some() {
            call.held_bye = Some(headers);
            return;
        }
        // A 2xx of the peer's that our user has not acknowledged needs its ACK all the same.
        self.ack(owner, None);
        self.send_bye(now, owner, headers);
    }

    /// The ACK a BYE was waiting for is there.
    pub(super) fn release_held_bye(&mut self, now: Instant, owner: OwnerId) {
        let held = self
            .calls
            .get_mut(&owner)
            .and_then(|call| call.held_bye.take());
        if let Some(headers) = held {
            self.end_dialog(now, owner, headers);
        }
    }

    pub(super) fn send_bye(&mut self, now: Instant, owner: OwnerId, headers: Headers) {
        let Some(call) = self
            .calls
            .get_mut(&owner)
            .filter(|call| call.stage == Stage::Up)
        else {
            return;
        };
        call.stage = Stage::Ending;
        let tag = call.dialogs.first().map(|dialog| dialog.remote_tag.clone());
        let draft = tag.and_then(|tag| call.draft(&tag, Method::Bye, headers, None));
        match draft {
            Some((draft, path)) => {
                self.start_client(now, owner, draft, path, Purpose::Bye);
            }
            None => self.finish(now, owner),
        }
    }

    /// The INVITE usage of a call is over.
    pub(super) fn finish(&mut self, now: Instant, owner: OwnerId) {
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        call.stage = Stage::Over;
        call.unacknowledged = None;
        call.held_bye = None;
        call.ours = None;
        let theirs = call.theirs;
        if call.subscriptions > 0 {
            let at = now + SUBSCRIPTION_LINGER;
            self.schedule
                .arm(Holder::Call(owner), Timer::Subscription, at);
        }
        // An INVITE of the peer's that nobody will answer now (§15.1.2).
        if let Some(id) = theirs {
            self.respond(now, id, Reply::new(487));
        }
        self.settle(owner);
    }

    /// CANCEL of the INVITE of a call, once a provisional response shows that it arrived (§9.1).
    fn cancel(&mut self, now: Instant, owner: OwnerId, headers: Headers) {
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        if call.cancel == Cancel::Sent {
            return;
        }
        call.cancel = Cancel::Wanted(headers);
        if call.ours.is_some_and(|id| self.is_proceeding(id)) {
            self.send_wanted_cancel(now, owner);
        }
    }

    /// Sends a CANCEL that was held back.
    pub(super) fn send_wanted_cancel(&mut self, now: Instant, owner: OwnerId) {
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        let Cancel::Wanted(headers) = &call.cancel else {
            return;
        };
        let (headers, ours) = (headers.clone(), call.ours);
        call.cancel = Cancel::Sent;
        if let Some(id) = ours {
            self.cancel_transaction(now, id, &headers);
        }
    }

    /// Cancels one INVITE. Some peers never answer what was cancelled; after 64·T1 it is over all
    /// the same (§9.1).
    fn cancel_transaction(&mut self, now: Instant, id: TransactionId, headers: &Headers) {
        let Some(invite) = self.clients.get(&id) else {
            return;
        };
        let (owner, path) = (invite.owner, invite.path);
        let cancel = cancel_of(&invite.request, headers);
        self.start_cancel(now, owner, cancel, path);
        let at = now + self.config.timing.give_up();
        self.schedule
            .arm(Holder::Client(id), Timer::AwaitCancelled, at);
    }

    /// Timer C: nobody lets a phone ring for so long, or thinks about a re-INVITE for so long.
    pub(super) fn rang_too_long(&mut self, now: Instant, id: TransactionId) {
        let owner = self.clients.get(&id).map(|entry| entry.owner);
        let call = owner.and_then(|owner| self.calls.get_mut(&owner));
        let Some(call) = call.filter(|call| call.ours == Some(id)) else {
            // The call is over already; nobody waits for this answer.
            return self.close_client(id);
        };
        if call.stage == Stage::Calling {
            call.cancel = Cancel::Sent;
        }
        self.cancel_transaction(now, id, &Headers::new());
    }
}
