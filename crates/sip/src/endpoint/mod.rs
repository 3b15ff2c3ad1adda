//! The endpoint: one pure machine for all of SIP, as quinn-proto is one for QUIC.
//!
//! It owns transactions, timers, retransmission and the routing of dialogs; what a call means is
//! its user's affair. Bodies are opaque bytes. Two verbs drive it: [`Endpoint::handle_input`] with
//! the time and what happened, then [`Endpoint::poll_output`] until it returns
//! [`Output::Timeout`].
//!
//! # An incoming call
//!
//! ```text
//! Event::Invite { owner, transaction, request, .. }
//!     Action::Respond { transaction, 180 }          any number of provisional responses
//!     Action::Respond { transaction, 200 + SDP }    repeated until the ACK comes
//! Event::Acknowledged { owner, .. }
//! Event::Request { owner, transaction, .. }         re-INVITE, UPDATE, INFO, REFER, NOTIFY
//!     Action::Respond { transaction, .. }
//! Event::Bye { owner, .. }                          or Event::Cancelled before the answer
//! Event::Closed { owner }                           last of all
//! ```
//!
//! # An outgoing call
//!
//! ```text
//! let owner = endpoint.new_owner();
//!     Action::Start { owner, request: INVITE }
//! Event::Response { owner, 180 }
//! Event::Response { owner, 200 + SDP }
//!     Action::Ack { owner, body }
//!     Action::Request { owner, request }            re-INVITE, UPDATE, INFO, REFER, NOTIFY
//! Event::Response { owner, .. } or Event::Failed { owner, .. }
//!     Action::Hangup { owner, .. }                  right in every state, at any time
//! Event::Closed { owner }                           up to 32 s later: a fork may still answer
//! ```
//!
//! [`Action::Hangup`] is the one way to end a call: the endpoint chooses between CANCEL, a refusal,
//! and a BYE now or after the ACK, and settles the races between them.
//!
//! REGISTER and OPTIONS, and everything that RFC 3261 §8.2 refuses, are answered before a user
//! hears of them ([`user_agent`](crate::user_agent)).

mod action;
mod ask;
mod call;
mod client;
mod config;
mod draft;
mod event;
mod hangup;
mod in_dialog;
mod incoming;
mod outgoing;
mod path;
mod random;
mod reason;
mod receive;
mod register;
mod retry;
mod schedule;
mod server;
mod within;

pub use action::{Action, Body, DialogRequest, Headers, NewRequest, Reply, Service};
#[doc(hidden)]
pub use config::Fault;
pub use config::{EndpointConfig, Limits};
pub use event::{Event, Failure};
pub use path::{ConnectionId, Path, Transport};
pub use reason::reason_phrase;

pub(crate) use draft::{Contact, Draft, Product};
pub(crate) use random::Random;

use crate::message::{Malformed, Message};
use crate::transaction::{Effects, Timer};
use crate::user_agent::UserAgentCore;
use call::{Call, Errand};
use client::ClientEntry;
use random::TagKey;
use register::Registered;
use schedule::{Holder, Schedule};
use server::ServerEntry;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// Who an event is for: a call, a single request, or a registration of ours. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerId(pub u64);

/// A transaction, ours or a peer's. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The time of [`Output::Timeout`] has come (earlier or later does no harm).
    Timeout,
    /// A message came.
    Received {
        /// What [`Message::parse`] made of a datagram, or the
        /// [`StreamFramer`](crate::framing::StreamFramer) of a stream. What is malformed gets the
        /// answer it is due here.
        message: Result<Message, Malformed>,
        /// The way it came; `connection` is set for every transport but UDP.
        path: Path,
    },
    /// A [`Transmit`] could not be sent: no connection could be made, or the socket said so.
    TransmitFailed(TransactionId),
    /// A user asks for something.
    Action(Action),
}

/// A message to send.
#[derive(Debug, Clone)]
pub struct Transmit {
    /// Where to.
    pub path: Path,
    /// What; a retransmission shares the buffer of the first.
    pub message: Message,
    /// What to name in [`Input::TransmitFailed`]; `None` when nobody waits for an answer.
    pub transaction: Option<TransactionId>,
}

/// What is to be done.
#[derive(Debug)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// Tell its owner.
    Event(Event),
    /// Nothing more now. Call with [`Input::Timeout`] at this time, if there is one.
    Timeout(Option<Instant>),
}

/// What an endpoint holds at this moment. All zero once everything has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gauges {
    /// Client and server transactions.
    pub transactions: usize,
    /// Calls.
    pub calls: usize,
    /// Requests outside calls that wait for a response.
    pub errands: usize,
    /// Armed timers, those of the registrar and of registrations included.
    pub timers: usize,
    /// Entries in the tables that find a transaction or a call by what a message says.
    pub index: usize,
}

/// What an endpoint has counted since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Requests that came.
    pub requests: u64,
    /// Responses that came.
    pub responses: u64,
    /// Messages that were none.
    pub malformed: u64,
    /// Responses and ACKs that belong to nothing.
    pub strays: u64,
    /// Requests refused because a limit was reached.
    pub refused: u64,
    /// Requests refused because their source sends too many.
    pub over_rate: u64,
    /// Messages sent again by a timer, or because the peer repeated its own.
    pub retransmissions: u64,
}

