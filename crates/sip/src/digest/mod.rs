//! Digest authentication (RFC 7616, with RFC 8760 for SIP): as a client and as a server.
//!
//! [`DigestClient`] answers challenges with one account's credentials; [`DigestServer`] makes
//! challenges and checks what comes back. Neither has a clock or chance of its own: time is an
//! argument, nonces and cnonces come from a seed.

mod client;
mod hash;
mod nonce;
mod server;

pub use client::{Account, DigestClient, Refused};
pub use hash::Algorithm;
pub use nonce::{NONCE_LIFETIME, NONCES_MAX};
pub use server::{DigestServer, Verdict};

use hash::hex;

/// `qop`: what the response protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// The request line.
    Auth,
    /// The request line and the body.
    AuthInt,
}

impl Qop {
    /// The token on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}

/// Everything a digest response is computed from (RFC 7616 §3.4.1).
#[derive(Clone, Copy, Debug)]
pub struct Digest<'a> {
    /// The hash, and whether the session variant is meant.
    pub algorithm: Algorithm,
    /// The user.
    pub username: &'a str,
    /// Their password.
    pub password: &'a str,
    /// The realm of the challenge.
    pub realm: &'a str,
    /// The nonce of the challenge.
    pub nonce: &'a str,
    /// qop with nc (eight hexadecimal digits) and cnonce; `None` is the form of RFC 2069.
    pub qop: Option<(Qop, &'a str, &'a str)>,
    /// The method of the request.
    pub method: &'a str,
    /// The `uri` parameter of the credentials.
    pub uri: &'a str,
    /// The body, which only auth-int looks at.
    pub body: &'a [u8],
}

impl Digest<'_> {
    /// The response, in lower-case hexadecimal.
    pub fn response(&self) -> String {
        let hash = |parts: &[&[u8]]| hex(&self.algorithm.hash(parts));
        let colon: &[u8] = b":";
        let cnonce = self.qop.map_or("", |(_, _, cnonce)| cnonce);
        let mut ha1 = hash(&[
            self.username.as_bytes(),
            colon,
            self.realm.as_bytes(),
            colon,
            self.password.as_bytes(),
        ]);
        if self.algorithm.is_session() {
            let nonces = [self.nonce.as_bytes(), colon, cnonce.as_bytes()];
            ha1 = hash(&[ha1.as_bytes(), colon, nonces[0], nonces[1], nonces[2]]);
        }
        let ha2 = match self.qop {
            Some((Qop::AuthInt, ..)) => {
                let body = hash(&[self.body]);
                hash(&[
                    self.method.as_bytes(),
                    colon,
                    self.uri.as_bytes(),
                    colon,
                    body.as_bytes(),
                ])
            }
            _ => hash(&[self.method.as_bytes(), colon, self.uri.as_bytes()]),
        };
        match self.qop {
            Some((qop, nc, cnonce)) => {
                let middle = format!(":{}:{nc}:{cnonce}:{}:", self.nonce, qop.as_str());
                hash(&[ha1.as_bytes(), middle.as_bytes(), ha2.as_bytes()])
            }
            None => hash(&[
                ha1.as_bytes(),
                colon,
                self.nonce.as_bytes(),
                colon,
                ha2.as_bytes(),
            ]),
        }
    }
}
