//! Signalling: one task that owns the SIP endpoint, the sockets of SIP, the RTP ports and the
//! card of every live call. It is the only place where calls begin and end.

mod at_provider;
mod card;
mod dialling;
mod documents;
mod incoming;
mod leaving;
mod news;
mod parties;
mod placed;
mod questions;
mod registrations;
mod remains;
mod reports;
mod streams;
mod target;
mod transports;

pub use card::Card;
pub use placed::PLACED;
pub use streams::{NewStream, NoCall, TurnedAway};
pub use transports::Transports;

use crate::awake::Awake;
use crate::control::{Control, Question};
use crate::memory::Ebb;
use crate::names::Resolver;
use crate::net::PortPool;
use crate::settings::Settings;
use crate::shard::{CallKey, Reports, Shard, ToCall, ToShard};
use card::Phase;
use dialling::Pending;
use news::Inner;
use registrations::Registrations;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;
use transports::StreamEvent;
use trunkline_call::CallId;
use trunkline_legs::sip::answer_stray;
use trunkline_sip::Message;
use trunkline_sip::endpoint::{Action, Endpoint, Event, Input, Output, OwnerId, Reply};

/// How many datagrams are read before anything else has its turn.
const DATAGRAMS_A_TURN: usize = 32;
/// The longest datagram of IP.
const DATAGRAM_BYTES: usize = 65_536;
/// What a caller is told who comes while there is no room.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long the task sleeps at most.
const IDLE_MAX: Duration = Duration::from_secs(3_600);
/// How many events of TCP connections may wait.
const STREAM_EVENTS_MAX: usize = 1_024;
/// How much news of tasks of its own may wait; the tasks wait beyond.
const INNER_MAX: usize = 1_024;

/// The signalling task's state.
pub struct Desk {
    settings: Arc<Settings>,
    control: Control,
    endpoint: Endpoint,
    due: Option<Instant>,
    transports: Transports,
    streams: mpsc::Receiver<StreamEvent>,
    shards: Vec<Shard>,
    reports: Reports,
    questions: mpsc::Receiver<Question>,
    inner: mpsc::Receiver<Inner>,
    /// Given to the tasks started here.
    to_inner: mpsc::Sender<Inner>,
    ports: PortPool,
    cards: HashMap<CallKey, Card>,
    keys: HashMap<CallId, CallKey>,
    owners: HashMap<OwnerId, CallKey>,
    /// Calls to be placed whose name is being looked up.
    pending: HashMap<u64, Pending>,
    /// Calls that a provider was asked to place and that have not come yet.
    awaited: HashMap<CallId, placed::Awaited>,
    registrations: Registrations,
    resolver: Arc<Resolver>,
    /// The machine does not sleep while there are cards.
    awake: Awake,
    ebb: Ebb,
    calls_max: usize,
    next_key: u64,
    calls_total: u64,
    calls_refused: u64,
    records: crate::records::Writer,
    /// Who waits for the last call to end.
    drains: Vec<oneshot::Sender<()>>,
    draining: bool,
    /// Until when live calls may say goodbye, once the gateway stops.
    stop_by: Option<Instant>,
}

/// What a desk is made of.
pub struct Parts {
    /// The whole configuration.
    pub settings: Arc<Settings>,
    /// The gateway's own handle.
    pub control: Control,
    /// What is asked through such handles.
    pub questions: mpsc::Receiver<Question>,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Bound sockets.
    pub transports: Transports,
    /// What their streams bring.
    pub streams: mpsc::Receiver<StreamEvent>,
    /// Running shards, at least one.
    pub shards: Vec<Shard>,
    /// What they report.
    pub reports: Reports,
    /// The ports of media.
    pub ports: PortPool,
    /// Where records go.
    pub records: crate::records::Writer,
    /// The most calls at once.
    pub calls_max: usize,
    /// Where each trunk is, by name.
    pub trunks: Vec<(String, Vec<SocketAddr>)>,
    /// What finds the servers of names.
    pub resolver: Arc<Resolver>,
}

/// The channel by which TCP connections tell their events.
pub fn stream_events() -> (mpsc::Sender<StreamEvent>, mpsc::Receiver<StreamEvent>) {
    mpsc::channel(STREAM_EVENTS_MAX)
}

impl Desk {
    /// A desk that has not begun.
    pub fn new(parts: Parts) -> Self {
        let (to_inner, inner) = mpsc::channel(INNER_MAX);
        Self {
            registrations: Registrations::new(parts.trunks),
            resolver: parts.resolver,
            awake: Awake::new(),
            ebb: Ebb::default(),
            settings: parts.settings,
            control: parts.control,
            endpoint: parts.endpoint,
            due: None,
            transports: parts.transports,
            streams: parts.streams,
            shards: parts.shards,
            reports: parts.reports,
            questions: parts.questions,
            inner,
            to_inner,
            ports: parts.ports,
            cards: HashMap::new(),
            keys: HashMap::new(),
            owners: HashMap::new(),
            pending: HashMap::new(),
            awaited: HashMap::new(),
            calls_max: parts.calls_max,
            next_key: 0,
            calls_total: 0,
            calls_refused: 0,
            records: parts.records,
            drains: Vec::new(),
            draining: false,
            stop_by: None,
        }
    }

