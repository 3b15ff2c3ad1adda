//! What a user agent does with a request before any user hears of it: RFC 3261 §8.2, §10.3, §11.2.
//!
//! Method, URI scheme, extensions and body are looked at in the order of §8.2; REGISTER and
//! OPTIONS are answered here; who may call is decided by [`AdmissionConfig`].

mod admission;
mod pace;

pub use admission::{AdmissionConfig, Caller, User};

use crate::dialog::is_private;
use crate::digest::{DigestServer, Verdict as Proof};
use crate::endpoint::{Path, Product, Reply};
use crate::header::Name;
use crate::message::{Message, Method};
use crate::registrar::{Change, Registrar, RegistrarConfig};
use crate::uri::Scheme;
use pace::Pace;
use std::net::IpAddr;
use std::time::Instant;

/// The methods understood, as Allow says them.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REFER, NOTIFY, REGISTER";

/// What this user agent understands, and who may use it.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// User-Agent and Server; absent when `None`.
    pub product: Option<String>,
    /// The bodies an INVITE may have.
    pub accept: Vec<String>,
    /// Extensions understood (RFC 3261 §19.2); any other in Require gets 420.
    pub supported: Vec<String>,
    /// Who may register and call.
    pub admission: AdmissionConfig,
    /// Limits of the registrar.
    pub registrar: RegistrarConfig,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            product: Some(concat!("Trunkline/", env!("CARGO_PKG_VERSION")).to_owned()),
            accept: vec!["application/sdp".to_owned()],
            supported: Vec::new(),
            admission: AdmissionConfig::default(),
            registrar: RegistrarConfig::default(),
        }
    }
}

/// What becomes of a request outside any dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is answered so.
    Answer(Reply),
    /// An INVITE that may become a call.
    Invite(Caller),
    /// It belongs into a dialog, and names none.
    InDialog,
}

#[derive(Debug)]
pub(crate) struct UserAgentCore {
    config: AgentConfig,
    seed: [u8; 32],
    /// Made with the first challenge: only then is the time known.
    digest: Option<DigestServer>,
    registrar: Registrar,
    pace: Option<Pace>,
}

impl UserAgentCore {
    pub fn new(config: AgentConfig, seed: [u8; 32]) -> Self {
        let registrar = Registrar::new(config.registrar);
        let pace = config.admission.requests_per_second.map(Pace::new);
        Self {
            pace,
            config,
            seed,
            digest: None,
            registrar,
        }
    }

    pub fn product(&self) -> Product {
        let supported = self.config.supported.join(", ");
        Product {
            name: self.config.product.clone(),
            allow: ALLOW.to_owned(),
            supported: Some(supported).filter(|list| !list.is_empty()),
        }
    }

    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    pub fn expire_bindings(&mut self, now: Instant) -> Vec<Change> {
        self.registrar.expire(now)
    }

    /// Puts other users in the place of those who were; the bindings of who is none are gone.
    /// Without any user everybody near may register, so every binding stays.
    pub fn admit_users(&mut self, users: Vec<User>, open: bool) -> Vec<Change> {
        let admission = &mut self.config.admission;
        (admission.users, admission.open) = (users, open);
        match admission.users.is_empty() {
            true => Vec::new(),
            false => self
                .registrar
                .forget_users(|name| admission.password(name).is_none()),
        }
    }

    /// Whether requests of a source are counted: not those of trunks, this machine and private
    /// networks.
    pub fn is_paced(&self, source: IpAddr) -> bool {
        let trusted =
            || is_private(source) || self.config.admission.is_trunk(source.to_canonical());
        self.pace.is_some() && !trusted()
    }

    /// Counts a request of a source; `false` where it is one too many.
    pub fn count(&mut self, now: Instant, source: IpAddr) -> bool {
        let pace = self.pace.as_mut();
        pace.is_none_or(|pace| pace.allows(now, source))
    }

    /// Looks at a request outside any dialog.
    pub fn screen(
        &mut self,
        now: Instant,
        request: &Message,
        path: &Path,
    ) -> (Verdict, Vec<Change>) {
        let method = request.method().cloned().unwrap_or(Method::Options);
        let refusal = check_method(&method)
            .or_else(|| check_scheme(request))
            .or_else(|| self.check_extensions(request))
            .or_else(|| self.check_body(request, &method));
        if let Some(reply) = refusal {
            return (Verdict::Answer(reply), Vec::new());
        }
        let verdict = match method {
            Method::Invite => match self.admit(now, request, path) {
                Ok(caller) => Verdict::Invite(caller),
                Err(refusal) => Verdict::Answer(refusal),
            },
            Method::Options => Verdict::Answer(self.options()),
            Method::Register => {
                let (reply, changes) = self.register(now, request, path);
                return (Verdict::Answer(reply), changes);
            }
            _ => Verdict::InDialog,
        };
        (verdict, Vec::new())
    }

    /// Looks at a request within a dialog; an answer where none is the user's to give.
    pub fn screen_in_dialog(&self, request: &Message) -> Option<Reply> {
        let method = request.method()?;
        check_method(method)
            .or_else(|| self.check_extensions(request))
            .or_else(|| self.check_body(request, method))
            .or_else(|| match method {
                Method::Options => Some(self.options()),
                // Registering is nothing one does in a call.
                Method::Register => Some(not_allowed()),
                _ => None,
            })
    }

