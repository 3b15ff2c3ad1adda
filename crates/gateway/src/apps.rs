//! Opens the WebSocket to an application: name, TCP, HTTP upgrade. What a shard gets is open.

use crate::shard::{AppStream, websocket_config};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use trunkline_call::CallInfo;
use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::handshake::HandshakeError;
use tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tungstenite::http::{HeaderValue, Request, Uri};
use tungstenite::{Error, WebSocket};

/// How long an application may take to be there.
pub const OPEN_MAX: Duration = Duration::from_secs(5);

/// Why an application could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is none.
    #[error("{0} is no WebSocket URL: write ws://host:port/path")]
    Url(String),
    /// The URL asks for what this build cannot do.
    #[error("{0}: only ws:// is spoken to applications; put a TLS proxy beside the gateway")]
    Scheme(String),
    /// Nobody there.
    #[error("{url}: {source}")]
    Connect {
        /// Where.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody there who does not speak WebSocket, or not now.
    #[error("{url}: {source}")]
    Upgrade {
        /// Where.
        url: String,
        /// Why.
        source: Box<Error>,
    },
    /// Nothing in time.
    #[error("{0}: not open within {limit} s", limit = OPEN_MAX.as_secs())]
    Timeout(String),
}

/// Opens an application's WebSocket for one call, with the subprotocol that its dialect asks for.
///
/// # Errors
/// Where it is not open within [`OPEN_MAX`].
pub async fn open(
    template: &str,
    subprotocol: Option<&'static str>,
    info: &CallInfo,
) -> Result<WebSocket<AppStream>, OpenError> {
    let url = template.replace("{call_id}", &info.id.to_string());
    match timeout(OPEN_MAX, connect(&url, subprotocol, info)).await {
        Ok(result) => result,
        Err(_) => Err(OpenError::Timeout(url)),
    }
}

/// Checks a URL as far as that can be done without opening it.
///
/// # Errors
/// Where it is no `ws://` URL.
pub fn check_url(template: &str) -> Result<(), OpenError> {
    let url = template.replace("{call_id}", "0");
    let uri: Uri = url.parse().map_err(|_| OpenError::Url(url.clone()))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("ws"), Some(_)) => Ok(()),
        (Some("wss"), Some(_)) => Err(OpenError::Scheme(url)),
        _ => Err(OpenError::Url(url)),
    }
}

/// The host and port of a URL.
///
/// # Errors
/// Where it is no `ws://` URL.
pub fn place_of(template: &str) -> Result<(String, u16), OpenError> {
    check_url(template)?;
    let url = template.replace("{call_id}", "0");
    let uri: Uri = url.parse().map_err(|_| OpenError::Url(url))?;
    let host = uri.host().unwrap_or_default();
    let host = host.trim_matches(['[', ']']).to_owned();
    Ok((host, uri.port_u16().unwrap_or(80)))
}

async fn connect(
    url: &str,
    subprotocol: Option<&'static str>,
    info: &CallInfo,
) -> Result<WebSocket<AppStream>, OpenError> {
    let request = request(url, subprotocol, info)?;
    let (host, port) = place_of(url)?;
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|source| OpenError::Connect {
            url: url.to_owned(),
            source,
        })?;
    upgrade(stream, request)
        .await
        .map_err(|source| OpenError::Upgrade {
            url: url.to_owned(),
            source: Box::new(source),
        })
}

fn request(
    url: &str,
    subprotocol: Option<&'static str>,
    info: &CallInfo,
) -> Result<Request<()>, OpenError> {
    let mut request = url
        .into_client_request()
        .map_err(|_| OpenError::Url(url.to_owned()))?;
    if let Ok(context) = HeaderValue::from_str(&info.traceparent) {
        request.headers_mut().insert("traceparent", context);
    }
    if let Some(name) = subprotocol {
        let name = HeaderValue::from_static(name);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
    }
    Ok(request)
}

/// Drives tungstenite's handshake over a stream that says when it is ready.
async fn upgrade(stream: TcpStream, request: Request<()>) -> Result<WebSocket<AppStream>, Error> {
    let stream = AppStream::Opening(stream);
    let mut attempt = client_with_config(request, stream, Some(websocket_config()));
    loop {
        match attempt {
            Ok((socket, _response)) => return Ok(socket),
            Err(HandshakeError::Failure(error)) => return Err(error),
            Err(HandshakeError::Interrupted(unfinished)) => {
                unfinished.get_ref().get_ref().readable_again().await?;
                attempt = unfinished.handshake();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_checked_before_it_is_opened() {
        assert!(check_url("ws://127.0.0.1:7860/ws/sip/{call_id}").is_ok());
        assert!(matches!(
            check_url("wss://bot.example.com/"),
            Err(OpenError::Scheme(_))
        ));
        for wrong in ["http://127.0.0.1/", "bot.example.com", "ws:///path", ""] {
            assert!(
                matches!(check_url(wrong), Err(OpenError::Url(_))),
                "{wrong}"
            );
        }
    }
}
