//! Requests that leave: new calls with all their forks, and errands outside calls.

use super::ask::Ask;
use super::call::{Call, Cancel, Errand, FORKS_MAX, Stage};
use super::client::Purpose;
use super::{
    Body, Contact, Draft, Endpoint, Event, Failure, Fault, NewRequest, OwnerId, Path, TransactionId,
};
use crate::dialog::Dialog;
use crate::digest::DigestClient;
use crate::header::Name;
use crate::message::{Message, Method};
use crate::uri::Uri;
use std::borrow::Cow;
use std::time::Instant;

impl Endpoint {
    pub(super) fn start(&mut self, now: Instant, owner: OwnerId, request: NewRequest) {
        if self.calls.contains_key(&owner) || self.errands.contains_key(&owner) {
            return self.refuse_locally(owner, request.method, Failure::InProgress);
        }
        let invite = request.method == Method::Invite;
        let too_many = invite && self.calls.len() >= self.config.limits.calls;
        if self.is_full() || too_many || self.errands.len() >= self.config.limits.calls {
            self.refuse_locally(owner, request.method, Failure::Full);
            return self.tell(Event::Closed { owner });
        }
        let (call_id, tag) = (self.random.token(), self.random.token());
        let seed = self.random.seed();
        let digest = request
            .credentials
            .map(|account| Box::new(DigestClient::new(account, seed)));
        let carries_contact = matches!(
            request.method,
            Method::Invite | Method::Options | Method::Subscribe | Method::Refer
        );
        let contact = Contact::user(request.contact_user.clone());
        let from = format!("{};tag={tag}", request.from);
        let draft = Draft {
            uri: request.uri.to_string(),
            routes: request.route,
            from: from.clone(),
            to: request.to.unwrap_or_else(|| format!("<{}>", request.uri)),
            call_id: call_id.clone(),
            cseq: 1,
            contact: carries_contact.then_some(contact),
            headers: request.headers,
            body: request.body,
            method: request.method,
        };
        let ask = |purpose| Ask {
            owner,
            draft: Box::new(draft),
            path: request.path,
            purpose,
            challenges: 0,
            may_move: true,
            elsewhere: request.elsewhere,
        };
        if !invite {
            self.errands.insert(owner, Errand { digest });
            self.ask(now, ask(Purpose::Errand));
            return;
        }
        let mut call = Call::new(true, call_id, tag.clone(), from);
        call.contact_user = request.contact_user;
        call.digest = digest;
        self.calls.insert(owner, Box::new(call));
        self.by_tag.insert(tag.into(), owner);
        let id = self.ask(now, ask(Purpose::Invite));
        if let Some(call) = self.calls.get_mut(&owner) {
            call.ours = Some(id);
        }
    }

    pub(super) fn errand_answered(&mut self, id: TransactionId, response: &Message) {
        let Some(entry) = self.clients.get(&id) else {
            return;
        };
        let (owner, method) = (entry.owner, entry.method());
        self.tell(Event::Response {
            owner,
            method,
            response: response.clone(),
        });
        if response.status() >= Some(200) {
            self.close_errand(owner);
        }
    }

    pub(super) fn close_errand(&mut self, owner: OwnerId) {
        if self.errands.remove(&owner).is_some() {
            self.tell(Event::Closed { owner });
        }
    }

    /// A response to the INVITE of a new call.
    pub(super) fn invite_answered(&mut self, now: Instant, id: TransactionId, response: &Message) {
        match response.status().unwrap_or_default() {
            100..=199 => self.invite_provisional(now, id, response),
            200..=299 => self.invite_accepted(now, id, response),
            _ => {
                let Some(owner) = self.clients.get(&id).map(|entry| entry.owner) else {
                    return;
                };
                let response = response.clone();
                self.tell(Event::Response {
                    owner,
                    method: Method::Invite,
                    response,
                });
                self.finish(now, owner);
            }
        }
    }

    fn invite_provisional(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let Some(dialog) = self.dialog_from(id, response) else {
            // Without a To tag it makes no dialog (§12.1); it may still say that somebody rings.
            return self.show_provisional(now, id, response);
        };
        let call = self
            .clients
            .get(&id)
            .and_then(|entry| self.calls.get_mut(&entry.owner));
        let Some(call) = call else { return };
        let room = call.dialogs.len() < FORKS_MAX;
        if room && call.dialog_mut(&dialog.remote_tag).is_none() {
            call.dialogs.push(dialog);
        }
        self.show_provisional(now, id, response);
    }

    fn show_provisional(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let Some(owner) = self.clients.get(&id).map(|entry| entry.owner) else {
            return;
        };
        if response.status() != Some(100) {
            let response = response.clone();
            self.tell(Event::Response {
                owner,
                method: Method::Invite,
                response,
            });
        }
        self.send_wanted_cancel(now, owner);
    }

    fn dialog_from(&self, id: TransactionId, response: &Message) -> Option<Dialog> {
        let entry = self.clients.get(&id)?;
        let uri = Uri::parse(entry.request.request_uri_str()?).ok()?;
        let cseq = entry.request.cseq().ok()?.number;
        Dialog::caller(response, &uri, cseq, entry.path)
    }

