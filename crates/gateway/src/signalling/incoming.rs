//! Calls that come in: is there room, who takes it, where is its media.

use super::card::{Card, Way};
use super::parties::Parties;
use super::{Desk, Inner};
use crate::apps::{self, Asking};
use crate::random;
use crate::settings::{AppEntry, AppRole};
use crate::shard::{CallKey, NewCall, NewLine, Silence, ToCall, ToShard};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::sleep;
use trunkline_call::record::CallRecord;
use trunkline_call::routes::{Arrival, Decision};
use trunkline_call::{CallId, CallInfo, Direction, Headers, Parameters};
use trunkline_legs::Leg;
use trunkline_legs::sip::{Incoming, Settings as LegSettings, SipLeg};
use trunkline_sip::Message;
use trunkline_sip::endpoint::{OwnerId, Path, Reply, TransactionId};
use trunkline_sip::user_agent::Caller;
use trunkline_streams::{AppWire, Dialect, Echo, Reconnecting};

/// How long an application may take to come to a call (server role).
const COME_MAX: Duration = Duration::from_secs(20);
/// Headers worth telling an application, besides all that begin with `X-`.
const TOLD: [&str; 5] = [
    "User-to-User",
    "Diversion",
    "History-Info",
    "Subject",
    "P-Asserted-Identity",
];

/// An INVITE that opens a call.
pub struct Invite {
    /// The owner it got.
    pub owner: OwnerId,
    /// Its transaction.
    pub transaction: TransactionId,
    /// The message.
    pub request: Message,
    /// The way it came.
    pub path: Path,
    /// Who it was shown to be from.
    pub caller: Caller,
}

/// A route, an application, and a port: all that a call needs.
struct Accepted {
    info: CallInfo,
    record: CallRecord,
}

impl Desk {
    /// Takes a call or refuses it.
    pub(super) fn invited(&mut self, invite: Invite) {
        let owner = invite.owner;
        let taken = self
            .accept(&invite)
            .and_then(|accepted| self.take(invite, accepted));
        if let Err(refusal) = taken {
            if refusal.status == 503 {
                self.calls_refused += 1;
            }
            self.refuse(owner, refusal);
        }
    }

    fn accept(&self, invite: &Invite) -> Result<Accepted, Reply> {
        self.room().map_err(|_| Self::no_room())?;
        let request = &invite.request;
        let trunk = self.trunk_of(invite);
        let settings = trunk.and_then(|name| self.settings.trunks.get(name));
        let Parties { from, to } = Parties::of(request, settings);
        let headers = told(request);
        let source = invite.path.remote.ip();
        let arrival = Arrival {
            to: &to,
            from: &from,
            trunk,
            provider: None,
            user: match &invite.caller {
                Caller::User(name) => Some(name),
                _ => None,
            },
            headers: &headers,
            source: Some(source),
            at: self.settings.clock.now(),
        };
        let decision = self.settings.routes.find(&arrival);
        let Decision { app, parameters } = decision.ok_or_else(|| Reply::new(404))?;
        let info = call_info(
            Direction::Inbound,
            from.clone(),
            to.clone(),
            Some(invite.path.remote),
            headers.clone(),
            parameters,
        );
        let record = CallRecord {
            sip_call_id: request.call_id().unwrap_or_default().to_owned(),
            peer: invite.path.remote.to_string(),
            trunk: arrival.trunk.map(str::to_owned),
            user: arrival.user.map(str::to_owned),
            ..CallRecord::new(&info, app, SystemTime::now())
        };
        Ok(Accepted { info, record })
    }

    fn take(&mut self, invite: Invite, accepted: Accepted) -> Result<(), Reply> {
        let peer = invite.path.remote;
        let (rtp, media) = self.media_port(peer).ok_or_else(Self::no_room)?;
        let settings = self.leg_settings(media);
        let (owner, now) = (invite.owner, Instant::now());
        let incoming = Incoming {
            owner,
            transaction: invite.transaction,
            request: invite.request,
        };
        let leg = SipLeg::incoming(incoming, settings, random::seed(), now);
        let rtp_port = media.port();
        let way = Way::Sip { owner, rtp_port };
        let (key, shard) = (self.new_key(), self.least_busy_shard());
        let card = Card::new(key, way, shard, accepted.info, accepted.record);
        self.begin(card, Box::new(leg), rtp_line(rtp));
        Ok(())
    }

    /// Puts a call on its shard and sees that its application gets there.
    pub(super) fn begin(&mut self, mut card: Card, leg: Box<dyn Leg>, line: NewLine) {
        let key = card.key;
        let wire = self.wire(&mut card);
        let call = NewCall {
            key,
            leg,
            wire,
            line,
        };
        self.calls_total += 1;
        self.control.announce("call.started", || {
            serde_json::json!({"call": card.view(card.began)}).to_string()
        });
        let shard = card.shard;
        if let Way::Sip { owner, .. } = card.way {
            self.owners.insert(owner, key);
        }
        self.keys.insert(card.info.id, key);
        self.cards.insert(key, card);
        self.shards[shard].tell(ToShard::Start(Box::new(call)));
    }

