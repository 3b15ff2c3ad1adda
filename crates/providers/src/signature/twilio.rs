//! Twilio: `X-Twilio-Signature`, which SignalWire and other kin copy.
//!
//! The signed text is the URL as configured at Twilio, then every distinct name and value of the
//! form in order, without anything between. Twilio itself is not of one mind whether the URL has
//! its port, therefore both spellings are accepted.

use super::{Unproven, is_keyed, keyed, sha256_hex};
use crate::form::Form;
use crate::secret::Secret;
use crate::url::Url;
use ring::hmac;

/// Carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Twilio-Signature";
/// Says with which key and algorithm it was made, where that is not the auth token and SHA-1.
pub const SETTINGS_HEADER: &str = "X-Twilio-Webhooks-Signature-Settings";

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// With the account's auth token.
    HmacSha1,
    /// With a shared key.
    HmacSha256,
}

impl Algorithm {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::HmacSha256 => hmac::HMAC_SHA256,
        }
    }
}

/// What we share with Twilio.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The account's auth token.
    pub auth_token: Secret,
    /// Shared keys by their identifier, where the account signs with them.
    pub shared_keys: Vec<(String, Secret)>,
}

/// What was signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'r> {
    /// A GET: the URL alone.
    Get,
    /// The WebSocket handshake of a media stream: the URL alone, whose scheme and trailing slash
    /// are spelled in more than one way.
    Handshake,
    /// A form's parameters.
    Form(&'r Form),
    /// Any other body, whose SHA-256 stands in the URL as `bodySHA256`.
    Body(&'r [u8]),
}

/// The headers that matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'r> {
    /// [`SIGNATURE_HEADER`].
    pub signature: Option<&'r str>,
    /// [`SETTINGS_HEADER`].
    pub settings: Option<&'r str>,
}

/// Makes a signature, as Twilio would for this URL. A body that is no form is signed by giving a
/// URL from [`with_body_hash`] and no parameters.
pub fn sign(algorithm: Algorithm, secret: &Secret, url: &str, form: &Form) -> String {
    let text = signed_text(url, form);
    keyed(
        algorithm.hmac(),
        secret.reveal().as_bytes(),
        text.as_bytes(),
    )
}

/// The URL with the digest of a body that is no form.
pub fn with_body_hash(url: &str, body: &[u8]) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}bodySHA256={}", sha256_hex(body))
}

/// Proves that Twilio made a request to this URL, the public one.
///
/// # Errors
/// Why it is not proven.
pub fn verify(
    keys: &Keys,
    url: &str,
    signed: Signed<'_>,
    headers: Headers<'_>,
) -> Result<(), Unproven> {
    let given = headers
        .signature
        .ok_or(Unproven::Missing(SIGNATURE_HEADER))?;
    let (algorithm, secret) = method(keys, headers.settings)?;
    let url = Url::parse(url).ok_or(Unproven::Malformed("the URL is none"))?;
    let nothing = Form::default();
    let form = match signed {
        Signed::Form(form) => form,
        Signed::Body(body) => {
            check_body(&url, body)?;
            &nothing
        }
        Signed::Get | Signed::Handshake => &nothing,
    };
    let secret = secret.reveal().as_bytes();
    let is_made_for = |url: &String| {
        let text = signed_text(url, form);
        is_keyed(algorithm.hmac(), secret, text.as_bytes(), given)
    };
    let spellings = match signed {
        Signed::Handshake => handshake_spellings(&url),
        _ => port_spellings(&url, url.scheme, url.path),
    };
    match spellings.iter().any(is_made_for) {
        true => Ok(()),
        false => Err(Unproven::Different),
    }
}

/// The algorithm and key that the settings name; without settings SHA-1 and the auth token.
fn method<'k>(keys: &'k Keys, settings: Option<&str>) -> Result<(Algorithm, &'k Secret), Unproven> {
    let parts = settings.unwrap_or_default().split(',');
    let setting = |wanted: &str| {
        let mut pairs = parts.clone().filter_map(|part| part.split_once('='));
        let value = pairs.find_map(|(name, value)| (name.trim() == wanted).then(|| value.trim()));
        value.filter(|value| !value.is_empty())
    };
    let algorithm = setting("algorithm").unwrap_or("HMAC_SHA1");
    if algorithm.eq_ignore_ascii_case("HMAC_SHA1") {
        return Ok((Algorithm::HmacSha1, &keys.auth_token));
    }
    if !algorithm.eq_ignore_ascii_case("HMAC_SHA256") {
        return Err(Unproven::Algorithm);
    }
    let named = setting("key").ok_or(Unproven::Key)?;
    let mut shared = keys.shared_keys.iter();
    let key = shared.find_map(|(id, secret)| (id == named).then_some(secret));
    Ok((Algorithm::HmacSha256, key.ok_or(Unproven::Key)?))
}

/// The URL, and each distinct name and value of the form, by name and then by value.
fn signed_text(url: &str, form: &Form) -> String {
    let mut pairs = form.sorted();
    pairs.dedup();
    let mut text = url.to_owned();
    for (name, value) in pairs {
        text.push_str(name);
        text.push_str(value);
    }
    text
}

/// The digest stands in the URL, which is signed; so it is no secret.
fn check_body(url: &Url<'_>, body: &[u8]) -> Result<(), Unproven> {
    let query = Form::parse(url.query.unwrap_or_default().as_bytes());
    let query = query.map_err(|_| Unproven::Malformed("the URL's query cannot be read"))?;
    match query.get("bodySHA256") {
        Some(hash) if hash.eq_ignore_ascii_case(&sha256_hex(body)) => Ok(()),
        Some(_) => Err(Unproven::Body),
        // Without a digest only an empty body is covered by the signature.
        None if body.is_empty() => Ok(()),
        None => Err(Unproven::Body),
    }
}

/// Without a port and with one.
fn port_spellings(url: &Url<'_>, scheme: &str, path: &str) -> Vec<String> {
    let bare = url.authority_without_port();
    let with_port = format!("{bare}:{}", url.port_or_default());
    vec![
        url.with(scheme, bare, path),
        url.with(scheme, &with_port, path),
    ]
}

/// A handshake is signed as `wss` or as the `https` it begins as, and with a trailing slash more
/// or less.
fn handshake_spellings(url: &Url<'_>) -> Vec<String> {
    let without = url.path.trim_end_matches('/');
    let with = format!("{without}/");
    let schemes: [&str; 2] = match url.scheme {
        "ws" | "http" => ["ws", "http"],
        _ => ["wss", "https"],
    };
    let mut spellings = Vec::with_capacity(8);
    for scheme in schemes {
        for path in [without, &with] {
            spellings.extend(port_spellings(url, scheme, path));
        }
    }
    spellings
}
