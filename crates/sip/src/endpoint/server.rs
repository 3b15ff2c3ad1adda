//! Server transactions: what peers ask, and the answers.

use super::schedule::Holder;
use super::{Endpoint, Failure, OwnerId, Path, Reply, TransactionId, reason_phrase};
use crate::header::Name;
use crate::message::{Builder, Message, Method};
use crate::transaction::{Effect, Effects, Link, Server, Timer};
use std::net::SocketAddr;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct ServerEntry {
    machine: Server,
    /// The request, until its final answer.
    pub request: Option<Message>,
    pub method: Method,
    /// Where answers go.
    pub reply_path: Path,
    /// The call the request belongs to or made.
    pub owner: Option<OwnerId>,
    /// The tag our answers put on a To that has none.
    tag: String,
    /// The latest answer, for repeats.
    latest: Option<Message>,
    key: Box<str>,
    origin: Option<Box<str>>,
}

/// What a new server transaction is made of.
pub(super) struct Opened {
    pub key: Box<str>,
    /// Set for requests outside dialogs: what finds the same request by another way.
    pub origin: Option<Box<str>>,
    pub reply_path: Path,
}

impl Endpoint {
    /// Opens a transaction for a request that none has seen before.
    pub(super) fn open_server(
        &mut self,
        now: Instant,
        request: Message,
        opened: Opened,
    ) -> TransactionId {
        let id = self.new_transaction();
        let method = request.method().cloned().unwrap_or(Method::Options);
        let reliable = opened.reply_path.transport.is_reliable();
        let link = Link {
            reliable,
            timing: self.config.timing,
        };
        let mut effects = std::mem::take(&mut self.effects);
        let machine = Server::start(method == Method::Invite, now, link, &mut effects);
        let tagged = request.to().is_ok_and(|to| to.tag().is_some());
        let tag = if tagged {
            String::new()
        } else {
            self.random.token()
        };
        self.by_request.insert(opened.key.clone(), id);
        if let Some(origin) = &opened.origin {
            self.by_origin.insert(origin.clone(), id);
        }
        let entry = ServerEntry {
            machine,
            request: Some(request),
            method,
            reply_path: opened.reply_path,
            owner: None,
            tag,
            latest: None,
            key: opened.key,
            origin: opened.origin,
        };
        self.servers.insert(id, Box::new(entry));
        self.server_effects(now, id, effects);
        id
    }

    /// The tag our answers to this request carry.
    pub(super) fn server_tag(&self, id: TransactionId) -> Option<&str> {
        self.servers.get(&id).map(|entry| entry.tag.as_str())
    }

    /// Gives the answers of one request the tag of another's: a CANCEL's those of its INVITE
    /// (RFC 3261 §9.2).
    pub(super) fn share_tag(&mut self, to: TransactionId, from: TransactionId) {
        let tag = self.server_tag(from).map(str::to_owned);
        if let (Some(entry), Some(tag)) = (self.servers.get_mut(&to), tag) {
            entry.tag = tag;
        }
    }

    /// The same request came again.
    pub(super) fn repeated(&mut self, now: Instant, id: TransactionId) {
        let mut effects = std::mem::take(&mut self.effects);
        if let Some(entry) = self.servers.get(&id) {
            entry.machine.repeated(&mut effects);
        }
        self.counters.retransmissions += effects
            .iter()
            .filter(|effect| **effect == Effect::Send)
            .count() as u64;
        self.server_effects(now, id, effects);
    }

    /// Answers a request that is no affair of a dialog.
    pub(super) fn answer(&mut self, now: Instant, id: TransactionId, reply: &Reply) {
        self.send_reply(now, id, reply, None);
    }

