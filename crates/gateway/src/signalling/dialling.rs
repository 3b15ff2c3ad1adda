//! Calls that go out, for whoever asks: the interface, or a call that is being moved.

use super::card::{Card, PlacedFor, Way};
use super::incoming::{call_info, rtp_line};
use super::target::{self, Destination};
use super::{Desk, Inner};
use crate::control::{ControlError, DialRequest};
use crate::random;
use crate::shard::ToCall;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tokio::sync::oneshot;
use trunkline_call::record::CallRecord;
use trunkline_call::{CallId, Direction, Headers, Parameters, Target};
use trunkline_legs::DialNews;
use trunkline_legs::sip::{Outgoing, SipLeg};
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint::{NewRequest, Path};
use trunkline_sip::locate::{Locator, Output, Place, Server};
use trunkline_sip::{Method, Uri};

/// How many look-ups may be under way.
const PENDING_MAX: usize = 1_024;
/// Who calls when nobody says.
const NAME: &str = "trunkline";

/// A call to be placed, and who is to be told.
pub struct Pending {
    order: Order,
    uri: Uri,
    trunk: Option<String>,
}

/// What was ordered.
pub(super) struct Order {
    pub(super) to: Target,
    pub(super) from: Option<String>,
    pub(super) app: String,
    pub(super) headers: Headers,
    pub(super) parameters: Parameters,
    pub(super) whose: Whose,
}

/// Who ordered a call.
pub(super) enum Whose {
    /// Somebody at the interface, who waits for its name.
    Asker(oneshot::Sender<Result<CallId, ControlError>>),
    /// A call that is being moved.
    Call(PlacedFor),
}

impl Whose {
    fn placed_for(&self) -> Option<PlacedFor> {
        match self {
            Self::Call(placed_for) => Some(*placed_for),
            Self::Asker(_) => None,
        }
    }
}

/// A name that was looked up for a pending call.
pub struct Resolved {
    /// Which.
    pub pending: u64,
    /// The name.
    pub host: String,
    /// Where it is, best first; nowhere where nothing was found in time.
    pub places: Vec<Place>,
}

impl Desk {
    /// Places a call for somebody at the interface.
    pub(super) fn dial(
        &mut self,
        request: DialRequest,
        answer: oneshot::Sender<Result<CallId, ControlError>>,
    ) {
        let has_caller = request.has_caller();
        let DialRequest {
            to,
            from,
            app,
            headers,
            parameters,
        } = request;
        let known = self.settings.apps.contains_key(&app);
        let whose = Whose::Asker(answer);
        if !known {
            return self.fail(whose, ControlError::NoSuchApp(app));
        }
        if !has_caller {
            return self.fail(whose, ControlError::BadCaller);
        }
        self.place(Order {
            to,
            from,
            app,
            headers,
            parameters,
            whose,
        });
    }

    /// Places a call for a call that is being moved.
    pub(super) fn dial_for(&mut self, whose: PlacedFor, target: Target, headers: Headers) {
        let Some(card) = self.cards.get(&whose.key) else {
            return;
        };
        let order = Order {
            to: target,
            from: Some(card.info.from.clone()),
            app: card.record.app.clone(),
            headers,
            parameters: Parameters::default(),
            whose: Whose::Call(whose),
        };
        self.place(order);
    }

    fn place(&mut self, order: Order) {
        if let Err(error) = self.room() {
            return self.fail(order.whose, error);
        }
        let settings = Arc::clone(&self.settings);
        match target::find(&order.to, &settings, self.endpoint.registrar()) {
            Err(error) => self.fail(order.whose, error),
            Ok(Destination::Device { uri, path }) => {
                let trunk = None;
                self.start(Pending { order, uri, trunk }, path, Vec::new());
            }
            Ok(Destination::Provider { provider, number }) => {
                self.place_at_provider(order, provider, number);
            }
            Ok(Destination::Trunk { name, uri }) => self.start_at_trunk(order, name, uri),
            Ok(Destination::Elsewhere { uri, server }) => {
                let trunk = None;
                self.locate(Pending { order, uri, trunk }, server);
            }
        }
    }

    fn start_at_trunk(&mut self, order: Order, name: String, uri: Uri) {
        let Some(trunk) = self.settings.trunks.get(&name) else {
            let error = ControlError::BadTarget(order.to.as_str().to_owned());
            return self.fail(order.whose, error);
        };
        let (transport, server) = (trunk.transport, trunk.server());
        let addresses = self.registrations.addresses(&name).iter();
        let places: Vec<_> = addresses
            .map(|&address| Place { transport, address })
            .collect();
        let pending = Pending {
            order,
            uri,
            trunk: Some(name),
        };
        match places.is_empty() {
            true => self.locate(pending, server),
            false => self.start_at(pending, &places),
        }
    }

    /// Finds the places of a server; where that takes questions, beside this task.
    fn locate(&mut self, pending: Pending, server: Server) {
        let host = server.host.clone();
        let locator = Locator::new(server, &self.transports.kinds(), random::seed());
        if let Output::Found(places) = locator.poll_output() {
            return self.start_at(pending, &places);
        }
        if self.pending.len() >= PENDING_MAX {
            return self.fail(pending.order.whose, ControlError::Busy);
        }
        self.next_key += 1;
        let (number, news) = (self.next_key, self.to_inner.clone());
        self.pending.insert(number, pending);
        let resolver = Arc::clone(&self.resolver);
        tokio::spawn(async move {
            let resolved = Resolved {
                pending: number,
                host,
                places: resolver.locate(locator).await,
            };
            let _ = news.send(Inner::Resolved(Box::new(resolved))).await;
        });
    }

