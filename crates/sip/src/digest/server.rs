//! Checking credentials.

use std::time::Instant;

use super::hash::{Algorithm, keyed, same};
use super::nonce::{Nonces, Worth};
use super::{Digest, Qop};
use crate::header::lex::quote;
use crate::header::{AuthParams, Name};
use crate::message::Message;

/// What the credentials of a request prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are this user's.
    Known {
        /// The user name.
        username: String,
    },
    /// Nothing: challenge the request. The same for no credentials, an unknown user and a wrong
    /// password, so that nobody learns which users there are.
    Challenge {
        /// Whether only the nonce was at fault, so that the client may try again without asking
        /// for a password.
        stale: bool,
    },
}

/// A server of one realm.
#[derive(Debug)]
pub struct DigestServer {
    realm: String,
    algorithms: Vec<Algorithm>,
    nonces: Nonces,
    /// What is hashed for users who do not exist, so that they take as long as those who do.
    decoy: String,
}

impl DigestServer {
    /// A server that offers SHA-256, then MD5 (RFC 8760 §2.2: strongest first).
    pub fn new(realm: &str, algorithms: Vec<Algorithm>, seed: [u8; 32], now: Instant) -> Self {
        Self {
            realm: realm.to_owned(),
            algorithms,
            nonces: Nonces::new(seed, now),
            decoy: super::hash::hex(&keyed(&seed, b"digest decoy")),
        }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The values of WWW-Authenticate for a 401, one line each, strongest first.
    pub fn challenges(&mut self, now: Instant, stale: bool) -> Vec<String> {
        let nonce = self.nonces.make(now);
        let realm = quote(&self.realm);
        let stale = if stale { ", stale=true" } else { "" };
        let line = |algorithm: &Algorithm| {
            let algorithm = algorithm.as_str();
            format!(
                "Digest realm={realm}, nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}"
            )
        };
        self.algorithms.iter().map(line).collect()
    }

    /// Checks the Authorization of `request`. `password` gives the password of a user.
    pub fn verify<P: AsRef<str>>(
        &mut self,
        now: Instant,
        request: &Message,
        password: impl Fn(&str) -> Option<P>,
    ) -> Verdict {
        let refused = Verdict::Challenge { stale: false };
        let lines = request
            .headers(Name::Authorization)
            .filter_map(|line| AuthParams::parse(line).ok());
        // A client may send credentials for several realms; ours are those with our realm.
        let ours = |auth: &AuthParams<'_>| {
            auth.is_digest() && auth.get("realm").is_some_and(|realm| realm == self.realm)
        };
        let Some(given) = lines.filter(ours).find_map(|auth| Given::read(&auth)) else {
            return refused;
        };
        let known = password(&given.username);
        let secret = known.as_ref().map_or(self.decoy.as_str(), AsRef::as_ref);
        let matches = given.matches(request, &self.realm, secret);
        let offered = self.algorithms.contains(&given.algorithm);
        let right = matches & known.is_some() & offered;
        match self.nonces.worth(&given.nonce, now) {
            // A wrong answer does not use a count up: else whoever reads one nonce could spoil it.
            Worth::Good(_) | Worth::Stale if !right => refused,
            Worth::Good(id) => match self.nonces.take(id, given.count(), now) {
                true => Verdict::Known {
                    username: given.username,
                },
                false => Verdict::Challenge { stale: true },
            },
            Worth::Stale => Verdict::Challenge { stale: true },
            Worth::Foreign => refused,
        }
    }
}

/// The credentials of one Authorization line.
struct Given {
    username: String,
    nonce: String,
    uri: String,
    response: String,
    algorithm: Algorithm,
    /// qop, nc, cnonce.
    qop: Option<(Qop, String, String)>,
}

impl Given {
    fn read(auth: &AuthParams<'_>) -> Option<Self> {
        let text = |name| auth.get(name).map(|value| value.into_owned());
        let qop = match auth.get("qop") {
            None => None,
            Some(qop) => {
                let mut both = [Qop::Auth, Qop::AuthInt].into_iter();
                let qop = both.find(|known| qop.eq_ignore_ascii_case(known.as_str()))?;
                let nc = text("nc").filter(|nc| nc.len() == 8)?;
                u32::from_str_radix(&nc, 16).ok()?;
                Some((qop, nc, text("cnonce")?))
            }
        };
        let algorithm = auth
            .get("algorithm")
            .map_or(Some(Algorithm::Md5), |name| Algorithm::parse(&name));
        Some(Self {
            username: text("username")?,
            nonce: text("nonce")?,
            // Not compared with the Request-URI: proxies on the way rewrite that one
            // (RFC 3261 §22.4), and the nonce count already stops a response from being reused.
            uri: text("uri")?,
            response: text("response")?.to_ascii_lowercase(),
            algorithm: algorithm?,
            qop,
        })
    }

    fn count(&self) -> Option<u32> {
        let (_, nc, _) = self.qop.as_ref()?;
        u32::from_str_radix(nc, 16).ok()
    }

    fn matches(&self, request: &Message, realm: &str, password: &str) -> bool {
        let qop = self.qop.as_ref();
        let digest = Digest {
            algorithm: self.algorithm,
            username: &self.username,
            password,
            realm,
            nonce: &self.nonce,
            qop: qop.map(|(qop, nc, cnonce)| (*qop, nc.as_str(), cnonce.as_str())),
            method: request.method().map_or("", |method| method.as_str()),
            uri: &self.uri,
            body: request.body(),
        };
        same(digest.response().as_bytes(), self.response.as_bytes())
    }
}
