//! Calls that come in: the INVITE, our answers, the wait for the ACK.

use super::call::{Call, Stage, Unacknowledged};
use super::schedule::Holder;
use super::{Contact, Endpoint, Event, Fault, OwnerId, Path, Reply, TransactionId};
use crate::dialog::Dialog;
use crate::message::{Message, Method};
use crate::transaction::Timer;
use crate::user_agent::Caller;
use std::time::Instant;

/// Retry-After of an INVITE beyond the calls we keep, in seconds.
const RETRY_AFTER_FULL: u64 = 5;

impl Endpoint {
    /// An INVITE that may become a call: it gets an owner, and its user decides.
    pub(super) fn offer(
        &mut self,
        now: Instant,
        id: TransactionId,
        request: Message,
        path: Path,
        caller: Caller,
    ) {
        if self.calls.len() >= self.config.limits.calls {
            self.counters.refused += 1;
            let reply = Reply::new(503).header("Retry-After", RETRY_AFTER_FULL.to_string());
            return self.answer(now, id, &reply);
        }
        let (Some(dialog), Some(tag)) = (Dialog::callee(&request, path), self.server_tag(id))
        else {
            return self.answer(now, id, &Reply::new(400));
        };
        let (tag, call_id) = (
            tag.to_owned(),
            request.call_id().unwrap_or_default().to_owned(),
        );
        let to = request.to().map(|to| to.to_string()).unwrap_or_default();
        let mut call = Call::new(false, call_id, tag.clone(), format!("{to};tag={tag}"));
        call.contact_user = request
            .request_uri()
            .and_then(|uri| uri.user().map(|user| user.into_owned()));
        call.dialogs.push(dialog);
        call.theirs = Some(id);
        let owner = self.new_owner();
        self.calls.insert(owner, Box::new(call));
        self.by_tag.insert(tag.into(), owner);
        self.own_server(id, owner);
        self.tell(Event::Invite {
            owner,
            transaction: id,
            request,
            path,
            caller,
        });
    }

    /// A user answers a request.
    pub(super) fn respond(&mut self, now: Instant, id: TransactionId, reply: Reply) {
        let Some(entry) = self.servers.get(&id) else {
            return;
        };
        let (method, path, owner) = (entry.method.clone(), entry.reply_path, entry.owner);
        let cseq = entry
            .request
            .as_ref()
            .and_then(|request| request.cseq().ok());
        let call = owner.and_then(|owner| self.calls.get(&owner));
        let makes_dialog = match method {
            Method::Invite => (101..300).contains(&reply.status),
            Method::Update | Method::Refer => (200..300).contains(&reply.status),
            _ => false,
        };
        let contact = call.filter(|_| makes_dialog);
        let contact = contact.map(|call| Contact::user(call.contact_user.clone()));
        let Some(response) = self.send_reply(now, id, &reply, contact.as_ref()) else {
            return;
        };
        let (Some(owner), true) = (owner, reply.status >= 200) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        let accepted = reply.status < 300;
        match method {
            Method::Invite if accepted => {
                call.theirs = None;
                call.stage = Stage::Up;
                let cseq = cseq.map_or(0, |cseq| cseq.number);
                self.await_ack(now, owner, cseq, response, path);
            }
            Method::Invite => {
                call.theirs = None;
                if call.stage == Stage::Offered {
                    self.finish(now, owner);
                }
            }
            Method::Update => call.their_update = None,
            Method::Refer if accepted && call.stage != Stage::Over => call.subscriptions += 1,
            _ => {}
        }
    }

    /// A 2xx is repeated until its ACK comes, whatever the transport (RFC 3261 §13.3.1.4).
    fn await_ack(
        &mut self,
        now: Instant,
        owner: OwnerId,
        cseq: u32,
        response: Message,
        path: Path,
    ) {
        let timing = self.config.timing;
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        let resend_after = timing.t1;
        call.unacknowledged = Some(Unacknowledged {
            cseq,
            response,
            path,
            resend_after,
        });
        let holder = Holder::Call(owner);
        if self.config.fault != Some(Fault::No2xxRetransmission) {
            self.schedule
                .arm(holder, Timer::Repeat2xx, now + resend_after);
        }
        self.schedule
            .arm(holder, Timer::AwaitAck, now + timing.give_up());
    }

    /// An ACK: the transaction's own for a refusal, the dialog's for a 2xx. One that belongs to
    /// nothing is dropped; an ACK never gets an answer.
    pub(super) fn receive_ack(
        &mut self,
        now: Instant,
        known: Option<TransactionId>,
        request: Message,
    ) {
        if known.is_some_and(|id| self.acknowledge_server(now, id)) {
            return;
        }
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let Some((owner, _)) = self.dialog_of(&request) else {
            self.counters.strays += 1;
            return;
        };
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        if call
            .unacknowledged
            .as_ref()
            .is_none_or(|waiting| waiting.cseq != number)
        {
            return;
        }
        self.stop_waiting_for_ack(owner);
        self.tell(Event::Acknowledged { owner, request });
        self.release_held_bye(now, owner);
    }

    /// Forgets the 2xx that waits for its ACK.
    pub(super) fn stop_waiting_for_ack(&mut self, owner: OwnerId) {
        if let Some(call) = self.calls.get_mut(&owner) {
            call.unacknowledged = None;
        }
        self.schedule.disarm(Holder::Call(owner), Timer::Repeat2xx);
        self.schedule.disarm(Holder::Call(owner), Timer::AwaitAck);
    }

    pub(super) fn call_timer(&mut self, now: Instant, owner: OwnerId, timer: Timer) {
        match timer {
            Timer::Repeat2xx => self.repeat_2xx(now, owner),
            Timer::AwaitAck => {
                self.stop_waiting_for_ack(owner);
                self.tell(Event::NeverAcknowledged { owner });
                let held = self
                    .calls
                    .get_mut(&owner)
                    .and_then(|call| call.held_bye.take());
                self.send_bye(now, owner, held.unwrap_or_default());
            }
            Timer::Glare => self.tell(Event::GlareOver { owner }),
            Timer::Subscription => {
                if let Some(call) = self.calls.get_mut(&owner) {
                    call.subscriptions = 0;
                }
                self.settle(owner);
            }
            _ => {}
        }
    }

    fn repeat_2xx(&mut self, now: Instant, owner: OwnerId) {
        let longest = self.config.timing.t2;
        let call = self.calls.get_mut(&owner);
        let Some(waiting) = call.and_then(|call| call.unacknowledged.as_mut()) else {
            return;
        };
        waiting.resend_after = (waiting.resend_after * 2).min(longest);
        let (path, response) = (waiting.path, waiting.response.clone());
        let next = now + waiting.resend_after;
        self.counters.retransmissions += 1;
        self.send(path, response, None);
        self.schedule
            .arm(Holder::Call(owner), Timer::Repeat2xx, next);
    }

    /// Closes a call of which nothing is left.
    pub(super) fn settle(&mut self, owner: OwnerId) {
        let Some(call) = self.calls.get(&owner) else {
            return;
        };
        if call.stage == Stage::Over {
            // Only a transfer's subscription may outlive the INVITE usage (RFC 5057 §4).
            for timer in [Timer::Repeat2xx, Timer::AwaitAck, Timer::Glare] {
                self.schedule.disarm(Holder::Call(owner), timer);
            }
        }
        if call.is_spent() {
            let tag = call.local_tag.clone();
            self.calls.remove(&owner);
            self.by_tag.remove(tag.as_str());
            self.schedule.forget(Holder::Call(owner));
            self.tell(Event::Closed { owner });
        }
    }
}
