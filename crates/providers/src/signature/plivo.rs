//! Plivo's signature of version 3, and Vobiz's, which differs in the names of its headers.
//!
//! The signed text is the URL with its query sorted, the form's names and values sorted, and a
//! nonce. A `?` stands before the form even where there is no query, and a `.` only where there is.

use super::{Unproven, is_keyed, keyed};
use crate::form::Form;
use crate::secret::Secret;
use crate::url::Url;
use ring::hmac;

/// The most signatures in one header: one an auth token, of which an account has two while it
/// changes them.
pub const SIGNATURES_MAX: usize = 8;

/// How the headers are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderNames {
    /// Carries signatures, with commas between.
    pub signature: &'static str,
    /// The same, made with the main account's token where a subaccount has the call.
    pub main_account: Option<&'static str>,
    /// Carries the nonce.
    pub nonce: &'static str,
}

/// Plivo's.
pub const PLIVO: HeaderNames = HeaderNames {
    signature: "X-Plivo-Signature-V3",
    main_account: Some("X-Plivo-Signature-Ma-V3"),
    nonce: "X-Plivo-Signature-V3-Nonce",
};

/// Vobiz's.
pub const VOBIZ: HeaderNames = HeaderNames {
    signature: "X-Vobiz-Signature-V3",
    main_account: None,
    nonce: "X-Vobiz-Signature-V3-Nonce",
};

/// What was signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'r> {
    /// A GET, whose parameters are in the URL.
    Get,
    /// A POST's form.
    Post(&'r Form),
}

/// The headers' values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'r> {
    /// One or more signatures.
    pub signatures: Option<&'r str>,
    /// The nonce.
    pub nonce: Option<&'r str>,
}

/// Makes a signature; nothing where the URL is none.
pub fn sign(token: &Secret, url: &str, signed: Signed<'_>, nonce: &str) -> Option<String> {
    let text = signed_text(&Url::parse(url)?, signed, nonce)?;
    let token = token.reveal().as_bytes();
    Some(keyed(hmac::HMAC_SHA256, token, text.as_bytes()))
}

/// Proves that Plivo, or Vobiz, made a request to this URL, the public one.
///
/// # Errors
/// Why it is not proven.
pub fn verify(
    names: &HeaderNames,
    token: &Secret,
    url: &str,
    signed: Signed<'_>,
    headers: Headers<'_>,
) -> Result<(), Unproven> {
    let given = headers
        .signatures
        .ok_or(Unproven::Missing(names.signature))?;
    let nonce = headers.nonce.ok_or(Unproven::Missing(names.nonce))?;
    let text = Url::parse(url).and_then(|url| signed_text(&url, signed, nonce));
    let text = text.ok_or(Unproven::Malformed("the URL cannot be read"))?;
    let token = token.reveal().as_bytes();
    let is_ours = |given| is_keyed(hmac::HMAC_SHA256, token, text.as_bytes(), given);
    match given.split(',').take(SIGNATURES_MAX).any(is_ours) {
        true => Ok(()),
        false => Err(Unproven::Different),
    }
}

fn signed_text(url: &Url<'_>, signed: Signed<'_>, nonce: &str) -> Option<String> {
    let query = Form::parse(url.query.unwrap_or_default().as_bytes()).ok()?;
    let query: Vec<String> = query
        .sorted()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = query.join("&");
    let mut text = format!("{}://{}{}", url.scheme, url.authority, url.path);
    let form = match signed {
        Signed::Post(form) if !form.is_empty() => Some(form),
        Signed::Post(_) | Signed::Get => None,
    };
    if form.is_some() || !query.is_empty() {
        text.push('?');
        text.push_str(&query);
    }
    if let Some(form) = form {
        if !query.is_empty() {
            text.push('.');
        }
        for (name, value) in form.sorted() {
            text.push_str(name);
            text.push_str(value);
        }
    }
    text.push('.');
    text.push_str(nonce);
    Some(text)
}
