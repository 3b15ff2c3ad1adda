//! What comes in: bytes to messages, messages to the transaction or the dialog they belong to.

use super::server::{Opened, cancelled_key, origin_key, reply_path, request_key};
use super::{Endpoint, Event, OwnerId, Path, Reply, Service, TransactionId};
use crate::header::Name;
use crate::message::{Malformed, Message, Method};
use crate::user_agent::Verdict;
use std::net::IpAddr;
use std::time::Instant;

/// Retry-After of what is refused because a limit is reached, in seconds.
const RETRY_AFTER_FULL: u64 = 5;

impl Endpoint {
    pub(super) fn receive(
        &mut self,
        now: Instant,
        message: Result<Message, Malformed>,
        path: Path,
    ) {
        match message {
            Ok(message) if message.is_request() => {
                self.counters.requests += 1;
                self.receive_request(now, message.with_received(path.remote), path);
            }
            Ok(message) => {
                self.counters.responses += 1;
                self.receive_response(now, message);
            }
            Err(malformed) => {
                self.counters.malformed += 1;
                self.answer_malformed(&malformed, path);
            }
        }
    }

    /// An invalid request is told so, at the address it came from; its Via may say anything.
    fn answer_malformed(&mut self, malformed: &Malformed, path: Path) {
        if let Some(builder) = malformed.answer() {
            let tag = self.random.token();
            let answer = builder
                .to_tag(&tag)
                .header_if(Name::Server, self.product.name.as_ref());
            let reply_path = malformed
                .readable()
                .map_or(path, |seen| reply_path(seen, path));
            self.send(reply_path, answer.build(), None);
        }
    }

    fn receive_request(&mut self, now: Instant, request: Message, path: Path) {
        let key = request_key(&request);
        let known = self.by_request.get(&key).copied();
        if request.method() == Some(&Method::Ack) {
            return self.receive_ack(now, known, request);
        }
        if let Some(id) = known {
            return self.repeated(now, id);
        }
        if self.is_full() {
            self.counters.refused += 1;
            return self.refuse_stateless(&request, path);
        }
        if self.is_over_rate(now, &request, path.remote.ip()) {
            self.counters.over_rate += 1;
            return self.refuse_stateless(&request, path);
        }
        let in_dialog = request.to().is_ok_and(|to| to.tag().is_some());
        let method = request.method().map_or("", Method::as_str);
        let origin = (!in_dialog && method != "CANCEL").then(|| origin_key(&request, method));
        let merged = origin
            .as_ref()
            .is_some_and(|origin| self.by_origin.contains_key(origin));
        let reply_path = reply_path(&request, path);
        let opened = Opened {
            key,
            origin: origin.filter(|_| !merged),
            reply_path,
        };
        let id = self.open_server(now, request.clone(), opened);
        if request.method() == Some(&Method::Cancel) {
            self.receive_cancel(now, id, &request);
        } else if merged {
            self.answer(now, id, &Reply::new(482));
        } else if in_dialog {
            self.receive_in_dialog(now, id, request, path);
        } else {
            self.receive_initial(now, id, request, path);
        }
    }

    fn refuse_stateless(&mut self, request: &Message, path: Path) {
        let reply = Reply::new(503).header("Retry-After", RETRY_AFTER_FULL.to_string());
        self.answer_stateless(request, path, &reply);
    }

    /// Whether a request that is about nothing we have is one too many of its source.
    fn is_over_rate(&mut self, now: Instant, request: &Message, source: IpAddr) -> bool {
        self.agent.is_paced(source) && !self.belongs_here(request) && !self.agent.count(now, source)
    }

    /// Whether a request is about something that we have already. A To tag alone proves nothing.
    fn belongs_here(&self, request: &Message) -> bool {
        match request.method() {
            Some(Method::Cancel) => self.by_request.contains_key(&cancelled_key(request)),
            _ => self.dialog_of(request).is_some(),
        }
    }

    /// A request that belongs to no dialog.
    fn receive_initial(&mut self, now: Instant, id: TransactionId, request: Message, path: Path) {
        let (verdict, changes) = self.agent.screen(now, &request, &path);
        for change in changes {
            self.tell(Event::Binding(change));
        }
        self.watch_bindings();
        let refused = match self.service {
            Service::Open => None,
            Service::Refused { retry_after } => {
                Some(Reply::new(503).header("Retry-After", retry_after.as_secs().to_string()))
            }
        };
        match (verdict, refused) {
            // OPTIONS is answered as an INVITE would be (RFC 3261 §11.2).
            (Verdict::Answer(reply), Some(refused))
                if reply.status == 200 && request.method() == Some(&Method::Options) =>
            {
                self.answer(now, id, &refused);
            }
            (Verdict::Answer(reply), _) => self.answer(now, id, &reply),
            (Verdict::Invite(_), Some(refused)) => self.answer(now, id, &refused),
            (Verdict::Invite(caller), None) => self.offer(now, id, request, path, caller),
            // A method that only makes sense in a dialog, and there is none.
            (Verdict::InDialog, _) => self.answer(now, id, &Reply::new(481)),
        }
    }

    /// Finds the call and the remote tag of a request within a dialog.
    pub(super) fn dialog_of(&self, request: &Message) -> Option<(OwnerId, String)> {
        let to = request.to().ok()?;
        let from = request.from().ok()?;
        let remote_tag = from.tag().unwrap_or_default();
        let owner = *self.by_tag.get(to.tag()?)?;
        let call = self.calls.get(&owner)?;
        let known = call.call_id == request.call_id().ok()?
            && call
                .dialogs
                .iter()
                .any(|dialog| dialog.remote_tag == remote_tag);
        known.then(|| (owner, remote_tag.to_owned()))
    }

    /// CANCEL (RFC 3261 §9.2): it always gets its own answer, and ends an INVITE that has none.
    fn receive_cancel(&mut self, now: Instant, id: TransactionId, cancel: &Message) {
        let Some(invite) = self.by_request.get(&cancelled_key(cancel)).copied() else {
            return self.answer(now, id, &Reply::new(481));
        };
        self.share_tag(id, invite);
        self.answer(now, id, &Reply::new(200));
        let entry = self
            .servers
            .get(&invite)
            .filter(|entry| entry.request.is_some());
        let Some(owner) = entry.and_then(|entry| entry.owner) else {
            return;
        };
        self.tell(Event::Cancelled {
            owner,
            transaction: invite,
            request: cancel.clone(),
        });
        self.respond(now, invite, Reply::new(487));
    }
}
