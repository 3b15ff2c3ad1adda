//! Fetches what documents name, within bounds of size, time and number of redirects.

use crate::providers::{Answer, CannotSend, Fetch, fetch};
use crate::settings::{Settings, Trust};
use std::net::IpAddr;
use trunkline_providers::signature::twilio::{Algorithm, sign};
use trunkline_providers::url::{joined, shown};
use trunkline_providers::{Form, Secret};

/// How often an answer may lead elsewhere.
const REDIRECTS_MAX: usize = 5;

/// What is asked.
pub struct Asked<'a> {
    /// Where.
    pub url: &'a str,
    /// What is told: by POST, or in the query by GET.
    pub form: Form,
    /// Whether it is a GET.
    pub is_get: bool,
    /// The auth token that it is signed with, as Twilio signs what it asks.
    pub signed_with: Option<&'a Secret>,
    /// The longest answer.
    pub bytes_max: usize,
}

/// What a URL has, and the URL that it was found at.
///
/// # Errors
/// In words: why there is nothing.
pub async fn get(asked: Asked<'_>, settings: &Settings) -> Result<(Vec<u8>, String), String> {
    let mut url = asked.url.to_owned();
    let mut is_get = asked.is_get;
    for _ in 0..=REDIRECTS_MAX {
        let permits = |address| {
            settings
                .fetch
                .check(&url, address)
                .map_err(|why| why.to_string())
        };
        let answer = ask(&url, is_get, &asked, &settings.tls, permits).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer {
            Answer {
                status: 200..=299,
                body,
                ..
            } => return Ok((body.into(), url)),
            Answer {
                status: status @ (301 | 302 | 303 | 307 | 308),
                location: Some(location),
                ..
            } => {
                let next = joined(Some(&url), &location);
                url = next.ok_or_else(|| {
                    let (from, to) = (shown(&url), shown(&location));
                    format!("{from} leads to {to:?}, which is no URL")
                })?;
                // RFC 9110 section 15.4: only 307 and 308 keep the method.
                is_get |= status < 307;
            }
            Answer { status, .. } => return Err(format!("{} answers {status}", shown(&url))),
        }
    }
    Err(format!(
        "{} leads on more than {REDIRECTS_MAX} times",
        shown(asked.url)
    ))
}

async fn ask(
    url: &str,
    is_get: bool,
    asked: &Asked<'_>,
    trust: &Trust,
    permits: impl Fn(IpAddr) -> Result<(), String>,
) -> Result<Answer, CannotSend> {
    let url = url.split('#').next().unwrap_or_default();
    let nothing = Form::default();
    let (url, form) = match is_get {
        true => (with_query(url, &asked.form), &nothing),
        false => (url.to_owned(), &asked.form),
    };
    // Each place that an answer leads to is asked by another URL, which has a signature of its own.
    let signed = |token| sign(Algorithm::HmacSha1, token, &url, form);
    let request = Fetch {
        url: &url,
        form: (!is_get).then(|| form.encoded()),
        signature: asked.signed_with.map(signed),
        bytes_max: asked.bytes_max,
    };
    fetch(request, trust, permits).await
}

fn with_query(url: &str, form: &Form) -> String {
    if form.is_empty() {
        return url.to_owned();
    }
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{}", form.encoded())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_tells_the_call_in_its_query() {
        let form = Form::from_iter([("CallSid", "CA1")]);
        assert_eq!(with_query("http://a/b", &form), "http://a/b?CallSid=CA1");
        assert_eq!(
            with_query("http://a/b?c", &form),
            "http://a/b?c&CallSid=CA1"
        );
        assert_eq!(with_query("http://a/b", &Form::default()), "http://a/b");
    }
}
