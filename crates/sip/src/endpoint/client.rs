//! Client transactions: what we ask, and what comes back.

use super::ask::{branch_of, cancel_key};
use super::draft::ack_of_failure;
use super::schedule::Holder;
use super::{Draft, Endpoint, Failure, OwnerId, Path, TransactionId};
use crate::header::Name;
use crate::message::{Message, Method};
use crate::transaction::{Client, Effect, Effects, Timer};
use std::time::Instant;

/// What a client transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The INVITE of a new call.
    Invite,
    /// An INVITE within a dialog.
    ReInvite,
    /// Any other request of a user within a dialog.
    Within,
    /// The end of a call.
    Bye,
    /// The end of a branch of a fork that came second.
    ForkBye,
    Cancel,
    /// A request outside any dialog.
    Errand,
    Register,
}

#[derive(Debug)]
pub(super) struct ClientEntry {
    pub machine: Client,
    pub request: Message,
    pub path: Path,
    pub owner: OwnerId,
    pub purpose: Purpose,
    /// What the request was made of; CANCEL is made of its INVITE instead.
    pub draft: Option<Box<Draft>>,
    /// What its responses are found by.
    pub branch: Box<str>,
    /// It left by TCP for its size alone, so this UDP path is left to try (RFC 3261 §18.1.1).
    pub fallback: Option<Path>,
    /// Where it goes next if this place does not serve it (RFC 3263 §4.3).
    pub elsewhere: Vec<Path>,
    pub challenges: u8,
    /// Whether its call still waits for it.
    pub counted: bool,
    /// A final response was shown to the user.
    pub shown: bool,
    /// The ACKs of 2xx responses, by To tag, for when those are repeated.
    pub acks: Vec<(String, Path, Message)>,
}

impl ClientEntry {
    pub fn method(&self) -> Method {
        self.request.method().cloned().unwrap_or(Method::Invite)
    }

    /// Whether this INVITE has its 2xx.
    pub fn accepted(&self) -> bool {
        self.machine.accepted()
    }
}

impl Endpoint {
    pub(super) fn is_proceeding(&self, id: TransactionId) -> bool {
        self.clients
            .get(&id)
            .is_some_and(|entry| entry.machine.proceeding())
    }

    /// A response finds its transaction by branch and method (§17.1.3); one with a second Via was
    /// not meant for us (§8.1.3.3). What finds none is dropped.
    pub(super) fn receive_response(&mut self, now: Instant, response: Message) {
        let id = self
            .client_of(&response)
            .filter(|_| response.headers(Name::Via).count() == 1);
        let (Some(id), Some(status)) = (id, response.status()) else {
            self.counters.strays += 1;
            return;
        };
        let mut effects = std::mem::take(&mut self.effects);
        if let Some(entry) = self.clients.get_mut(&id) {
            entry.machine.response(now, status, &mut effects);
        }
        self.client_effects(now, id, effects, Some(&response));
    }

    fn client_of(&self, response: &Message) -> Option<TransactionId> {
        let branch = branch_of(response);
        let id = match response.cseq().ok()?.method {
            Method::Cancel => self.by_branch.get(cancel_key(&branch).as_str()),
            _ => self.by_branch.get(branch.as_str()),
        };
        let id = *id?;
        let sent = self.clients.get(&id)?;
        let same = sent.request.cseq().ok()? == response.cseq().ok()?;
        same.then_some(id)
    }

    pub(super) fn client_timer(&mut self, now: Instant, id: TransactionId, timer: Timer) {
        if timer == Timer::AwaitCancelled {
            return self.never_cancelled(now, id);
        }
        let mut effects = std::mem::take(&mut self.effects);
        if let Some(entry) = self.clients.get_mut(&id) {
            entry.machine.timer(now, timer, &mut effects);
        }
        self.counters.retransmissions += effects
            .iter()
            .filter(|effect| **effect == Effect::Send)
            .count() as u64;
        self.client_effects(now, id, effects, None);
    }

    /// A cancelled INVITE got no final response.
    fn never_cancelled(&mut self, now: Instant, id: TransactionId) {
        if self.is_proceeding(id) {
            self.client_failed(now, id, Failure::Timeout);
            self.close_client(id);
        }
    }

