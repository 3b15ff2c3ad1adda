//! Who may use the interface: whoever sits at this machine, and whoever has a token.

use super::Shared;
use super::error::ApiError;
use crate::settings::{ApiToken, Role};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use trunkline_providers::Secret;
use trunkline_providers::signature::basic;

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub SocketAddr);

/// Lets a request through or answers why not.
pub async fn check(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let client = request
        .extensions()
        .get::<Client>()
        .map(|client| client.0.ip());
    let settings = shared.settings();
    match role(client, request.headers(), &settings.server.api_tokens) {
        None => ApiError::unauthorized().into_response(),
        Some(Role::Viewer) if !is_looking(&request) => {
            ApiError::forbidden("this token may look, not touch; use one with `role: admin`")
                .into_response()
        }
        Some(_) => next.run(request).await,
    }
}

/// Whether a request changes nothing. To take a call by WebSocket is a GET that does.
fn is_looking(request: &Request) -> bool {
    request.method() == Method::GET && !request.uri().path().starts_with("/ws/")
}

/// What whoever asks may do. A token counts before the place; without one only this machine is
/// trusted, unless the request says that it was passed on for somebody else, was addressed to a
/// name that a foreign page could have pointed here (DNS rebinding), or comes from a foreign page
/// in a browser of this machine (cross-site request forgery).
fn role(client: Option<IpAddr>, headers: &HeaderMap, tokens: &[ApiToken]) -> Option<Role> {
    if let Some(given) = bearer(headers) {
        return tokens
            .iter()
            .find(|known| is_same(&known.token, given))
            .map(|known| known.role);
    }
    if let Some((_, password)) = basic(headers) {
        // Programs written for a provider send its account's credentials, whatever these are; here
        // they count where the password is a token.
        let known = |known: &&ApiToken| is_same(&known.token, password.reveal());
        if let Some(known) = tokens.iter().find(known) {
            return Some(known.role);
        }
    }
    is_local(client, headers).then_some(Role::Admin)
}

fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    basic::parse(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

/// Whether whoever asks sits at this machine, and is no foreign page in one of its browsers.
pub fn is_local(client: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let here = client.is_some_and(|client| client.to_canonical().is_loopback());
    here && !is_passed_on(headers) && is_addressed_here(headers) && !is_from_another_page(headers)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Compares digests, so that the time taken says nothing about the token.
fn is_same(known: &str, given: &str) -> bool {
    Sha256::digest(known) == Sha256::digest(given)
}

/// Whether a request says that it comes through a proxy.
pub(super) fn is_passed_on(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for")
}

fn is_addressed_here(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
        return true;
    };
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// Whether a browser says that a page of another origin asks (RFC 6454 section 7). Programs that
/// are no browsers send no Origin.
fn is_from_another_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return false;
    };
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let page = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    page.map(|(_, authority)| authority) != own || own.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(client: &str, headers: &[(&'static str, &str)]) -> Option<Role> {
        let tokens = [
            ApiToken {
                name: "ops".into(),
                token: "s3cret".into(),
                role: Role::Admin,
            },
            ApiToken {
                name: "wall".into(),
                token: "look".into(),
                role: Role::Viewer,
            },
        ];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        role(Some(client.parse().unwrap()), &map, &tokens)
    }

    #[test]
    fn this_machine_needs_no_token_and_others_do() {
        assert_eq!(
            asked("127.0.0.1", &[("host", "127.0.0.1:8000")]),
            Some(Role::Admin)
        );
        assert_eq!(asked("::1", &[("host", "[::1]:8000")]), Some(Role::Admin));
        assert_eq!(asked("192.0.2.7", &[("host", "192.0.2.1:8000")]), None);
        assert_eq!(
            asked("192.0.2.7", &[("authorization", "Bearer s3cret")]),
            Some(Role::Admin)
        );
        assert_eq!(
            asked("192.0.2.7", &[("authorization", "bearer look")]),
            Some(Role::Viewer)
        );
    }

    #[test]
    fn a_page_of_another_origin_is_not_this_machine() {
        let host = ("host", "127.0.0.1:8000");
        let from = |origin| asked("127.0.0.1", &[host, ("origin", origin)]);
        assert_eq!(from("http://127.0.0.1:8000"), Some(Role::Admin));
        for foreign in [
            "https://evil.example.com",
            "http://127.0.0.1:9000",
            "null",
            "",
        ] {
            assert_eq!(from(foreign), None, "{foreign}");
        }
        assert_eq!(asked("127.0.0.1", &[("origin", "null")]), None);
    }

    #[test]
    fn a_wrong_token_is_worse_than_none() {
        assert_eq!(
            asked("127.0.0.1", &[("authorization", "Bearer wrong")]),
            None
        );
        assert_eq!(asked("192.0.2.7", &[("authorization", "Bearer ")]), None);
        assert_eq!(
            asked("192.0.2.7", &[("authorization", "Basic s3cret")]),
            None
        );
    }

    #[test]
    fn a_token_may_be_the_password_of_a_provider_account() {
        let basic = |password: &str| basic::value("AC1", &Secret::new(password));
        let from_afar = |password| asked("192.0.2.7", &[("authorization", &basic(password))]);
        assert_eq!(from_afar("s3cret"), Some(Role::Admin));
        assert_eq!(from_afar("look"), Some(Role::Viewer));
        assert_eq!(from_afar("wrong"), None);
        let here = asked("127.0.0.1", &[("authorization", &basic("wrong"))]);
        assert_eq!(
            here,
            Some(Role::Admin),
            "a bot here has its provider's token"
        );
    }

    #[test]
    fn a_proxy_and_a_rebound_name_are_not_this_machine() {
        assert_eq!(
            asked("127.0.0.1", &[("x-forwarded-for", "203.0.113.9")]),
            None
        );
        assert_eq!(
            asked("127.0.0.1", &[("forwarded", "for=203.0.113.9")]),
            None
        );
        assert_eq!(
            asked("127.0.0.1", &[("host", "evil.example.com:8000")]),
            None
        );
        assert_eq!(
            asked("127.0.0.1", &[("host", "localhost:8000")]),
            Some(Role::Admin)
        );
    }
}
