//! Basic credentials (RFC 7617), which Exotel sends in place of a signature, and with which our own
//! requests to some providers are made.

use super::Unproven;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};

/// Carries the credentials.
pub const HEADER: &str = "Authorization";

/// The value of the header for a name and a password.
pub fn value(user: &str, password: &Secret) -> String {
    let pair = format!("{user}:{}", password.reveal());
    format!("Basic {}", STANDARD.encode(pair))
}

/// The name and the password in a header's value.
pub fn parse(value: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = value.split_once(' ')?;
    let encoded = scheme.eq_ignore_ascii_case("basic").then_some(encoded)?;
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some((user.to_owned(), Secret::new(password)))
}

/// Proves that whoever asks knows a name and a password.
///
/// # Errors
/// Why it is not proven.
pub fn verify(user: &str, password: &Secret, given: Option<&str>) -> Result<(), Unproven> {
    let given = given.ok_or(Unproven::Missing(HEADER))?;
    let (name, secret) = parse(given).ok_or(Unproven::Malformed(
        "Authorization carries no Basic credentials",
    ))?;
    let known = format!("{user}:{}", password.reveal());
    let offered = format!("{name}:{}", secret.reveal());
    match is_same(&known, &offered) {
        true => Ok(()),
        false => Err(Unproven::Different),
    }
}

/// Compares keyed digests, so that the time taken says nothing about either text.
fn is_same(known: &str, offered: &str) -> bool {
    let key = hmac::Key::new(
        hmac::HMAC_SHA256,
        digest::digest(&digest::SHA256, known.as_bytes()).as_ref(),
    );
    let tag = hmac::sign(&key, offered.as_bytes());
    hmac::verify(&key, known.as_bytes(), tag.as_ref()).is_ok()
}