    /// Require (§8.2.2.3): what is not understood must not be ignored. Proxy-Require is for
    /// proxies, which we are not.
    fn check_extensions(&self, request: &Message) -> Option<Reply> {
        let known = |tag: &&str| {
            self.config
                .supported
                .iter()
                .any(|have| have.eq_ignore_ascii_case(tag))
        };
        let unknown: Vec<_> = request
            .headers(Name::Require)
            .filter(|tag| !known(tag))
            .collect();
        let refused = !unknown.is_empty();
        refused.then(|| Reply::new(420).header("Unsupported", unknown.join(", ")))
    }

    /// Bodies that change a session must be ones we can read (§8.2.3), and the peer must be able
    /// to read ours (§21.4.7).
    fn check_body(&self, request: &Message, method: &Method) -> Option<Reply> {
        if !matches!(method, Method::Invite | Method::Update) {
            return None;
        }
        let accept = || self.config.accept.join(", ");
        if !request.body().is_empty() {
            let known = self
                .config
                .accept
                .iter()
                .any(|media| request.is_content(media));
            // RFC 3261 §20.11: a body marked optional may be left aside.
            let disposition = request.header(Name::ContentDisposition).unwrap_or_default();
            let optional = disposition
                .to_ascii_lowercase()
                .contains("handling=optional");
            if !known && !optional {
                return Some(Reply::new(415).header("Accept", accept()));
            }
            let plain = |coding: &str| coding.eq_ignore_ascii_case("identity");
            if !request.headers(Name::ContentEncoding).all(plain) {
                return Some(Reply::new(415).header("Accept-Encoding", "identity"));
            }
        }
        let mut wanted = request.headers(Name::Accept).peekable();
        let readable = |range: &str| self.config.accept.iter().any(|have| in_range(have, range));
        let unreadable = wanted.peek().is_some() && !wanted.any(readable);
        unreadable.then(|| Reply::new(406))
    }

    /// What an INVITE would find here (§11.2).
    fn options(&self) -> Reply {
        let reply = Reply::new(200)
            .header("Allow", ALLOW)
            .header("Accept", self.config.accept.join(", "))
            .header("Accept-Encoding", "identity")
            .header("Allow-Events", "refer");
        match self.product().supported {
            Some(supported) => reply.header("Supported", supported),
            None => reply,
        }
    }

    /// REGISTER (§10.3, steps 1 to 5): whose registration it is, and whether they may.
    fn register(&mut self, now: Instant, request: &Message, path: &Path) -> (Reply, Vec<Change>) {
        let to = request.to().map(|to| to.uri());
        let user = match &to {
            Ok(uri) if uri.is_sip() => uri.user().map(|user| user.into_owned()),
            // The address of record is a SIP or SIPS URI (§10.2, "To").
            _ => return (Reply::new(400), Vec::new()),
        };
        let allowed = if self.config.admission.users.is_empty() {
            // Nobody is configured: whoever is on this machine or its own network.
            match is_private(path.remote.ip()) {
                true => Ok(user.unwrap_or_default()),
                false => Err(Reply::new(403)),
            }
        } else {
            self.prove(now, request).and_then(|name| match user {
                Some(user) if user != name => Err(Reply::new(403)),
                _ => Ok(name),
            })
        };
        match allowed {
            Ok(user) => self.registrar.answer(now, &user, request, *path),
            Err(refusal) => (refusal, Vec::new()),
        }
    }

    /// The configured user whose credentials a request carries, or the challenge it gets.
    fn prove(&mut self, now: Instant, request: &Message) -> Result<String, Reply> {
        let admission = &self.config.admission;
        let digest = self.digest.get_or_insert_with(|| {
            DigestServer::new(
                &admission.realm,
                admission.algorithms.clone(),
                self.seed,
                now,
            )
        });
        let password = |name: &str| admission.password(name);
        match digest.verify(now, request, password) {
            Proof::Known { username } => Ok(username),
            Proof::Challenge { stale } => {
                let challenges = digest.challenges(now, stale).into_iter();
                Err(challenges.fold(Reply::new(401), |reply, line| {
                    reply.header("WWW-Authenticate", line)
                }))
            }
        }
    }
}

/// 405 for a method we know and do not do; 501 for one nobody here knows (§21.5.2).
fn check_method(method: &Method) -> Option<Reply> {
    let allowed = ALLOW.split(", ").any(|name| name == method.as_str());
    match method {
        _ if allowed => None,
        Method::Other(_) => Some(Reply::new(501).header("Allow", ALLOW)),
        _ => Some(not_allowed()),
    }
}

fn not_allowed() -> Reply {
    Reply::new(405).header("Allow", ALLOW)
}

/// The Request-URI's scheme (§8.2.2.1).
fn check_scheme(request: &Message) -> Option<Reply> {
    let scheme = request.request_uri().map(|uri| uri.scheme());
    let known = matches!(scheme, Some(Scheme::Sip | Scheme::Sips | Scheme::Tel));
    (!known).then(|| Reply::new(416))
}

/// Whether `media` is one a media range (`application/sdp`, `application/*`, `*/*`) takes in.
fn in_range(media: &str, range: &str) -> bool {
    let range = range.split(';').next().unwrap_or_default().trim();
    let (kind, sub) = range.split_once('/').unwrap_or((range, ""));
    let (have_kind, have_sub) = media.split_once('/').unwrap_or((media, ""));
    let matches = |pattern: &str, have: &str| pattern == "*" || pattern.eq_ignore_ascii_case(have);
    matches(kind, have_kind) && matches(sub, have_sub)
}
