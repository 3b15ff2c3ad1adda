//! Telnyx: Ed25519 over the time and the body, whatever kind of body it is.

use super::{Unproven, check_time};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// Carries the signature, 64 bytes in base64.
pub const SIGNATURE_HEADER: &str = "telnyx-signature-ed25519";
/// Carries the time it was made, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "telnyx-timestamp";

const PUBLIC_KEY_BYTES: usize = 32;

/// The public key of an account, which Telnyx shows in its portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_KEY_BYTES]);

/// A text that is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a public key of Telnyx is 32 bytes in base64, 44 characters")]
pub struct BadPublicKey;

impl std::str::FromStr for PublicKey {
    type Err = BadPublicKey;

    fn from_str(text: &str) -> Result<Self, BadPublicKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| BadPublicKey)?;
        bytes.try_into().map(Self).map_err(|_| BadPublicKey)
    }
}

/// The headers that matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'r> {
    /// [`SIGNATURE_HEADER`].
    pub signature: Option<&'r str>,
    /// [`TIMESTAMP_HEADER`].
    pub timestamp: Option<&'r str>,
}

/// Proves that Telnyx sent a body, and lately; `now_s` is seconds since 1970.
///
/// # Errors
/// Why it is not proven.
pub fn verify(
    key: &PublicKey,
    body: &[u8],
    headers: Headers<'_>,
    now_s: u64,
) -> Result<(), Unproven> {
    let given = headers
        .signature
        .ok_or(Unproven::Missing(SIGNATURE_HEADER))?;
    let timestamp = headers
        .timestamp
        .ok_or(Unproven::Missing(TIMESTAMP_HEADER))?;
    let at_s = timestamp
        .parse()
        .map_err(|_| Unproven::Malformed("telnyx-timestamp is no number"))?;
    check_time(at_s, now_s)?;
    let signature = STANDARD
        .decode(given)
        .map_err(|_| Unproven::Malformed("telnyx-signature-ed25519 is not base64"))?;
    UnparsedPublicKey::new(&ED25519, key.0)
        .verify(&signed_bytes(timestamp, body), &signature)
        .map_err(|_| Unproven::Different)
}

/// The other end's key, for whoever plays Telnyx.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

/// A text that is no signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing key is 32 bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct BadSigningKey;

impl std::str::FromStr for SigningKey {
    type Err = BadSigningKey;

    fn from_str(text: &str) -> Result<Self, BadSigningKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| BadSigningKey)?;
        bytes.try_into().map(Self::new).map_err(|_| BadSigningKey)
    }
}

impl SigningKey {
    /// The key of a seed.
    pub fn new(seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        Self(pair.expect("a seed has 32 bytes, and every such seed is a key"))
    }

    /// What the account would show in the portal, in base64.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// The signature of a body at a time in seconds since 1970.
    pub fn sign(&self, timestamp_s: u64, body: &[u8]) -> String {
        let signed = signed_bytes(&timestamp_s.to_string(), body);
        STANDARD.encode(self.0.sign(&signed))
    }
}

fn signed_bytes(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), b"|", body].concat()
}
