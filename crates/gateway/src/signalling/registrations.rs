//! Our registrations at trunks, and the devices registered here.

use super::Desk;
use crate::settings::Trunk;
use serde_json::json;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use trunkline_sip::Uri;
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint::{Action, OwnerId};
use trunkline_sip::registrar::Change;
use trunkline_sip::registration::{RegistrationConfig, Standing};
use trunkline_sip::user_agent::Caller;

/// How long a registration is asked for.
const EXPIRES: Duration = Duration::from_secs(300);

/// What is known of our trunks.
#[derive(Debug, Default)]
pub struct Registrations {
    names: HashMap<OwnerId, String>,
    standings: HashMap<String, Standing>,
    /// Where each trunk is, as looked up before the start.
    addresses: HashMap<String, SocketAddr>,
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
    pub fn new(addresses: impl IntoIterator<Item = (String, SocketAddr)>) -> Self {
        Self {
            addresses: addresses.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Where a trunk is.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.addresses.get(name).copied()
    }

    fn name_at(&self, address: IpAddr) -> Option<&str> {
        let at = |known: &SocketAddr| known.ip().to_canonical() == address.to_canonical();
        self.addresses
            .iter()
            .find(|(_, known)| at(known))
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
        let address = self.registrations.address(name)?;
        let path = self.transports.path(trunk.transport, address)?;
        let user = trunk.username.as_deref()?;
        let registrar: Uri = format!("sip:{}", trunk.host).parse().ok()?;
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

    /// The trunk a call came by.
    pub(super) fn trunk_of(&self, caller: &Caller) -> Option<&str> {
        match caller {
            Caller::Trunk(address) => self.registrations.name_at(*address),
            _ => None,
        }
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
