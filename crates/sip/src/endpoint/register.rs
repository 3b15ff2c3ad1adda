//! Registrations: ours elsewhere, and the clock of those with us.

use super::client::Purpose;
use super::schedule::Holder;
use super::{Contact, Draft, Endpoint, Event, Failure, OwnerId};
use crate::digest::DigestClient;
use crate::message::{Message, Method};
use crate::registrar::Change;
use crate::registration::{Registration, RegistrationConfig};
use crate::transaction::Timer;
use crate::user_agent::User;
use std::borrow::Cow;
use std::time::Instant;

/// A registration of ours and what its requests are made of.
#[derive(Debug)]
pub(super) struct Registered {
    machine: Registration,
    config: RegistrationConfig,
    pub digest: Option<Box<DigestClient>>,
    call_id: String,
    tag: String,
    cseq: u32,
}

impl Endpoint {
    pub(super) fn register(&mut self, now: Instant, owner: OwnerId, config: RegistrationConfig) {
        let room = self.registrations.len() < self.config.limits.registrations;
        if !room || self.registrations.contains_key(&owner) {
            self.refuse_locally(owner, Method::Register, Failure::Full);
            return;
        }
        let seed = self.random.seed();
        let credentials = config.credentials.clone();
        let registered = Registered {
            machine: Registration::new(config.expires),
            digest: credentials.map(|account| Box::new(DigestClient::new(account, seed))),
            call_id: self.random.token(),
            tag: self.random.token(),
            cseq: 0,
            config,
        };
        self.registrations.insert(owner, registered);
        self.send_register(now, owner);
    }

    pub(super) fn unregister(&mut self, now: Instant, owner: OwnerId) {
        let Some(registered) = self.registrations.get_mut(&owner) else {
            return;
        };
        registered.machine.leave();
        self.schedule
            .disarm(Holder::Registration(owner), Timer::Registration);
        self.send_register(now, owner);
    }

    pub(super) fn registration_due(&mut self, now: Instant, owner: OwnerId) {
        self.send_register(now, owner);
    }

    fn send_register(&mut self, now: Instant, owner: OwnerId) {
        let Some(registered) = self.registrations.get_mut(&owner) else {
            return;
        };
        registered.cseq += 1;
        let config = &registered.config;
        let seconds = registered.machine.expires().as_secs();
        let params = format!(";expires={seconds}");
        let draft = Draft {
            method: Method::Register,
            uri: config.registrar.to_string(),
            routes: config.route.clone(),
            from: format!("{};tag={}", config.aor, registered.tag),
            to: config.aor.clone(),
            call_id: registered.call_id.clone(),
            cseq: registered.cseq,
            contact: Some(Contact {
                user: config.contact_user.clone(),
                params,
            }),
            headers: vec![(Cow::Borrowed("Expires"), seconds.to_string())],
            body: None,
        };
        let path = config.path;
        self.start_client(now, owner, draft, path, Purpose::Register);
    }

    pub(super) fn registration_answered(
        &mut self,
        now: Instant,
        owner: OwnerId,
        response: &Message,
    ) {
        let Some(registered) = self.registrations.get_mut(&owner) else {
            return;
        };
        let number = response.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let final_one = response.status().is_some_and(|status| status >= 200);
        // An answer to an earlier request says nothing about the latest.
        if !final_one || number < registered.cseq {
            return;
        }
        registered.cseq = number;
        let contact = Contact::user(registered.config.contact_user.clone());
        let ours = contact.on(&registered.config.path);
        registered.machine.answered(response, &ours);
        self.report_registration(now, owner);
    }

    pub(super) fn registration_failed(&mut self, now: Instant, owner: OwnerId) {
        let Some(registered) = self.registrations.get_mut(&owner) else {
            return;
        };
        registered.machine.failed();
        self.report_registration(now, owner);
    }

    fn report_registration(&mut self, now: Instant, owner: OwnerId) {
        let Some(registered) = self.registrations.get_mut(&owner) else {
            return;
        };
        let (standing, next) = (registered.machine.standing(), registered.machine.next());
        self.tell(Event::Registration { owner, standing });
        let holder = Holder::Registration(owner);
        match next {
            Some(wait) => self.schedule.arm(holder, Timer::Registration, now + wait),
            None => {
                self.schedule.forget(holder);
                self.registrations.remove(&owner);
                self.tell(Event::Closed { owner });
            }
        }
    }

    /// The registrar's earliest binding runs out at some time; that is when to look again.
    pub(super) fn watch_bindings(&mut self) {
        match self.agent.registrar().next_expiry() {
            Some(at) => self
                .schedule
                .arm(Holder::Registrar, Timer::Registration, at),
            None => self.schedule.forget(Holder::Registrar),
        }
    }

    pub(super) fn bindings_due(&mut self, now: Instant) {
        let changes = self.agent.expire_bindings(now);
        self.bindings_changed(changes);
    }

    pub(super) fn admit(&mut self, users: Vec<User>, open: bool) {
        let changes = self.agent.admit_users(users, open);
        self.bindings_changed(changes);
    }

    fn bindings_changed(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.tell(Event::Binding(change));
        }
        self.watch_bindings();
    }
}