    /// A 2xx: the first makes the call, another of the same branch wants its ACK again, one of
    /// another branch is acknowledged and ended (§13.2.2.4).
    fn invite_accepted(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let Some(dialog) = self.dialog_from(id, response) else {
            return;
        };
        if self.repeat_ack(id, &dialog.remote_tag) {
            return;
        }
        let Some(owner) = self.clients.get(&id).map(|entry| entry.owner) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        if call.stage != Stage::Calling {
            let chosen = call
                .dialogs
                .first()
                .is_some_and(|d| d.remote_tag == dialog.remote_tag);
            if !chosen {
                self.end_fork(now, id, owner, dialog);
            }
            return;
        }
        let too_late = call.cancel != Cancel::No;
        if too_late && self.config.fault == Some(Fault::NoCancelRace) {
            call.stage = Stage::Over;
            return;
        }
        call.dialogs = vec![dialog];
        call.stage = Stage::Up;
        if too_late {
            self.ack(owner, None);
            self.send_bye(now, owner, Vec::new());
        } else {
            let response = response.clone();
            self.tell(Event::Response {
                owner,
                method: Method::Invite,
                response,
            });
        }
    }

    /// Sends the ACK again that this 2xx had before; false when it had none.
    pub(super) fn repeat_ack(&mut self, id: TransactionId, remote_tag: &str) -> bool {
        let Some(entry) = self.clients.get(&id) else {
            return false;
        };
        let Some((_, path, ack)) = entry.acks.iter().find(|(tag, ..)| tag == remote_tag) else {
            return false;
        };
        let (path, ack) = (*path, ack.clone());
        if self.config.fault != Some(Fault::NoReAck) {
            self.counters.retransmissions += 1;
            self.send(path, ack, None);
        }
        true
    }

    fn end_fork(&mut self, now: Instant, id: TransactionId, owner: OwnerId, dialog: Dialog) {
        let tag = dialog.remote_tag.clone();
        let Some(call) = self.calls.get_mut(&owner) else {
            return;
        };
        if call.dialogs.len() > FORKS_MAX {
            self.counters.refused += 1;
            return;
        }
        call.dialogs.push(dialog);
        self.send_ack(owner, id, &tag, None);
        let call = self.calls.get_mut(&owner);
        let bye = call.and_then(|call| call.draft(&tag, Method::Bye, Vec::new(), None));
        if let Some((draft, path)) = bye {
            self.start_client(now, owner, draft, path, Purpose::ForkBye);
        }
    }

    /// The user acknowledges the 2xx it was shown last.
    pub(super) fn ack(&mut self, owner: OwnerId, body: Option<Body>) {
        let Some(call) = self
            .calls
            .get_mut(&owner)
            .filter(|call| call.stage == Stage::Up)
        else {
            return;
        };
        let Some(tag) = call.dialogs.first().map(|dialog| dialog.remote_tag.clone()) else {
            return;
        };
        let Some(id) = call.ours else { return };
        // A re-INVITE whose answer has not come has nothing to acknowledge.
        let accepted = self.clients.get(&id).is_some_and(|entry| entry.accepted());
        if accepted {
            if let Some(call) = self.calls.get_mut(&owner) {
                call.ours = None;
            }
            self.send_ack(owner, id, &tag, body);
        }
    }

    /// Writes the ACK of a 2xx (§13.2.2.4): a request of the dialog with the number and the
    /// credentials of its INVITE, kept for when the 2xx comes again.
    pub(super) fn send_ack(
        &mut self,
        owner: OwnerId,
        id: TransactionId,
        tag: &str,
        body: Option<Body>,
    ) {
        let Some(invite) = self.clients.get(&id).map(|entry| entry.request.clone()) else {
            return;
        };
        let mut headers = Vec::new();
        for name in [Name::Authorization, Name::ProxyAuthorization] {
            for value in invite.headers(name) {
                headers.push((Cow::Borrowed(name.as_str()), value.to_owned()));
            }
        }
        let call = self.calls.get_mut(&owner);
        let drafted = call.and_then(|call| call.draft(tag, Method::Ack, headers, body));
        let Some((mut draft, path)) = drafted else {
            return;
        };
        draft.cseq = invite.cseq().map_or(draft.cseq, |cseq| cseq.number);
        let branch = self.new_branch();
        let ack = draft.build(&path, &branch, &self.product);
        self.keep_ack(id, tag, path, &ack);
        self.send(path, ack, None);
    }

    fn keep_ack(&mut self, id: TransactionId, tag: &str, path: Path, ack: &Message) {
        if let Some(entry) = self.clients.get_mut(&id) {
            entry.acks.push((tag.to_owned(), path, ack.clone()));
        }
    }

    pub(super) fn invite_failed(&mut self, now: Instant, owner: OwnerId, why: Failure) {
        self.tell(Event::Failed {
            owner,
            method: Method::Invite,
            why,
        });
        self.finish(now, owner);
    }
}
