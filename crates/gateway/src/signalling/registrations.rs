//! Our registrations at trunks, and the devices registered here.

use super::Desk;
use super::incoming::Invite;
use crate::settings::Trunk;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;
use trunkline_sip::Uri;
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint::{Action, OwnerId};
use trunkline_sip::registrar::Change;
use trunkline_sip::registration::{RegistrationConfig, Standing};
use trunkline_sip::user_agent::Caller;

/// How long a registration is asked for.
const EXPIRES: Duration = Duration::from_secs(300);

/// The trunks of the configuration, by name.
type Trunks = BTreeMap<String, Trunk>;

/// What is known of our trunks.
#[derive(Debug, Default)]
pub struct Registrations {
    names: HashMap<OwnerId, String>,
    standings: HashMap<String, Standing>,
    /// Where each trunk is, as looked up before the start: its servers, best first.
    addresses: HashMap<String, Vec<SocketAddr>>,
}

impl Registrations {
    /// How a trunk stands, in words.
    pub fn standing(&self, name: &str) -> String {
        match self.standings.get(name) {
            _ if !self.names.values().any(|known| known == name) => "not asked".to_owned(),
            None => "registering".to_owned(),
            Some(Standing::Registered { expires }) => {
                format!("registered for {} s", expires.as_secs())
            }
            Some(Standing::Refused { status, retry_in }) => {
                format!("refused with {status}; again in {} s", retry_in.as_secs())
            }
            Some(Standing::Unreachable { retry_in }) => {
                format!("no answer; again in {} s", retry_in.as_secs())
            }
            Some(Standing::Unregistered) => "unregistered".to_owned(),
        }
    }

    /// No registration yet, at trunks that are known to be there.
    pub fn new(addresses: impl IntoIterator<Item = (String, Vec<SocketAddr>)>) -> Self {
        Self {
            addresses: addresses.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Where a trunk is; nowhere as far as is known, perhaps.
    pub fn addresses(&self, name: &str) -> &[SocketAddr] {
        self.addresses.get(name).map_or(&[], Vec::as_slice)
    }

    /// The trunk that a call to this user came by, from an address that belongs to one at least.
    /// Where several have it, it is the one that was asked to send calls for this user, else the one
    /// that is configured with the very port, else the first by name.
    fn name_at(&self, from: SocketAddr, user: &str, trunks: &Trunks) -> Option<&str> {
        let host = from.ip().to_canonical();
        let all = self.addresses.iter();
        let all = all.flat_map(|(name, known)| known.iter().map(move |known| (name, known)));
        let here = all.filter(|(_, known)| known.ip().to_canonical() == host);
        let rank = |name: &String, known: &SocketAddr| {
            let trunk = trunks.get(name).filter(|trunk| trunk.register);
            let asked = trunk.is_some_and(|trunk| trunk.username.as_deref() == Some(user));
            (asked, known.port() == from.port())
        };
        here.min_by(|(a, at_a), (b, at_b)| rank(b, at_b).cmp(&rank(a, at_a)).then(a.cmp(b)))
            .map(|(name, _)| name.as_str())
    }
}

impl Desk {
    /// Asks every trunk that wants it for a registration.
    pub(super) fn register_trunks(&mut self) {
        let settings = std::sync::Arc::clone(&self.settings);
        for (name, trunk) in settings.trunks.iter().filter(|(_, trunk)| trunk.register) {
            let Some(config) = self.registration(name, trunk) else {
                tracing::error!(trunk = %name, "not registered: no address, or no listener of its transport");
                continue;
            };
            let owner = self.endpoint.new_owner();
            self.registrations.names.insert(owner, name.clone());
            self.act(Action::Register {
                owner,
                config: Box::new(config),
            });
        }
    }

    fn registration(&mut self, name: &str, trunk: &Trunk) -> Option<RegistrationConfig> {
        let mut addresses = self.registrations.addresses(name).iter();
        let path = addresses.find_map(|at| self.transports.path(trunk.transport, *at))?;
        let user = trunk.username.as_deref()?;
        let registrar = Uri::sip(None, &trunk.host, trunk.uri_port())?;
        let credentials = trunk.password.as_ref().map(|password| Account {
            username: user.to_owned(),
            password: password.clone(),
            realm: None,
        });
        Some(RegistrationConfig {
            path,
            registrar,
            aor: format!("<sip:{user}@{}>", trunk.host),
            contact_user: Some(user.to_owned()),
            route: Vec::new(),
            expires: EXPIRES,
            credentials,
        })
    }

    pub(super) fn registered(&mut self, owner: OwnerId, standing: Standing) {
        let Some(name) = self.registrations.names.get(&owner).cloned() else {
            return;
        };
        match standing {
            Standing::Registered { expires } => {
                tracing::info!(trunk = %name, "registered for {} s", expires.as_secs());
            }
            standing => tracing::warn!(trunk = %name, "not registered: {standing:?}"),
        }
        self.registrations.standings.insert(name.clone(), standing);
        let words = self.registrations.standing(&name);
        self.control.announce("trunk.registration", || {
            json!({"trunk": name, "standing": words}).to_string()
        });
    }

    /// The trunk a call came by. A registrar calls the user whose Contact it was given.
    pub(super) fn trunk_of(&self, invite: &Invite) -> Option<&str> {
        let Caller::Trunk(_) = invite.caller else {
            return None;
        };
        let called = invite.request.request_uri();
        let user = called.as_ref().and_then(Uri::user).unwrap_or_default();
        self.registrations
            .name_at(invite.path.remote, &user, &self.settings.trunks)
    }

    pub(super) fn device(&self, change: &Change) {
        let (user, contact, state) = match change {
            Change::Registered { user, contact } => (user, contact, "registered"),
            Change::Gone { user, contact } => (user, contact, "gone"),
        };
        self.control.announce("device.changed", || {
            json!({"user": user, "contact": contact.as_str(), "state": state}).to_string()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_sip::endpoint::Transport;

    fn trunk(username: &str) -> Trunk {
        Trunk {
            host: "192.0.2.7".to_owned(),
            port: Some(5060),
            transport: Transport::Udp,
            register: !username.is_empty(),
            username: Some(username.to_owned()),
            password: None,
        }
    }

    #[test]
    fn trunks_behind_one_address_are_told_apart_by_user_then_by_port() {
        let at = |address: &str| address.parse::<SocketAddr>().unwrap();
        let known = [
            ("berlin", at("192.0.2.7:5060")),
            ("london", at("192.0.2.7:5080")),
            ("madrid", at("192.0.2.7:5090")),
            ("tokyo", at("192.0.2.8:5060")),
        ];
        let registrations = Registrations::new(known.map(|(name, at)| (name.to_owned(), vec![at])));
        let users = [
            ("berlin", ""),
            ("london", "442"),
            ("madrid", "341"),
            ("tokyo", ""),
        ];
        let trunks: Trunks = users
            .map(|(name, user)| (name.to_owned(), trunk(user)))
            .into();
        let name = |from, to| registrations.name_at(at(from), to, &trunks);
        assert_eq!(name("192.0.2.7:5080", "341"), Some("madrid"), "its user");
        assert_eq!(name("192.0.2.7:5080", "99"), Some("london"), "its port");
        assert_eq!(name("192.0.2.7:40000", "99"), Some("berlin"), "the first");
        assert_eq!(name("[::ffff:192.0.2.8]:9", "341"), Some("tokyo"));
        assert_eq!(name("192.0.2.9:5060", "341"), None);
    }
}
