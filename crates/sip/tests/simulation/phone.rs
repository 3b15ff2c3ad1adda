//! The user of an endpoint: does what its plan says and keeps a log of what it saw.

use crate::plan::{Plan, Shape};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use trunkline_sip::dialog::{notify_transfer, transfer_notice};
use trunkline_sip::endpoint::{
    Action, Body, DialogRequest, Event, Failure, NewRequest, OwnerId, Path, Reply, TransactionId,
};
use trunkline_sip::registration::{RegistrationConfig, Standing};
use trunkline_sip::{Message, Method, Uri};

/// A phone gives up on a call by then, whatever happened: the network may be dead.
const BACKSTOP: Duration = Duration::from_secs(240);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Caller,
    Callee,
}

/// What a phone does at some time.
#[derive(Debug, Clone)]
pub enum Step {
    Call,
    Respond(TransactionId, u16),
    Refresh,
    Refer,
    Notify(u16),
    Hangup,
    Register,
    Unregister,
}

/// What a phone has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// INVITEs that began a call.
    pub invites: u32,
    /// Final outcomes of our own INVITE: responses and failures.
    pub outcomes: u32,
    /// Our INVITE failed without a response, so late answers find nobody.
    pub gave_up: bool,
    pub acknowledged: u32,
    pub never_acknowledged: u32,
    pub cancelled: u32,
    pub byes: u32,
    pub closed: BTreeMap<OwnerId, u32>,
    /// Events of an owner after its last.
    pub after_close: u32,
    pub glares: u32,
    /// Refreshes that went through, and those still wanted.
    pub refreshed: u32,
    pub transfer_told: bool,
    pub registered: u32,
    pub unregistered: bool,
}

#[derive(Debug)]
pub struct Phone {
    pub role: Role,
    plan: Plan,
    path: Path,
    pub owner: Option<OwnerId>,
    owners: u32,
    over: bool,
    up: bool,
    hung_up: bool,
    agenda: BTreeMap<(Instant, u32), Step>,
    next_step: u32,
    pub seen: Seen,
}

impl Phone {
    pub fn new(role: Role, plan: &Plan, path: Path, start: Instant) -> Self {
        let plan = plan.clone();
        let agenda = BTreeMap::new();
        let (owner, seen) = (None, Seen::default());
        let mut phone = Self {
            role,
            plan,
            path,
            owner,
            owners: 0,
            over: false,
            up: false,
            hung_up: false,
            agenda,
            next_step: 0,
            seen,
        };
        match (role, phone.plan.shape) {
            (Role::Callee, _) => {}
            (Role::Caller, Shape::Registers) => {
                phone.plan_step(start, Step::Register);
                phone.plan_step(start + Duration::from_secs(100), Step::Unregister);
            }
            (Role::Caller, shape) => {
                phone.plan_step(start, Step::Call);
                if shape == Shape::Cancelled {
                    phone.plan_step(start + phone.plan.cancel, Step::Hangup);
                }
                phone.plan_step(start + BACKSTOP, Step::Hangup);
            }
        }
        phone
    }

    fn plan_step(&mut self, at: Instant, step: Step) {
        self.next_step += 1;
        self.agenda.insert((at, self.next_step), step);
    }

    pub fn next(&self) -> Option<Instant> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// What is due now; `new_owner` is an owner for whoever starts something.
    pub fn act(&mut self, now: Instant, new_owner: impl FnOnce() -> OwnerId) -> Option<Action> {
        let entry = self
            .agenda
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        let step = entry.remove();
        match step {
            Step::Call => Some(self.call(new_owner())),
            Step::Register => Some(self.register(new_owner())),
            Step::Unregister => self.owner.map(|owner| Action::Unregister { owner }),
            Step::Respond(transaction, status) => Some(self.respond(now, transaction, status)),
            Step::Refresh => self.request(|plan| match plan.refresh_by_update {
                true => with_sdp(Method::Update),
                false => with_sdp(Method::Invite),
            }),
            Step::Refer => self.request(|_| {
                let mut refer = DialogRequest::new(Method::Refer);
                refer
                    .headers
                    .push(("Refer-To".into(), "<sip:carol@10.0.0.3>".to_owned()));
                refer
            }),
            Step::Notify(status) => self.request(|_| notify_transfer(status, "So far")),
            Step::Hangup => {
                self.hung_up = true;
                let (refusal, headers) = (Reply::new(480), Vec::new());
                self.owner.map(|owner| Action::Hangup {
                    owner,
                    refusal,
                    headers,
                })
            }
        }
    }

    fn call(&mut self, owner: OwnerId) -> Action {
        self.owner = Some(owner);
        self.owners += 1;
        let uri = Uri::parse("sip:bob@10.0.0.2").expect("a URI");
        let mut request = NewRequest::new(Method::Invite, self.path, uri, "<sip:alice@10.0.0.1>");
        request.contact_user = Some("alice".to_owned());
        request.body = Some(Body::sdp(*b"v=0\r\n"));
        Action::Start {
            owner,
            request: Box::new(request),
        }
    }

    fn register(&mut self, owner: OwnerId) -> Action {
        self.owner = Some(owner);
        self.owners += 1;
        let config = RegistrationConfig {
            path: self.path,
            registrar: Uri::parse("sip:10.0.0.2").expect("a URI"),
            aor: "<sip:alice@10.0.0.2>".to_owned(),
            contact_user: Some("alice".to_owned()),
            route: Vec::new(),
            expires: Duration::from_secs(60),
            credentials: None,
        };
        Action::Register {
            owner,
            config: Box::new(config),
        }
    }

