//! Whose media streams are taken. The one place where the handshake of a provider is admitted.
//!
//! A provider that asked `/sip/{provider}/answer` was given a ticket for one stream, and may come
//! from anywhere: who asked was proven. So may one whose handshake proves itself, by Twilio's
//! signature or by Exotel's password. Otherwise only this machine and its own network are believed:
//! not whoever comes through a proxy, and no page in a browser.

use super::access::{Client, is_passed_on};
use super::error::ApiError;
use super::webhooks::handshake_proof;
use super::webhooks::now_s;
use super::{Shared, StreamRefusal};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use std::net::IpAddr;
use trunkline_providers::Provider;
use trunkline_providers::ticket::NotAdmitted;
use trunkline_sip::dialog::is_private;

/// What the path of a stream says of the right to be there.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Whose ticket it is said to be.
    pub provider: String,
    /// The ticket, as it was given out.
    pub text: String,
}

/// Admits the handshake of a provider's stream, or says why not. A ticket is used up by this.
///
/// # Errors
/// 403 with what to do about it. It is counted.
pub fn admit(
    shared: &Shared,
    client: Client,
    request: &Request,
    ticket: Option<&Ticket>,
) -> Result<(), ApiError> {
    let admitted = proven(shared, client, request, ticket);
    admitted.map_err(|(refusal, why)| {
        shared.control.metrics().stream_refused(refusal);
        why
    })
}

/// A refusal, as it is counted and as it is told.
type Refused = (StreamRefusal, ApiError);

fn unproven(why: ApiError) -> Refused {
    (StreamRefusal::Unproven, why)
}

fn proven(
    shared: &Shared,
    client: Client,
    request: &Request,
    ticket: Option<&Ticket>,
) -> Result<(), Refused> {
    let Some(Ticket { provider, text }) = ticket else {
        let settings = shared.settings();
        return match handshake_proof(&settings, request) {
            Some(proof) => proof.map_err(|denied| ApiError::forbidden(denied.to_string())),
            None => admit_neighbour(client, request.headers()),
        }
        .map_err(unproven);
    };
    let provider = Provider::named(provider)
        .ok_or_else(|| unproven(ApiError::forbidden("nobody of this name is given tickets")))?;
    let admitted = shared.tickets().admit(provider, text, now_s());
    admitted.map_err(|why| {
        let refusal = match why {
            NotAdmitted::Unknown => StreamRefusal::Unproven,
            NotAdmitted::Expired => StreamRefusal::Stale,
            NotAdmitted::Used => StreamRefusal::Replayed,
            NotAdmitted::Full => StreamRefusal::NoRoom,
        };
        (refusal, ApiError::forbidden(why.to_string()))
    })
}

/// Whether a handshake that proves nothing is believed for the place that it comes from.
pub fn is_neighbour(client: IpAddr, headers: &HeaderMap) -> bool {
    admit_neighbour(Client((client, 0).into()), headers).is_ok()
}

fn admit_neighbour(client: Client, headers: &HeaderMap) -> Result<(), ApiError> {
    let address = client.0.ip().to_canonical();
    if !is_private(address) || is_passed_on(headers) {
        return Err(ApiError::forbidden(
            "a media stream from elsewhere, or through a proxy, needs a ticket: let the provider \
             ask POST /sip/PROVIDER/answer what to do with a call (see `providers` in the \
             configuration), and follow that answer",
        ));
    }
    if headers.contains_key(ORIGIN) {
        return Err(ApiError::forbidden(
            "media streams come from providers, not from pages in a browser: send no Origin",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(client: &str, header: Option<(&'static str, &str)>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        is_neighbour(client.parse().unwrap(), &headers)
    }

    #[test]
    fn only_this_machine_and_its_network_are_believed() {
        for near in [
            "127.0.0.1",
            "::1",
            "10.0.0.7",
            "192.168.1.2",
            "::ffff:10.0.0.7",
        ] {
            assert!(admitted(near, None), "{near}");
        }
        for far in ["203.0.113.9", "8.8.8.8", "2001:db8::1"] {
            assert!(!admitted(far, None), "{far}");
        }
    }

    #[test]
    fn neither_a_proxy_nor_a_page_of_a_browser_is_this_machine() {
        for header in [
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=203.0.113.9"),
            ("origin", "http://127.0.0.1:8000"),
        ] {
            assert!(!admitted("127.0.0.1", Some(header)), "{header:?}");
        }
    }
}