    pub(super) fn resolved(&mut self, resolved: Resolved) {
        let Some(pending) = self.pending.remove(&resolved.pending) else {
            return;
        };
        if resolved.places.is_empty() {
            let target = pending.order.to.as_str().to_owned();
            let host = resolved.host;
            return self.fail(pending.order.whose, ControlError::NoServer { target, host });
        }
        self.start_at(pending, &resolved.places);
    }

    /// Places a call at the first of these places that we have a way to; the others are for when
    /// that one does not serve it (RFC 3263 §4.3).
    fn start_at(&mut self, pending: Pending, places: &[Place]) {
        let each = places.iter();
        let paths = each.filter_map(|place| self.transports.path(place.transport, place.address));
        let mut paths: Vec<Path> = paths.collect();
        if paths.is_empty() {
            let first = places.first();
            let what = first.map_or_else(String::new, |Place { transport, address }| {
                let (transport, ip) = (transport.via(), address.ip());
                format!("sip.listen has no {transport} socket toward {ip}")
            });
            return self.fail(pending.order.whose, ControlError::Full(what));
        }
        let path = paths.remove(0);
        self.start(pending, path, paths);
    }

    fn start(&mut self, pending: Pending, path: Path, elsewhere: Vec<Path>) {
        let remote = path.remote;
        let Some((rtp, media)) = self.media_port(remote) else {
            let what = "every RTP port is in use".to_owned();
            return self.fail(pending.order.whose, ControlError::Full(what));
        };
        let now = Instant::now();
        let owner = self.endpoint.new_owner();
        let trunk = pending.trunk.as_deref();
        let from = pending
            .order
            .from
            .clone()
            .unwrap_or_else(|| self.our_name(trunk));
        let mut request = self.invite(&pending, path, &from);
        request.elsewhere = elsewhere;
        let settings = self.leg_settings(media);
        let leg = SipLeg::outgoing(Outgoing { owner, request }, settings, random::seed(), now);
        let Pending { order, trunk, .. } = pending;
        let placed_for = order.whose.placed_for();
        let to = order.to.as_str().to_owned();
        let info = call_info(
            Direction::Outbound,
            from,
            to,
            Some(remote),
            order.headers,
            order.parameters,
        );
        let record = CallRecord {
            peer: remote.to_string(),
            trunk,
            ..CallRecord::new(&info, &order.app, SystemTime::now())
        };
        let id = info.id;
        let rtp_port = media.port();
        let way = Way::Sip { owner, rtp_port };
        let (key, shard) = (self.new_key(), self.shard_for(placed_for));
        let card = Card {
            placed_for,
            ..Card::new(key, way, shard, info, record)
        };
        self.begin(card, Box::new(leg), rtp_line(rtp));
        self.say_started(order.whose, id);
    }

    fn invite(&self, pending: &Pending, path: Path, from: &str) -> NewRequest {
        let trunk = pending.trunk.as_deref();
        let caller = self.caller_header(from, trunk, path.local);
        let mut request = NewRequest::new(Method::Invite, path, pending.uri.clone(), caller);
        request.contact_user = Some(NAME.to_owned());
        request.credentials = self.account(trunk);
        let headers = pending.order.headers.iter();
        request.headers = headers
            .map(|(name, value)| (name.to_owned().into(), value.to_owned()))
            .collect();
        request
    }

    /// The two legs of a moved call must share a shard: audio crosses no thread.
    fn shard_for(&self, placed_for: Option<PlacedFor>) -> usize {
        placed_for
            .and_then(|placed_for| self.cards.get(&placed_for.key))
            .map_or_else(|| self.least_busy_shard(), |card| card.shard)
    }

    fn say_started(&self, whose: Whose, id: CallId) {
        match whose {
            Whose::Asker(answer) => {
                let _ = answer.send(Ok(id));
            }
            Whose::Call(placed_for) => {
                let trying = DialNews::Progress { code: 100 };
                self.tell(placed_for.key, ToCall::Dial(trying));
            }
        }
    }

    pub(super) fn fail(&self, whose: Whose, error: ControlError) {
        match whose {
            Whose::Asker(answer) => {
                let _ = answer.send(Err(error));
            }
            Whose::Call(placed_for) => {
                tracing::info!("not placed: {error}");
                self.tell(placed_for.key, ToCall::Dial(DialNews::Denied));
            }
        }
    }

    fn our_name(&self, trunk: Option<&str>) -> String {
        trunk
            .and_then(|name| self.settings.trunks.get(name))
            .and_then(|trunk| trunk.username.clone())
            .unwrap_or_else(|| NAME.to_owned())
    }

    /// The From header: a URI as given, or a name at the trunk's host or our own address.
    fn caller_header(&self, from: &str, trunk: Option<&str>, local: SocketAddr) -> String {
        if let Ok(uri) = Uri::parse(from) {
            return format!("<{uri}>");
        }
        let here = local.ip().to_string();
        let host = trunk
            .and_then(|name| self.settings.trunks.get(name))
            .map_or(here.as_str(), |trunk| trunk.host.as_str());
        Uri::sip(Some(from), host, None)
            .map_or_else(|| format!("<sip:{NAME}@{host}>"), |uri| format!("<{uri}>"))
    }

    fn account(&self, trunk: Option<&str>) -> Option<Account> {
        let trunk = self.settings.trunks.get(trunk?)?;
        let (username, password) = (trunk.username.clone()?, trunk.password.clone()?);
        Some(Account {
            username,
            password,
            realm: None,
        })
    }
}