    /// Runs until it is told to stop, or nobody holds a [`Control`] any more.
    pub async fn run(mut self) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        self.register_trunks();
        self.drain_endpoint();
        while !self.has_stopped() {
            let due = [self.due, self.stop_by].into_iter().flatten().min();
            let due = due.unwrap_or_else(|| Instant::now() + IDLE_MAX);
            tokio::select! {
                (length, path) = self.transports.receive(&mut buffer) => {
                    self.datagrams(&mut buffer, length, path);
                }
                Some(report) = self.reports.next() => self.reported(report),
                Some(event) = self.streams.recv() => self.stream(event),
                Some(news) = self.inner.recv() => self.inner(news),
                question = self.questions.recv() => match question {
                    Some(question) => self.asked(question),
                    None => self.begin_stop(),
                },
                () = sleep_until(due.into()) => {
                    self.endpoint.handle_input(Instant::now(), Input::Timeout);
                }
            }
            self.drain_endpoint();
            self.answer_drains();
            self.awake.set(!self.cards.is_empty());
            if self.ebb.is_over(self.endpoint.gauges().transactions) {
                self.ports.shrink(Instant::now());
                crate::memory::give_back();
            }
        }
        for shard in &self.shards {
            shard.tell(ToShard::Stop);
        }
    }

    fn datagrams(&mut self, buffer: &mut [u8], length: usize, path: trunkline_sip::endpoint::Path) {
        let mut next = Some((length, path));
        for _ in 0..DATAGRAMS_A_TURN {
            let Some((length, path)) = next else { return };
            let message = Message::parse(buffer.get(..length).unwrap_or_default());
            self.endpoint
                .handle_input(Instant::now(), Input::Received { message, path });
            self.drain_endpoint();
            next = self.transports.receive_now(buffer);
        }
        if let Some((length, path)) = next {
            let message = Message::parse(buffer.get(..length).unwrap_or_default());
            self.endpoint
                .handle_input(Instant::now(), Input::Received { message, path });
        }
    }

    fn stream(&mut self, event: StreamEvent) {
        let now = Instant::now();
        match event {
            StreamEvent::Accepted(stream, remote) => {
                self.transports.connections().accepted(stream, remote);
            }
            StreamEvent::Message(message, path) => {
                self.endpoint
                    .handle_input(now, Input::Received { message, path });
            }
            StreamEvent::Failed(transaction) => {
                self.endpoint
                    .handle_input(now, Input::TransmitFailed(transaction));
            }
            StreamEvent::Closed(id) => self.transports.connections().closed(id),
        }
    }

    /// Does what the endpoint wants done.
    fn drain_endpoint(&mut self) {
        loop {
            match self.endpoint.poll_output() {
                Output::Transmit(transmit) => self.transports.send(&transmit),
                Output::Event(event) => self.happened(event),
                Output::Timeout(due) => {
                    self.due = due;
                    return;
                }
            }
        }
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Invite {
                owner,
                transaction,
                request,
                path,
                caller,
            } => {
                let invite = incoming::Invite {
                    owner,
                    transaction,
                    request,
                    path,
                    caller,
                };
                self.invited(invite);
            }
            Event::Binding(change) => self.device(&change),
            Event::Registration { owner, standing } => self.registered(owner, standing),
            Event::Closed { owner } => {
                if let Some(key) = self.owners.remove(&owner) {
                    // A leg that still lives has lost its dialog.
                    self.tell(key, ToCall::Signal(event));
                }
            }
            event => {
                let owner = event.owner();
                let key = owner.and_then(|owner| self.owners.get(&owner)).copied();
                match key.filter(|key| self.cards.contains_key(key)) {
                    Some(key) => self.tell(key, ToCall::Signal(event)),
                    // The call is gone; what crosses its end is answered here.
                    None => self.answer_stray(&event),
                }
            }
        }
    }

    fn answer_stray(&mut self, event: &Event) {
        if let Some(action) = answer_stray(event) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        self.endpoint
            .handle_input(Instant::now(), Input::Action(action));
    }

    fn refuse(&mut self, owner: OwnerId, refusal: Reply) {
        self.act(Action::Hangup {
            owner,
            refusal,
            headers: Vec::new(),
        });
    }

    fn tell(&self, key: CallKey, what: ToCall) {
        if let Some(card) = self.cards.get(&key) {
            self.shards[card.shard].tell(ToShard::Call(key, what));
        }
    }

    /// The shard with the fewest calls.
    fn least_busy_shard(&self) -> usize {
        (0..self.shards.len())
            .min_by_key(|&shard| self.shards[shard].calls())
            .unwrap_or(0)
    }

    fn no_room() -> Reply {
        Reply::new(503).header("Retry-After", RETRY_AFTER.as_secs().to_string())
    }
}
