//! Requests of a user's within its dialog.

use super::call::{Call, Stage};
use super::client::Purpose;
use super::schedule::Holder;
use super::{DialogRequest, Endpoint, Event, Failure, OwnerId, Reply, TransactionId};
use crate::header::Name;
use crate::message::{Message, Method};
use crate::transaction::Timer;
use std::time::Instant;

impl Endpoint {
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
        note_answer(call, id, &method, status, response);
        let is_up = call.stage == Stage::Up;
        self.tell(Event::Response {
            owner,
            method: method.clone(),
            response: response.clone(),
        });
        match is_up {
            true => self.heed_refusal(now, owner, &method, status),
            // The call ended while this was under way: a 2xx to a re-INVITE wants its ACK still.
            false if invite && (200..300).contains(&status) => {
                self.send_ack(owner, id, remote_tag, None);
            }
            false => {}
        }
    }

    /// What a refusal of a request says of the whole call.
    fn heed_refusal(&mut self, now: Instant, owner: OwnerId, method: &Method, status: u16) {
        match (status, method) {
            (491, Method::Invite | Method::Update) => self.wait_out_glare(now, owner),
            // The peer knows no such dialog: there is none (§12.2.1.2, RFC 5057 §5.1).
            (481, method) if *method != Method::Notify => {
                self.send_bye(now, owner, Vec::new());
            }
            (408, Method::Invite | Method::Update) => self.send_bye(now, owner, Vec::new()),
            _ => {}
        }
    }

    /// Whoever made the Call-ID waits 2.1 to 4 s, the other up to 2 s (§14.1).
    fn wait_out_glare(&mut self, now: Instant, owner: OwnerId) {
        let is_caller = self.calls.get(&owner).is_some_and(|call| call.caller);
        let wait = match is_caller {
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

/// What an answer to a request of ours changes of its call.
fn note_answer(
    call: &mut Call,
    id: TransactionId,
    method: &Method,
    status: u16,
    response: &Message,
) {
    let accepted = (200..300).contains(&status);
    let refreshes = accepted && matches!(method, Method::Invite | Method::Update);
    if let Some(dialog) = call.dialogs.first_mut().filter(|_| refreshes) {
        dialog.refresh_target(response);
    }
    // A 2xx to an INVITE is not settled before its ACK.
    if status >= 200 && !(*method == Method::Invite && accepted) {
        call.ours = call.ours.filter(|ours| *ours != id);
        call.our_update = call.our_update.filter(|ours| *ours != id);
    }
    // RFC 4488: the peer may take the transfer and promise no news of it.
    let silent = response
        .header(Name::ReferSub)
        .is_some_and(|sub| sub.starts_with("false"));
    if *method == Method::Refer && (status >= 300 || (accepted && silent)) {
        call.subscriptions = call.subscriptions.saturating_sub(1);
    }
}