    /// Writes and sends an answer, with our Contact for `contact_user` if one is given. Returns
    /// the response unless the transaction takes none any more.
    pub(super) fn send_reply(
        &mut self,
        now: Instant,
        id: TransactionId,
        reply: &Reply,
        contact: Option<&super::Contact>,
    ) -> Option<Message> {
        let entry = self.servers.get(&id)?;
        let request = entry.request.as_ref()?;
        let mut builder = reply_to(request, reply, &entry.tag);
        if let Some(contact) = contact {
            builder = builder.header(Name::Contact, contact.on(&entry.reply_path));
        }
        let says_what_we_do = matches!(entry.method, Method::Invite | Method::Update);
        if says_what_we_do && (200..300).contains(&reply.status) {
            builder = builder.header(Name::Allow, &self.product.allow);
            builder = builder.header_if(Name::Supported, self.product.supported.as_ref());
        }
        builder = builder.header_if(Name::Server, self.product.name.as_ref());
        let response = builder.build();

        let mut effects = std::mem::take(&mut self.effects);
        let entry = self.servers.get_mut(&id)?;
        let taken = entry.machine.respond(now, reply.status, &mut effects);
        if taken {
            entry.latest = Some(response.clone());
        }
        self.server_effects(now, id, effects);
        if let Some(entry) = self
            .servers
            .get_mut(&id)
            .filter(|entry| entry.machine.answered())
        {
            entry.request = None;
            // An accepted INVITE is repeated by its call, not by its transaction (RFC 6026 §7.1).
            if (200..300).contains(&reply.status) && entry.method == Method::Invite {
                entry.latest = None;
            }
        }
        taken.then_some(response)
    }

    /// Answers without keeping anything: for what comes when a limit is reached. The To tag is
    /// made from the request, so that a repeat gets the same answer (RFC 3261 §8.2.7).
    pub(super) fn answer_stateless(&mut self, request: &Message, path: Path, reply: &Reply) {
        let tag = self.stateless_tags.tag(request_key(request));
        let response = reply_to(request, reply, &tag)
            .header_if(Name::Server, self.product.name.as_ref())
            .build();
        let path = reply_path(request, path);
        self.send(path, response, None);
    }

    /// An ACK with this transaction's key; true when it ends here.
    pub(super) fn acknowledge_server(&mut self, now: Instant, id: TransactionId) -> bool {
        let mut effects = std::mem::take(&mut self.effects);
        let taken = match self.servers.get_mut(&id).map(|entry| &mut entry.machine) {
            Some(Server::Invite(machine)) => machine.acknowledged(now, &mut effects),
            _ => false,
        };
        self.server_effects(now, id, effects);
        taken
    }

    pub(super) fn server_timer(&mut self, now: Instant, id: TransactionId, timer: Timer) {
        let mut effects = std::mem::take(&mut self.effects);
        if let Some(entry) = self.servers.get_mut(&id) {
            entry.machine.timer(now, timer, &mut effects);
        }
        self.counters.retransmissions += effects
            .iter()
            .filter(|effect| **effect == Effect::Send)
            .count() as u64;
        self.server_effects(now, id, effects);
    }

    fn server_effects(&mut self, now: Instant, id: TransactionId, mut effects: Effects) {
        let mut trying = false;
        for effect in effects.drain(..) {
            match effect {
                Effect::Send => self.send_latest(id),
                Effect::SendTrying => trying = true,
                Effect::Arm(timer, at) => self.schedule.arm(Holder::Server(id), timer, at),
                Effect::Disarm(timer) => self.schedule.disarm(Holder::Server(id), timer),
                Effect::Done => self.close_server(id),
                // Timer H: a refusal that nobody acknowledged ends nothing that is not over.
                Effect::TimedOut | Effect::SendAck | Effect::Deliver | Effect::RangTooLong => {}
            }
        }
        self.effects = effects;
        if trying {
            self.send_reply(now, id, &Reply::new(100), None);
        }
    }

    fn send_latest(&mut self, id: TransactionId) {
        let Some(entry) = self.servers.get(&id) else {
            return;
        };
        if let Some(latest) = &entry.latest {
            let (path, latest) = (entry.reply_path, latest.clone());
            self.send(path, latest, None);
        }
    }

