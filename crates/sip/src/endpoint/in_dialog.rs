//! Requests of the peer's within a dialog.

use super::call::{Call, Stage};
use super::{Endpoint, Event, OwnerId, Path, Reply, TransactionId};
use crate::dialog::{Order, subscription_ended};
use crate::header::Name;
use crate::message::{Message, Method};
use std::time::Instant;

/// The longest Retry-After of a request that came too early, in seconds (RFC 3261 §14.2).
const RETRY_AFTER_MAX: u64 = 10;

/// What a request within a dialog meets.
enum Meeting {
    Pass,
    /// A request of ours is under way: 491 (RFC 3261 §14.2, RFC 3311 §5.2).
    Glare,
    /// One of the peer's own is: 500 with Retry-After (the same).
    TooEarly,
}

impl Endpoint {
    /// A request of the peer's with a To tag.
    pub(super) fn receive_in_dialog(
        &mut self,
        now: Instant,
        id: TransactionId,
        request: Message,
        path: Path,
    ) {
        let Some((owner, remote_tag)) = self.dialog_of(&request) else {
            return self.answer(now, id, &Reply::new(481));
        };
        self.own_server(id, owner);
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let Some(dialog) = self
            .calls
            .get_mut(&owner)
            .and_then(|c| c.dialog_mut(&remote_tag))
        else {
            return;
        };
        if dialog.arrive(number) == Order::Stale {
            return self.answer(now, id, &Reply::new(500));
        }
        dialog.refresh_flow(path);
        if let Some(reply) = self.agent.screen_in_dialog(&request) {
            return self.answer(now, id, &reply);
        }
        match request.method() {
            Some(Method::Bye) => self.receive_bye(now, id, owner, &remote_tag, request),
            Some(Method::Notify) => self.receive_notify(now, id, owner, request),
            Some(Method::Invite | Method::Update) => {
                self.receive_refresh(now, id, owner, &remote_tag, request);
            }
            _ if self.is_live(owner, &remote_tag) => {
                self.tell(Event::Request {
                    owner,
                    transaction: id,
                    request,
                });
            }
            _ => self.answer(now, id, &Reply::new(481)),
        }
    }

    /// Notes whose request a server transaction is.
    pub(super) fn own_server(&mut self, id: TransactionId, owner: OwnerId) {
        if let Some(entry) = self.servers.get_mut(&id) {
            entry.owner = Some(owner);
        }
    }

    /// Whether this dialog carries the call, or may still come to.
    fn is_live(&self, owner: OwnerId, remote_tag: &str) -> bool {
        self.calls.get(&owner).is_some_and(|call| match call.stage {
            Stage::Offered | Stage::Calling => true,
            Stage::Up => call
                .dialogs
                .first()
                .is_some_and(|d| d.remote_tag == remote_tag),
            Stage::Ending | Stage::Over => false,
        })
    }

    /// BYE (§15.1.2): always answered; what waits for an answer of ours gets 487.
    fn receive_bye(
        &mut self,
        now: Instant,
        id: TransactionId,
        owner: OwnerId,
        remote_tag: &str,
        request: Message,
    ) {
        let live = self.is_live(owner, remote_tag);
        let Some(call) = self.calls.get(&owner) else {
            return;
        };
        let (stage, theirs) = (call.stage, call.theirs);
        if stage == Stage::Calling {
            // A callee ends what it has not accepted by a refusal, not by BYE (§15).
            return self.answer(now, id, &Reply::new(481));
        }
        self.answer(now, id, &Reply::new(200));
        if !live {
            return;
        }
        self.tell(Event::Bye { owner, request });
        if let Some(invite) = theirs {
            self.respond(now, invite, Reply::new(487));
        }
        // A 2xx of the peer's that crossed its BYE still wants its ACK.
        self.ack(owner, None);
        self.stop_waiting_for_ack(owner);
        self.finish(now, owner);
    }

    /// NOTIFY is for transfers alone (RFC 3515 §2.4.4); it may outlive the call.
    fn receive_notify(
        &mut self,
        now: Instant,
        id: TransactionId,
        owner: OwnerId,
        request: Message,
    ) {
        let event = request.header(Name::Event).unwrap_or_default();
        if !event
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("refer")
        {
            let reply = Reply::new(489).header("Allow-Events", "refer");
            return self.answer(now, id, &reply);
        }
        let Some(call) = self
            .calls
            .get_mut(&owner)
            .filter(|call| call.subscriptions > 0)
        else {
            return self.answer(now, id, &Reply::new(481));
        };
        call.subscriptions -= u32::from(subscription_ended(&request));
        self.tell(Event::Request {
            owner,
            transaction: id,
            request,
        });
        // Answered here when the call is over: its user may be gone, the peer still wants its 200.
        if self
            .calls
            .get(&owner)
            .is_some_and(|call| call.stage == Stage::Over)
        {
            self.answer(now, id, &Reply::new(200));
        }
        self.settle(owner);
    }

    /// re-INVITE and UPDATE: they change where the peer is and what is sent, one at a time.
    fn receive_refresh(
        &mut self,
        now: Instant,
        id: TransactionId,
        owner: OwnerId,
        remote_tag: &str,
        request: Message,
    ) {
        if !self.is_live(owner, remote_tag) {
            return self.answer(now, id, &Reply::new(481));
        }
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        let invite = request.method() == Some(&Method::Invite);
        match meeting(call, invite, !request.body().is_empty()) {
            Meeting::Pass => {}
            Meeting::Glare => return self.answer(now, id, &Reply::new(491)),
            Meeting::TooEarly => {
                let after = self.random.at_most(RETRY_AFTER_MAX).to_string();
                return self.answer(now, id, &Reply::new(500).header("Retry-After", after));
            }
        }
        if invite {
            call.theirs = Some(id);
        } else {
            call.their_update = Some(id);
        }
        if let Some(dialog) = call.dialog_mut(remote_tag) {
            dialog.refresh_target(&request);
        }
        self.tell(Event::Request {
            owner,
            transaction: id,
            request,
        });
    }
}

fn meeting(call: &Call, invite: bool, offer: bool) -> Meeting {
    let ours = call.ours.is_some() || call.unacknowledged.is_some();
    match invite {
        true if call.theirs.is_some() => Meeting::TooEarly,
        // Our 2xx without its ACK is an exchange under way as well (RFC 5407 §3.1.5).
        true if ours => Meeting::Glare,
        true => Meeting::Pass,
        false if call.their_update.is_some() => Meeting::TooEarly,
        false if offer && call.theirs.is_some() => Meeting::TooEarly,
        false if offer && (call.ours.is_some() || call.our_update.is_some()) => Meeting::Glare,
        false => Meeting::Pass,
    }
}