    /// The application's wire; its connection is on its way when this returns.
    fn wire(&self, card: &mut Card) -> Box<dyn AppWire> {
        if card.placed_for.is_some() {
            return Box::new(Silence);
        }
        match self.settings.apps.get(&card.record.app) {
            None | Some(AppEntry::Echo) => Box::new(Echo::new(card.info.direction)),
            Some(AppEntry::Rust(app)) => self.run_app(app, card),
            Some(AppEntry::WebSocket(app)) => {
                match &app.role {
                    AppRole::Client { url } => {
                        self.open(card.key, app.dialect, url.clone(), &card.info)
                    }
                    AppRole::Server => {
                        card.waits = true;
                        self.await_app(card);
                    }
                }
                let info = card.info.clone();
                match &app.on_lost {
                    None => app.dialect.wire(info, app.options),
                    Some(on_lost) => {
                        let on_lost = on_lost.clone();
                        Box::new(Reconnecting::new(app.dialect, info, app.options, on_lost))
                    }
                }
            }
        }
    }

    /// Sees that an application that was lost gets to its call once more.
    pub(super) fn redial(&mut self, key: CallKey) {
        let settings = Arc::clone(&self.settings);
        // One that was let go for a document is not called back.
        let card = self.cards.get_mut(&key);
        let Some(card) = card.filter(|card| card.document.is_none()) else {
            return;
        };
        let (call, name) = (card.info.id, &card.record.app);
        tracing::warn!(%call, app = %name, "application lost; it is dialled again");
        match settings.apps.get(name) {
            Some(AppEntry::WebSocket(app)) => match &app.role {
                AppRole::Client { url } => {
                    let info = card.info.clone();
                    self.open(key, app.dialect, url.clone(), &info);
                }
                AppRole::Server => {
                    card.waits = true;
                    if let Some(card) = self.cards.get(&key) {
                        self.await_app(card);
                    }
                }
            },
            // It is not in the configuration any more.
            _ => self.tell(key, ToCall::OpenFailed),
        }
    }

    fn run_app(&self, app: &Arc<dyn trunkline_call::App>, card: &Card) -> Box<dyn AppWire> {
        let (shard, key) = (self.shards[card.shard].clone(), card.key);
        let wake = Arc::new(move || shard.tell(ToShard::Call(key, crate::shard::ToCall::Poke)));
        let (call, peer) = trunkline_call::queue(card.info.clone(), wake);
        tokio::spawn(app.run(call));
        Box::new(trunkline_streams::QueueWire::new(peer))
    }

    fn open(&self, key: CallKey, dialect: Dialect, url: String, info: &CallInfo) {
        let (news, info) = (self.to_inner.clone(), info.clone());
        let asking = Asking::of(dialect, &self.settings);
        tokio::spawn(async move {
            let opened = match apps::open(&url, &asking, &info, |_| Ok(())).await {
                Ok(socket) => Inner::Opened(key, Box::new(socket)),
                Err(error) => Inner::OpenFailed(key, error.to_string()),
            };
            let _ = news.send(opened).await;
        });
    }

    fn await_app(&self, card: &Card) {
        self.control.announce("call.waiting", || {
            serde_json::json!({"call": card.view(Instant::now())}).to_string()
        });
        let (news, key) = (self.to_inner.clone(), card.key);
        tokio::spawn(async move {
            sleep(COME_MAX).await;
            let _ = news.send(Inner::WaitOver(key)).await;
        });
    }

    /// A bound RTP port on the address of ours that faces a peer, and what the peer is told.
    pub(super) fn media_port(&mut self, peer: SocketAddr) -> Option<(UdpSocket, SocketAddr)> {
        let here = self.transports.facing(peer.ip());
        let told = self.transports.told_to(peer.ip());
        let port = self.ports.bind(here, Instant::now());
        if let Err(error) = &port {
            tracing::error!("{error}");
        }
        let port = port.ok()?;
        Some((port.socket, SocketAddr::new(told, port.rtp)))
    }

    /// What every leg is told.
    pub(super) fn leg_settings(&self, media: SocketAddr) -> LegSettings {
        let sip = &self.settings.sip;
        LegSettings {
            codecs: sip.codecs.clone(),
            own_sip: self
                .transports
                .addresses()
                .map(|(_, address)| address)
                .collect(),
            no_answer: sip.ring_timeout,
            rtp_timeout: Some(sip.rtp_timeout),
            longest_call: self.settings.limits.call_duration,
            deaf_after: self.settings.limits.app_deaf,
            ..LegSettings::new(media)
        }
    }

    pub(super) fn new_key(&mut self) -> CallKey {
        self.next_key += 1;
        CallKey(self.next_key)
    }

    /// Whether every shard is so late that a further call would be heard by those that are up.
    pub(super) fn is_overloaded(&self) -> bool {
        self.shards.iter().all(crate::shard::Shard::is_late)
    }
}

/// The sockets of RTP, and of RTCP at the next port.
pub(super) fn rtp_line(rtp: UdpSocket) -> NewLine {
    let rtcp = rtp
        .local_addr()
        .map(|a| SocketAddr::new(a.ip(), a.port().saturating_add(1)))
        .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
    NewLine::Rtp { rtp, rtcp }
}

/// What an application is told of a call.
pub(super) fn call_info(
    direction: Direction,
    from: String,
    to: String,
    peer: Option<SocketAddr>,
    headers: Headers,
    parameters: Parameters,
) -> CallInfo {
    CallInfo {
        id: CallId::from_bytes(random::bytes()),
        direction,
        from,
        to,
        peer,
        headers,
        parameters,
        traceparent: random::traceparent(),
    }
}

fn told(request: &Message) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in request.fields() {
        let is_told = name
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("x-"))
            || TOLD.iter().any(|told| told.eq_ignore_ascii_case(name));
        if is_told {
            // What does not fit the limits is left out.
            let _ = headers.push(name, value);
        }
    }
    headers
}