    fn close_server(&mut self, id: TransactionId) {
        self.schedule.forget(Holder::Server(id));
        let Some(entry) = self.servers.remove(&id) else {
            return;
        };
        self.by_request.remove(&entry.key);
        if let Some(origin) = &entry.origin {
            self.by_origin.remove(origin);
        }
    }

    /// Says that a request could not be made.
    pub(super) fn refuse_locally(&mut self, owner: OwnerId, method: Method, why: Failure) {
        self.counters.refused += u64::from(why == Failure::Full);
        self.tell(super::Event::Failed { owner, method, why });
    }
}

fn reply_to(request: &Message, reply: &Reply, tag: &str) -> Builder {
    let reason = reply
        .reason
        .as_deref()
        .unwrap_or_else(|| reason_phrase(reply.status));
    let mut builder = request.response(reply.status, reason);
    if reply.status > 100 {
        builder = builder.to_tag(tag);
    }
    for (name, value) in &reply.headers {
        builder = builder.header(name.as_ref(), value);
    }
    match &reply.body {
        Some(body) => builder.body(&body.content_type, &body.bytes[..]),
        None => builder,
    }
}

/// Where the answer to a request goes (RFC 3261 §18.2.2, RFC 3581 §4): the connection it came by,
/// else the source address, at the source port if the peer asked for that with `rport`. A `maddr`
/// is not followed: it would let anybody aim our answers at somebody else.
pub(super) fn reply_path(request: &Message, path: Path) -> Path {
    let Ok(via) = request.top_via() else {
        return path;
    };
    if via.rport().is_some() && !path.transport.is_reliable() {
        return path;
    }
    // For a connection that is gone by then, the port the peer listens at.
    let port = via.port.unwrap_or(path.transport.default_port());
    Path {
        remote: SocketAddr::new(path.remote.ip(), port),
        ..path
    }
}

/// What makes two requests the same transaction (RFC 3261 §17.2.3). ACK and CANCEL have the key of
/// the INVITE they belong to; CANCEL itself is keyed by its own method.
pub(super) fn request_key(request: &Message) -> Box<str> {
    let method = request.method().map_or("", Method::as_str);
    key_as(request, if method == "ACK" { "INVITE" } else { method })
}

/// The key of the request that a CANCEL would cancel.
pub(super) fn cancelled_key(cancel: &Message) -> Box<str> {
    key_as(cancel, "INVITE")
}

fn key_as(request: &Message, method: &str) -> Box<str> {
    let Ok(via) = request.top_via() else {
        return Box::default();
    };
    let (host, port) = (via.host.to_ascii_lowercase(), via.port.unwrap_or(0));
    match via.branch().filter(|branch| is_rfc3261(branch)) {
        Some(branch) => format!("{branch}\n{host}:{port}\n{method}").into(),
        None => {
            // RFC 2543 peers make no unique branch: all that identifies the request, but for To,
            // whose tag is ours in an ACK.
            let uri = request.request_uri_str().unwrap_or_default();
            let origin = origin_key(request, method);
            let branch = via.branch().unwrap_or_default();
            format!("2543\n{origin}\n{uri}\n{host}:{port}\n{branch}").into()
        }
    }
}

fn is_rfc3261(branch: &str) -> bool {
    branch
        .get(..7)
        .is_some_and(|cookie| cookie.eq_ignore_ascii_case("z9hG4bK"))
        && branch.len() > 7
}

/// What two copies of one request have in common whatever way each took (RFC 3261 §8.2.2.2).
pub(super) fn origin_key(request: &Message, method: &str) -> Box<str> {
    let call_id = request.call_id().unwrap_or_default();
    let from = request.from().ok();
    let tag = from.and_then(|from| from.tag()).unwrap_or_default();
    let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
    format!("{call_id}\n{tag}\n{number} {method}").into()
}
