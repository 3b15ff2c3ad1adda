//! Vonage's signed webhooks: a JSON web token (RFC 7519) of the account's signature secret, HS256,
//! in `Authorization: Bearer`. It covers the body by a digest, the URL not at all.

use super::{Unproven, check_time, is_keyed_url, sha256_hex};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// Carries the token.
pub const SIGNATURE_HEADER: &str = "Authorization";
/// The longest token that is looked at; Vonage's have about 500 bytes.
pub const TOKEN_BYTES_MAX: usize = 4_096;

#[derive(Deserialize, Serialize)]
struct Head {
    alg: String,
    typ: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Claims {
    /// When it was made, in seconds since 1970.
    iat: u64,
    /// SHA-256 of the body, in hexadecimal digits; absent where there is no body.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_hash: Option<String>,
}

/// Proves that Vonage sent a body, and lately; `authorization` is the header's whole value and
/// `now_s` seconds since 1970. A GET has an empty body.
///
/// # Errors
/// Why it is not proven.
pub fn verify(
    secret: &Secret,
    authorization: Option<&str>,
    body: &[u8],
    now_s: u64,
) -> Result<(), Unproven> {
    let value = authorization.ok_or(Unproven::Missing(SIGNATURE_HEADER))?;
    let token = bearer(value).ok_or(Unproven::Malformed("Authorization is no bearer token"))?;
    let claims = claims(secret, token)?;
    check_time(claims.iat, now_s)?;
    match claims.payload_hash {
        Some(hash) if hash.eq_ignore_ascii_case(&sha256_hex(body)) => Ok(()),
        None if body.is_empty() => Ok(()),
        _ => Err(Unproven::Body),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let fits = scheme.eq_ignore_ascii_case("bearer") && token.len() <= TOKEN_BYTES_MAX;
    fits.then(|| token.trim())
}

/// What the token claims, once its signature is proven. The algorithm is ours to choose, not the
/// token's: one that names another (`none` above all) is refused.
fn claims(secret: &Secret, token: &str) -> Result<Claims, Unproven> {
    let malformed = Unproven::Malformed("the bearer token is no JSON web token");
    let (signed, signature) = token.rsplit_once('.').ok_or(malformed.clone())?;
    let (head, claims) = signed.split_once('.').ok_or(malformed.clone())?;
    let head: Head = part(head).ok_or(malformed.clone())?;
    if head.alg != "HS256" {
        return Err(Unproven::Algorithm);
    }
    let secret = secret.reveal().as_bytes();
    if !is_keyed_url(hmac::HMAC_SHA256, secret, signed.as_bytes(), signature) {
        return Err(Unproven::Different);
    }
    part(claims).ok_or(malformed)
}

fn part<T: for<'d> Deserialize<'d>>(text: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Makes the whole value of the `Authorization` header for a body.
pub fn sign(secret: &Secret, body: &[u8], now_s: u64) -> String {
    let head = Head {
        alg: "HS256".to_owned(),
        typ: Some("JWT".to_owned()),
    };
    let claims = Claims {
        iat: now_s,
        payload_hash: (!body.is_empty()).then(|| sha256_hex(body)),
    };
    let signed = format!("{}.{}", encoded(&head), encoded(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("Bearer {signed}.{signature}")
}

fn encoded(part: &impl Serialize) -> String {
    let json = serde_json::to_vec(part).expect("texts and numbers are JSON");
    URL_SAFE_NO_PAD.encode(json)
}
