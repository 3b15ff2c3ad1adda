//! Signatures of webhooks and of WebSocket handshakes: who made them, and making them.
//!
//! Every comparison of a secret's work takes the same time whatever was given (`ring`'s own).

pub mod basic;
pub mod plivo;
pub mod telnyx;
pub mod twilio;
pub mod vonage;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::{digest, hmac};

/// The most seconds a timestamped signature may differ from our clock, either way.
pub const WINDOW_S: u64 = 300;

/// Why a request was not proven to be the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// A header is not there.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// A header, or the body, says something that cannot be.
    #[error("{0}")]
    Malformed(&'static str),
    /// Made with an algorithm that we do not know.
    #[error("the signature's algorithm is not known here")]
    Algorithm,
    /// Made with a key that is not configured.
    #[error("the signature was made with a key that is not configured")]
    Key,
    /// Made too long ago, or in the future.
    #[error("the signature's time is {0} s from ours; at most {WINDOW_S} s are accepted")]
    Time(u64),
    /// The body is not the one that was signed.
    #[error("the body is not the one that was signed")]
    Body,
    /// The signature is not that of this request.
    #[error("the signature is not that of this request: check the credential and the public URL")]
    Different,
}

/// A keyed digest of a text, in base64.
fn keyed(algorithm: hmac::Algorithm, secret: &[u8], text: &[u8]) -> String {
    let key = hmac::Key::new(algorithm, secret);
    STANDARD.encode(hmac::sign(&key, text))
}

/// Whether the base64 text is the keyed digest of a text.
fn is_keyed(algorithm: hmac::Algorithm, secret: &[u8], text: &[u8], given: &str) -> bool {
    let key = hmac::Key::new(algorithm, secret);
    STANDARD
        .decode(given.trim())
        .is_ok_and(|given| hmac::verify(&key, text, &given).is_ok())
}

/// The same in the base64 of URLs.
fn is_keyed_url(algorithm: hmac::Algorithm, secret: &[u8], text: &[u8], given: &str) -> bool {
    let key = hmac::Key::new(algorithm, secret);
    URL_SAFE_NO_PAD
        .decode(given)
        .is_ok_and(|given| hmac::verify(&key, text, &given).is_ok())
}

/// SHA-256 in lower-case hexadecimal digits.
fn sha256_hex(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Refuses a time too far from ours; both in seconds since 1970.
fn check_time(at_s: u64, now_s: u64) -> Result<(), Unproven> {
    let apart = at_s.abs_diff(now_s);
    if apart > WINDOW_S {
        return Err(Unproven::Time(apart));
    }
    Ok(())
}
