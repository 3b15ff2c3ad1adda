//! Answering challenges.

use super::hash::{Algorithm, hex, keyed};
use super::{Digest, Qop};
use crate::header::lex::quote;
use crate::header::{AuthParams, Name};
use crate::message::Message;

/// A name and password, and where they may be shown.
#[derive(Clone)]
pub struct Account {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The only realm these credentials are for. `None` trusts the peer to name its own; the
    /// caller must then give a client to that peer alone, or any server could ask for an answer.
    pub realm: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            username, realm, ..
        } = self;
        f.debug_struct("Account")
            .field("username", username)
            .field("realm", realm)
            .finish()
    }
}

/// Why a challenge is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The response holds no Digest challenge with an algorithm and qop we know.
    NoChallenge,
    /// The challenge is for a realm these credentials are not for.
    OtherRealm,
    /// Our answer to this peer was refused: the name or the password is wrong.
    WrongCredentials,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refused::NoChallenge => "there is no digest challenge with a known algorithm and qop",
            Refused::OtherRealm => "the challenge is for a realm the credentials are not for",
            Refused::WrongCredentials => "the user name or the password was refused",
        })
    }
}

impl std::error::Error for Refused {}

/// Credentials for one peer, and the challenge they answer at the moment.
#[derive(Clone, Debug)]
pub struct DigestClient {
    account: Account,
    seed: [u8; 32],
    challenge: Option<Challenge>,
    /// How often the nonce of the challenge has been used.
    count: u32,
    cnonces: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Challenge {
    header: Name,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the challenge wrote it, for the answer; `None` when it named none.
    algorithm: Option<Algorithm>,
    qop: Option<Qop>,
    stale: bool,
}

impl DigestClient {
    /// Credentials without a challenge yet.
    pub fn new(account: Account, seed: [u8; 32]) -> Self {
        Self {
            account,
            seed,
            challenge: None,
            count: 0,
            cnonces: 0,
        }
    }

    /// Takes the strongest challenge of a 401 or 407 that can be answered. `answered` says whether
    /// the request so refused carried an answer of ours: then only a stale nonce or a new realm is
    /// worth another try (RFC 3261 §22.2).
    pub fn take_challenge(&mut self, response: &Message, answered: bool) -> Result<(), Refused> {
        let (from, header) = match response.status() {
            Some(401) => (Name::WwwAuthenticate, Name::Authorization),
            Some(407) => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => return Err(Refused::NoChallenge),
        };
        let lines = response
            .headers(from)
            .filter_map(|line| AuthParams::parse(line).ok());
        let found: Vec<_> = lines
            .filter_map(|auth| Challenge::read(&auth, header))
            .collect();
        if found.is_empty() {
            return Err(Refused::NoChallenge);
        }
        let ours = |realm: &str| {
            self.account
                .realm
                .as_deref()
                .is_none_or(|wanted| wanted == realm)
        };
        let ours = found.into_iter().filter(|challenge| ours(&challenge.realm));
        // Of equals the topmost: `max_by_key` would take the last.
        let strongest = ours.rev().max_by_key(|challenge| challenge.algorithm);
        let challenge = strongest.ok_or(Refused::OtherRealm)?;
        let same_place = |old: &Challenge| old.realm == challenge.realm && old.header == header;
        let again = answered && self.challenge.as_ref().is_some_and(same_place);
        if again && !challenge.stale {
            return Err(Refused::WrongCredentials);
        }
        self.challenge = Some(challenge);
        self.count = 0;
        Ok(())
    }

    /// The header and value that answer the challenge for `request`; `None` without a challenge.
    /// Each call counts one use of the nonce.
    pub fn credentials(&mut self, request: &Message) -> Option<(Name, String)> {
        let challenge = self.challenge.as_ref()?;
        let method = request.method()?.as_str();
        let uri = request.request_uri_str()?;
        self.count += 1;
        self.cnonces += 1;
        let nc = format!("{:08x}", self.count);
        let cnonce = hex(&keyed(&self.seed, &self.cnonces.to_be_bytes())[..16]);
        let Account {
            username, password, ..
        } = &self.account;
        let digest = Digest {
            algorithm: challenge.algorithm.unwrap_or(Algorithm::Md5),
            username,
            password,
            realm: &challenge.realm,
            nonce: &challenge.nonce,
            qop: challenge.qop.map(|qop| (qop, nc.as_str(), cnonce.as_str())),
            method,
            uri,
            body: request.body(),
        };
        Some((challenge.header, challenge.write(&digest)))
    }

    /// `request` with the answer to the challenge, if there is one.
    pub fn authorize(&mut self, request: &Message) -> Option<Message> {
        let (name, value) = self.credentials(request)?;
        Some(request.edit().set(name, value).build())
    }
}

impl Challenge {
    fn read(auth: &AuthParams<'_>, header: Name) -> Option<Self> {
        if !auth.is_digest() {
            return None;
        }
        let text = |name| auth.get(name).map(|value| value.into_owned());
        let algorithm = match auth.get("algorithm") {
            Some(name) => Some(Algorithm::parse(&name)?),
            None => None,
        };
        let qop = match auth.get("qop") {
            // Some servers send qop="" and mean none.
            Some(offered) if !offered.trim().is_empty() => {
                let offers = |qop: &Qop| {
                    offered
                        .split(',')
                        .any(|token| token.trim().eq_ignore_ascii_case(qop.as_str()))
                };
                Some([Qop::Auth, Qop::AuthInt].into_iter().find(offers)?)
            }
            _ => None,
        };
        // A session key is bound to a cnonce, which only qop carries.
        if qop.is_none() && algorithm.is_some_and(Algorithm::is_session) {
            return None;
        }
        let stale = auth
            .get("stale")
            .is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        let (realm, nonce, opaque) = (text("realm")?, text("nonce")?, text("opaque"));
        Some(Self {
            header,
            realm,
            nonce,
            opaque,
            algorithm,
            qop,
            stale,
        })
    }

    fn write(&self, digest: &Digest<'_>) -> String {
        let mut out = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"",
            quote(digest.username),
            quote(&self.realm),
            quote(&self.nonce),
            quote(digest.uri),
            digest.response(),
        );
        if let Some(algorithm) = self.algorithm {
            out.push_str(&format!(", algorithm={}", algorithm.as_str()));
        }
        if let Some((qop, nc, cnonce)) = digest.qop {
            out.push_str(&format!(
                ", qop={}, nc={nc}, cnonce=\"{cnonce}\"",
                qop.as_str()
            ));
        }
        if let Some(opaque) = &self.opaque {
            out.push_str(&format!(", opaque={}", quote(opaque)));
        }
        out
    }
}
