//! Who may call.

use super::UserAgentCore;
use crate::dialog::is_private;
use crate::digest::Algorithm;
use crate::endpoint::{Path, Reply};
use crate::message::Message;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Instant;

/// Somebody with a name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The user part of their address of record, and their name in digest.
    pub name: String,
    /// Their password.
    pub password: String,
}

/// Shows no password.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Who may register and call.
#[derive(Debug, Clone)]
pub struct AdmissionConfig {
    /// The realm of challenges.
    pub realm: String,
    /// The algorithms of challenges, a header each in this order (RFC 8760 §2.4). Some phones
    /// look at the first header only, and some stumble over a second one.
    pub algorithms: Vec<Algorithm>,
    /// Users, who prove themselves by digest.
    pub users: Vec<User>,
    /// Addresses whose calls are taken as they come.
    pub trunks: Vec<IpAddr>,
    /// Calls from public addresses are taken without user or trunk.
    pub open: bool,
    /// How many requests outside our dialogs one public source that is no trunk may send a second,
    /// and five times that after a silence; what is beyond gets 503. `None`: as many as it likes.
    pub requests_per_second: Option<NonZeroU32>,
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        let (users, trunks) = (Vec::new(), Vec::new());
        Self {
            realm: "trunkline".to_owned(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            users,
            trunks,
            open: false,
            requests_per_second: None,
        }
    }
}

impl AdmissionConfig {
    /// Whether a canonical address is a trunk's.
    pub(super) fn is_trunk(&self, source: IpAddr) -> bool {
        let mut trunks = self.trunks.iter();
        trunks.any(|trunk| trunk.to_canonical() == source)
    }

    pub(super) fn password(&self, name: &str) -> Option<&str> {
        self.users
            .iter()
            .find(|user| user.name == name)
            .map(|user| user.password.as_str())
    }
}

/// Who a call was shown to be from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A configured user, by digest.
    User(String),
    /// A trunk, by its address.
    Trunk(IpAddr),
    /// Somebody on this machine or in its own network.
    Local,
    /// Anybody.
    Stranger,
}

impl UserAgentCore {
    /// Whether an INVITE may become a call. Whoever says to be a configured user must prove it,
    /// wherever the call comes from; a trunk is known by its address.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        request: &Message,
        path: &Path,
    ) -> Result<Caller, Reply> {
        let source = path.remote.ip().to_canonical();
        let admission = &self.config.admission;
        if admission.is_trunk(source) {
            return Ok(Caller::Trunk(source));
        }
        let from = request.from().map(|from| from.uri()).ok();
        let name = from.as_ref().and_then(|uri| uri.user());
        let claims = name.is_some_and(|name| admission.password(&name).is_some());
        let public = !is_private(source);
        // A public source is challenged whoever it says to be, or the answer would tell names
        // that exist from names that do not.
        if claims || (public && !admission.open && !admission.users.is_empty()) {
            return self.prove(now, request).map(Caller::User);
        }
        match (public, admission.open) {
            (false, _) => Ok(Caller::Local),
            (true, true) => Ok(Caller::Stranger),
            (true, false) => Err(Reply::new(403)),
        }
    }
}
