//! Requests within a dialog, both ways.

use super::call::{Call, Stage};
use super::client::Purpose;
use super::schedule::Holder;
use super::{DialogRequest, Endpoint, Event, Failure, OwnerId, Path, Reply, TransactionId};
use crate::dialog::{Order, subscription_ended};
use crate::header::Name;
use crate::message::{Message, Method};
use crate::transaction::Timer;
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

    /// A user sends a request within its dialog.
    pub(super) fn request(&mut self, now: Instant, owner: OwnerId, request: DialogRequest) {
        let DialogRequest {
            method,
            headers,
            body,
        } = request;
        if method == Method::Bye {
            return self.hangup(now, owner, Reply::new(603), headers);
        }
        let full = self.is_full();
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        let possible = may_send(call, &method, body.is_some());
        let tag = call.dialogs.first().map(|dialog| dialog.remote_tag.clone());
        let (Some(tag), true, false) = (tag, possible, full) else {
            let why = if full {
                Failure::Full
            } else {
                Failure::InProgress
            };
            return self.refuse_locally(owner, method, why);
        };
        let ends = method == Method::Notify
            && headers.iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("Subscription-State") && value.starts_with("terminated")
            });
        call.subscriptions += u32::from(method == Method::Refer);
        call.subscriptions = call.subscriptions.saturating_sub(u32::from(ends));
        let Some((draft, path)) = call.draft(&tag, method.clone(), headers, body) else {
            return;
        };
        let invite = method == Method::Invite;
        let purpose = if invite {
            Purpose::ReInvite
        } else {
            Purpose::Within
        };
        let id = self.start_client(now, owner, draft, path, purpose);
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        match method {
            Method::Invite => call.ours = Some(id),
            Method::Update => call.our_update = Some(id),
            _ => {}
        }
    }

    /// A response to a user's request within its dialog.
    pub(super) fn request_answered(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let status = response.status().unwrap_or_default();
        let remote_tag = response
            .to()
            .ok()
            .and_then(|to| to.tag())
            .unwrap_or_default();
        let Some(entry) = self.clients.get_mut(&id) else {
            return;
        };
        let (owner, method) = (entry.owner, entry.method());
        let invite = method == Method::Invite;
        let repeated = std::mem::replace(&mut entry.shown, status >= 200);
        if status == 100 || (invite && self.repeat_ack(id, remote_tag)) || repeated {
            return;
        }
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        let accepted = (200..300).contains(&status);
        let refreshes = accepted && matches!(method, Method::Invite | Method::Update);
        if let Some(dialog) = call.dialogs.first_mut().filter(|_| refreshes) {
            dialog.refresh_target(response);
        }
        if status >= 200 && !(invite && accepted) {
            call.ours = call.ours.filter(|ours| *ours != id);
            call.our_update = call.our_update.filter(|ours| *ours != id);
        }
        // RFC 4488: the peer may take the transfer and promise no news of it.
        let silent = response
            .header(Name::ReferSub)
            .is_some_and(|sub| sub.starts_with("false"));
        if method == Method::Refer && (status >= 300 || (accepted && silent)) {
            call.subscriptions = call.subscriptions.saturating_sub(1);
        }
        let up = call.stage == Stage::Up;
        let caller = call.caller;
        self.tell(Event::Response {
            owner,
            method: method.clone(),
            response: response.clone(),
        });
        if !up {
            // The call ended while this was under way: a 2xx to a re-INVITE wants its ACK still.
            if invite && accepted {
                self.send_ack(owner, id, remote_tag, None);
            }
            return;
        }
        match (status, &method) {
            (491, Method::Invite | Method::Update) => self.wait_out_glare(now, owner, caller),
            // The peer knows no such dialog: there is none (§12.2.1.2, RFC 5057 §5.1).
            (481, method) if *method != Method::Notify => {
                self.send_bye(now, owner, Vec::new());
            }
            (408, Method::Invite | Method::Update) => self.send_bye(now, owner, Vec::new()),
            _ => {}
        }
    }

    /// Whoever made the Call-ID waits 2.1 to 4 s, the other up to 2 s (§14.1).
    fn wait_out_glare(&mut self, now: Instant, owner: OwnerId, caller: bool) {
        let wait = match caller {
            true => self.random.wait(2_100, 4_000),
            false => self.random.wait(0, 2_000),
        };
        self.schedule
            .arm(Holder::Call(owner), Timer::Glare, now + wait);
    }

    /// A request of a user's within its dialog got no response: taken as 408 or 503.
    pub(super) fn request_failed(
        &mut self,
        now: Instant,
        id: TransactionId,
        owner: OwnerId,
        method: Method,
        why: Failure,
    ) {
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        call.ours = call.ours.filter(|ours| *ours != id);
        call.our_update = call.our_update.filter(|ours| *ours != id);
        if method == Method::Refer {
            call.subscriptions = call.subscriptions.saturating_sub(1);
        }
        let refresh = matches!(method, Method::Invite | Method::Update);
        self.tell(Event::Failed { owner, method, why });
        if refresh && why == Failure::Timeout {
            self.send_bye(now, owner, Vec::new());
        }
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

/// Whether a user's request may go now.
fn may_send(call: &Call, method: &Method, offer: bool) -> bool {
    let idle = call.ours.is_none() && call.theirs.is_none();
    match (call.stage, method) {
        (_, Method::Ack | Method::Cancel | Method::Register) => false,
        (Stage::Up, Method::Invite) => idle && call.unacknowledged.is_none(),
        (Stage::Up, Method::Update) => call.our_update.is_none() && (idle || !offer),
        (Stage::Up, _) => true,
        // A transfer's NOTIFYs go on after the call (RFC 5057 §4).
        (Stage::Ending | Stage::Over, Method::Notify) => call.subscriptions > 0,
        (Stage::Calling, Method::Info) => true,
        _ => false,
    }
}