/// The SIP endpoint. See the [module](self) for its use.
///
/// Its tables are trees: no choice of keys by a peer makes them slow, and they give their memory
/// back as transactions end, where a hash table keeps the size of its busiest minute.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    product: Product,
    random: Random,
    stateless_tags: TagKey,
    schedule: Schedule,
    outputs: VecDeque<Output>,
    /// Scratch for the steps of the transaction machines.
    effects: Effects,
    clients: BTreeMap<TransactionId, Box<ClientEntry>>,
    servers: BTreeMap<TransactionId, Box<ServerEntry>>,
    /// Our transactions by branch (CANCEL: with a mark before it).
    by_branch: BTreeMap<Box<str>, TransactionId>,
    /// The peers' transactions by the key of RFC 3261 §17.2.3.
    by_request: BTreeMap<Box<str>, TransactionId>,
    /// The peers' initial requests by From tag, Call-ID and CSeq (RFC 3261 §8.2.2.2).
    by_origin: BTreeMap<Box<str>, TransactionId>,
    calls: BTreeMap<OwnerId, Box<Call>>,
    /// Calls by our tag.
    by_tag: BTreeMap<Box<str>, OwnerId>,
    errands: BTreeMap<OwnerId, Errand>,
    registrations: BTreeMap<OwnerId, Registered>,
    agent: UserAgentCore,
    service: Service,
    counters: Counters,
    next_owner: u64,
    next_transaction: u64,
}

impl Endpoint {
    /// An endpoint with nothing in it. `seed` must be secret and never used again: tags, branches
    /// and nonces are drawn from it.
    #[must_use]
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let mut random = Random::new(seed);
        let agent = UserAgentCore::new(config.agent.clone(), random.seed_for("digest"));
        Self {
            product: agent.product(),
            schedule: Schedule::new(),
            outputs: VecDeque::new(),
            effects: Effects::new(),
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            by_branch: BTreeMap::new(),
            by_request: BTreeMap::new(),
            by_origin: BTreeMap::new(),
            calls: BTreeMap::new(),
            by_tag: BTreeMap::new(),
            errands: BTreeMap::new(),
            registrations: BTreeMap::new(),
            service: Service::Open,
            counters: Counters::default(),
            next_owner: 0,
            next_transaction: 0,
            agent,
            config,
            stateless_tags: TagKey::new(&mut random),
            random,
        }
    }

    /// An owner for a call, a request or a registration to be started.
    pub fn new_owner(&mut self) -> OwnerId {
        self.next_owner += 1;
        OwnerId(self.next_owner)
    }

    /// Takes in what happened. Call [`poll_output`](Self::poll_output) afterwards until it returns
    /// [`Output::Timeout`].
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Timeout => {}
            Input::Received { message, path } => self.receive(now, message, path),
            Input::TransmitFailed(id) => self.transmit_failed(now, id),
            Input::Action(action) => self.act(now, action),
        }
        while let Some((holder, timer)) = self.schedule.pop(now) {
            self.fire(now, holder, timer);
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Output {
        self.outputs
            .pop_front()
            .unwrap_or_else(|| Output::Timeout(self.schedule.next()))
    }

    /// The Call-ID of a call; `None` where the owner has none.
    #[must_use]
    pub fn call_id(&self, owner: OwnerId) -> Option<&str> {
        self.calls.get(&owner).map(|call| call.call_id.as_str())
    }

    /// Where devices are: who is registered here.
    #[must_use]
    pub fn registrar(&self) -> &crate::registrar::Registrar {
        self.agent.registrar()
    }

    /// Whether a call that was hung up has a far end that does not know it yet: a BYE waits for the
    /// ACK of our 2xx (RFC 3261 section 15), a CANCEL for a provisional response (section 9.1), or
    /// either for its answer.
    #[must_use]
    pub fn is_taking_leave(&self) -> bool {
        self.calls.values().any(|call| call.is_taking_leave())
    }

    /// What is held now.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        Gauges {
            transactions: self.clients.len() + self.servers.len(),
            calls: self.calls.len(),
            errands: self.errands.len(),
            timers: self.schedule.len(),
            index: self.by_branch.len()
                + self.by_request.len()
                + self.by_origin.len()
                + self.by_tag.len(),
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How often each timer has fired so far, by `timer as usize`.
    #[must_use]
    pub fn timers_fired(&self) -> &[u64; Timer::COUNT] {
        self.schedule.fired()
    }

    fn act(&mut self, now: Instant, action: Action) {
        match action {
            Action::Start { owner, request } => self.start(now, owner, *request),
            Action::Respond { transaction, reply } => self.respond(now, transaction, reply),
            Action::Request { owner, request } => self.request(now, owner, request),
            Action::Ack { owner, body } => self.ack(owner, body),
            Action::Hangup {
                owner,
                refusal,
                headers,
            } => {
                self.hangup(now, owner, refusal, headers);
            }
            Action::Register { owner, config } => self.register(now, owner, *config),
            Action::Unregister { owner } => self.unregister(now, owner),
            Action::Serve(service) => self.service = service,
            Action::Admit { users, open } => self.admit(users, open),
        }
    }

    fn fire(&mut self, now: Instant, holder: Holder, timer: Timer) {
        match holder {
            Holder::Client(id) => self.client_timer(now, id, timer),
            Holder::Server(id) => self.server_timer(now, id, timer),
            Holder::Call(owner) => self.call_timer(now, owner, timer),
            Holder::Registration(owner) => self.registration_due(now, owner),
            Holder::Registrar => self.bindings_due(now),
        }
    }

    fn new_transaction(&mut self) -> TransactionId {
        self.next_transaction += 1;
        TransactionId(self.next_transaction)
    }

    /// Whether one transaction more is one too many.
    fn is_full(&self) -> bool {
        self.clients.len() + self.servers.len() >= self.config.limits.transactions
    }

    fn send(&mut self, path: Path, message: Message, transaction: Option<TransactionId>) {
        self.outputs.push_back(Output::Transmit(Transmit {
            path,
            message,
            transaction,
        }));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}