    fn respond(&mut self, now: Instant, transaction: TransactionId, status: u16) -> Action {
        let mut reply = Reply::new(status);
        if status == 200 {
            reply.body = Some(Body::sdp(*b"v=0\r\n"));
            if self.plan.shape == Shape::ByeBeforeAck {
                self.plan_step(now, Step::Hangup);
            }
        }
        Action::Respond { transaction, reply }
    }

    fn request(&self, make: impl FnOnce(&Plan) -> DialogRequest) -> Option<Action> {
        let owner = self.owner.filter(|_| !self.over)?;
        Some(Action::Request {
            owner,
            request: make(&self.plan),
        })
    }

    /// Takes an event in; may want something done at once.
    pub fn hear(&mut self, now: Instant, event: Event) -> Option<Action> {
        if let Some(owner) = event.owner()
            && self.seen.closed.contains_key(&owner)
        {
            self.seen.after_close += 1;
        }
        match event {
            Event::Invite {
                owner, transaction, ..
            } => self.ring(now, owner, transaction),
            Event::Request {
                transaction,
                request,
                ..
            } => self.asked(now, transaction, &request),
            Event::Acknowledged { .. } => {
                self.seen.acknowledged += 1;
                self.call_is_up(now, self.plan.callee_talks, 1);
            }
            Event::NeverAcknowledged { .. } => self.seen.never_acknowledged += 1,
            Event::Cancelled { .. } => self.seen.cancelled += 1,
            Event::Bye { .. } => {
                self.seen.byes += 1;
                self.over = true;
            }
            Event::Response {
                owner,
                method,
                response,
            } => {
                return self.answered(now, owner, &method, &response);
            }
            Event::Failed { method, why, .. } => self.failed(&method, why),
            Event::GlareOver { .. } => self.plan_step(now, Step::Refresh),
            Event::Registration { standing, .. } => match standing {
                Standing::Registered { .. } => self.seen.registered += 1,
                Standing::Unregistered => self.seen.unregistered = true,
                Standing::Refused { .. } | Standing::Unreachable { .. } => {}
            },
            Event::Closed { owner } => {
                *self.seen.closed.entry(owner).or_default() += 1;
                self.over = true;
            }
            Event::Binding(_) => {}
        }
        None
    }

    fn ring(&mut self, now: Instant, owner: OwnerId, transaction: TransactionId) {
        self.seen.invites += 1;
        self.owners += 1;
        self.owner = Some(owner);
        if let Some(ring) = self.plan.ring.filter(|ring| *ring < self.plan.answer) {
            self.plan_step(now + ring, Step::Respond(transaction, 180));
        }
        let answer = now + self.plan.answer;
        match self.plan.shape {
            Shape::Unanswered => {}
            Shape::Refused => self.plan_step(answer, Step::Respond(transaction, 486)),
            _ => self.plan_step(answer, Step::Respond(transaction, 200)),
        }
        self.plan_step(now + BACKSTOP + Duration::from_secs(60), Step::Hangup);
    }

    fn asked(&mut self, now: Instant, transaction: TransactionId, request: &Message) {
        if request.method() == Some(&Method::Notify) {
            self.seen.transfer_told |= transfer_notice(request).is_some_and(|told| told.last);
        }
        if request.method() == Some(&Method::Refer) {
            self.plan_step(now, Step::Respond(transaction, 202));
            self.plan_step(now + Duration::from_millis(5), Step::Notify(100));
            self.plan_step(now + self.plan.answer, Step::Notify(200));
            return;
        }
        let thinks = self.plan.conditions.delay * 2;
        self.plan_step(now + thinks, Step::Respond(transaction, 200));
    }

    /// Both sides know that the call is up: what the plan has for that.
    fn call_is_up(&mut self, now: Instant, talks: Duration, side: usize) {
        if std::mem::replace(&mut self.up, true) {
            return;
        }
        self.plan_step(now + talks, Step::Hangup);
        match (self.plan.shape, self.role) {
            (Shape::Glare, _) => self.plan_step(now + self.plan.refresh[side], Step::Refresh),
            (Shape::Transfer, Role::Caller) => self.plan_step(now, Step::Refer),
            _ => {}
        }
    }

    fn answered(
        &mut self,
        now: Instant,
        owner: OwnerId,
        method: &Method,
        response: &Message,
    ) -> Option<Action> {
        let status = response.status().unwrap_or_default();
        if status < 200 {
            return None;
        }
        let first = *method == Method::Invite && !self.up && self.role == Role::Caller;
        self.seen.outcomes += u32::from(first);
        let refreshes = !first && matches!(method, Method::Invite | Method::Update);
        self.seen.glares += u32::from(refreshes && status == 491);
        self.seen.refreshed += u32::from(refreshes && status == 200);
        if first && status >= 300 {
            self.over = true;
        }
        if *method == Method::Invite && status == 200 {
            self.call_is_up(now, self.plan.caller_talks, 0);
            return Some(Action::Ack { owner, body: None });
        }
        None
    }

    fn failed(&mut self, method: &Method, why: Failure) {
        if why == Failure::InProgress {
            return;
        }
        if *method == Method::Invite {
            self.seen.outcomes += u32::from(!self.up && self.role == Role::Caller);
            self.seen.gave_up = true;
        }
    }

    /// How many calls or registrations this phone had, and whether it ended its own.
    pub fn owners(&self) -> u32 {
        self.owners
    }

    pub fn hung_up(&self) -> bool {
        self.hung_up
    }
}

fn with_sdp(method: Method) -> DialogRequest {
    DialogRequest {
        body: Some(Body::sdp(*b"v=0\r\n")),
        ..DialogRequest::new(method)
    }
}