    pub(super) fn client_effects(
        &mut self,
        now: Instant,
        id: TransactionId,
        mut effects: Effects,
        response: Option<&Message>,
    ) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Send => self.send_request(id),
                Effect::SendAck => self.ack_failure(id, response),
                Effect::Arm(timer, at) => self.schedule.arm(Holder::Client(id), timer, at),
                Effect::Disarm(timer) => self.schedule.disarm(Holder::Client(id), timer),
                Effect::Deliver => {
                    if let Some(response) = response {
                        self.deliver(now, id, response);
                    }
                }
                Effect::TimedOut => self.client_failed(now, id, Failure::Timeout),
                Effect::RangTooLong => self.rang_too_long(now, id),
                Effect::Done => self.close_client(id),
                Effect::SendTrying => {}
            }
        }
        self.effects = effects;
    }

    fn send_request(&mut self, id: TransactionId) {
        if let Some(entry) = self.clients.get(&id) {
            let (path, request) = (entry.path, entry.request.clone());
            self.send(path, request, Some(id));
        }
    }

    fn ack_failure(&mut self, id: TransactionId, response: Option<&Message>) {
        if let (Some(entry), Some(response)) = (self.clients.get(&id), response) {
            let (path, ack) = (entry.path, ack_of_failure(&entry.request, response));
            self.send(path, ack, None);
        }
    }

    /// A response for the user of a transaction.
    fn deliver(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let status = response.status().unwrap_or_default();
        if matches!(status, 401 | 407) && self.retry_with_credentials(now, id, response) {
            return;
        }
        if status == 503 && self.ask_elsewhere(now, id) {
            return;
        }
        let Some(entry) = self.clients.get(&id) else {
            return;
        };
        let (owner, purpose) = (entry.owner, entry.purpose);
        let refused_call = status >= 300 && matches!(purpose, Purpose::Invite | Purpose::ReInvite);
        let answered = status >= 200 && entry.method() != Method::Invite;
        if refused_call || answered {
            self.release(id);
        }
        match purpose {
            Purpose::Invite => self.invite_answered(now, id, response),
            Purpose::ReInvite | Purpose::Within => self.request_answered(now, id, response),
            Purpose::Bye if status >= 200 => self.finish(now, owner),
            Purpose::Errand => self.errand_answered(id, response),
            Purpose::Register => self.registration_answered(now, owner, response),
            Purpose::Bye | Purpose::ForkBye | Purpose::Cancel => {}
        }
        self.settle(owner);
    }

    pub(super) fn client_failed(&mut self, now: Instant, id: TransactionId, why: Failure) {
        if self.ask_elsewhere(now, id) {
            return;
        }
        self.release(id);
        let Some(entry) = self.clients.get(&id) else {
            return;
        };
        let (owner, method, purpose) = (entry.owner, entry.method(), entry.purpose);
        match purpose {
            Purpose::Invite => self.invite_failed(now, owner, why),
            Purpose::ReInvite | Purpose::Within => {
                self.request_failed(now, id, owner, method, why);
            }
            Purpose::Bye => self.finish(now, owner),
            Purpose::Errand => {
                self.tell(super::Event::Failed { owner, method, why });
                self.close_errand(owner);
            }
            Purpose::Register => self.registration_failed(now, owner),
            Purpose::ForkBye | Purpose::Cancel => {}
        }
        self.settle(owner);
    }

    /// Its call waits no longer for this transaction.
    pub(super) fn release(&mut self, id: TransactionId) {
        let Some(entry) = self.clients.get_mut(&id).filter(|entry| entry.counted) else {
            return;
        };
        entry.counted = false;
        if let Some(call) = self.calls.get_mut(&entry.owner) {
            call.pending = call.pending.saturating_sub(1);
        }
    }

    pub(super) fn close_client(&mut self, id: TransactionId) {
        self.release(id);
        self.schedule.forget(Holder::Client(id));
        let Some(entry) = self.clients.remove(&id) else {
            return;
        };
        self.by_branch.remove(&entry.branch);
        if let Some(call) = self.calls.get_mut(&entry.owner) {
            call.ours = call.ours.filter(|ours| *ours != id);
        }
        self.settle(entry.owner);
    }
}
