//! Opens the WebSocket to an application: name, TCP, TLS where the URL asks for it, HTTP upgrade.
//! What a shard gets is open.

use crate::settings::{Settings, Trust};
use crate::shard::{AppStream, websocket_config};
use crate::tls::{self, NoTls};
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use trunkline_call::CallInfo;
use trunkline_providers::signature::twilio::{Algorithm, sign};
use trunkline_providers::url::shown;
use trunkline_providers::{Form, Secret};
use trunkline_streams::{Dialect, twilio};
use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::handshake::HandshakeError;
use tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tungstenite::http::{HeaderName, HeaderValue, Request, Uri};
use tungstenite::{Error, WebSocket};

/// How long an application may take to be there.
pub const OPEN_MAX: Duration = Duration::from_secs(5);

/// Why an application could not be opened. A URL in it is as it may be shown.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is none.
    #[error("{0} is no WebSocket URL: write ws://host:port/path, or wss:// for TLS")]
    Url(String),
    /// Nobody there.
    #[error("{url}: {source}")]
    Connect {
        /// Where.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// It is not permitted to go there.
    #[error("{0}")]
    NotPermitted(String),
    /// Somebody there with whom there is no TLS.
    #[error("{url}: {source}")]
    Tls {
        /// Where.
        url: String,
        /// Why.
        source: NoTls,
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
    #[error("{url}: not open within {limit} s: {stage} takes longer", limit = OPEN_MAX.as_secs())]
    Timeout {
        /// Where.
        url: String,
        /// What was waited for.
        stage: Stage,
    },
}

/// How far the opening of a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Name and TCP.
    Connect,
    /// TLS.
    Tls,
    /// HTTP.
    Upgrade,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::Tls => "the TLS handshake",
            Self::Upgrade => "the WebSocket handshake",
        })
    }
}

/// How an application is asked for a connection.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// The subprotocol that its dialect asks for.
    pub subprotocol: Option<&'static str>,
    /// Signs the URL, as Twilio signs that of a stream: some applications believe nobody else.
    pub auth_token: Option<Secret>,
    /// Who is believed to be the application, where that is asked over TLS.
    pub trust: Trust,
}

impl Asking {
    /// How an application that speaks this dialect is asked.
    pub fn of(dialect: Dialect, settings: &Settings) -> Self {
        let is_twilio = dialect.name == twilio::DIALECT.name;
        let token = settings.providers.twilio.auth_token.as_ref();
        Self {
            subprotocol: dialect.subprotocol(),
            auth_token: token.filter(|_| is_twilio).cloned(),
            trust: settings.tls.clone(),
        }
    }
}

/// Opens an application's WebSocket for one call. `permits` refuses addresses behind its name, in
/// words; only others are connected to.
///
/// # Errors
/// Where it is not open within [`OPEN_MAX`].
pub async fn open(
    template: &str,
    asking: &Asking,
    info: &CallInfo,
    permits: impl Fn(IpAddr) -> Result<(), String>,
) -> Result<WebSocket<AppStream>, OpenError> {
    let url = template.replace("{call_id}", &info.id.to_string());
    let request = request(&url, asking, info)?;
    let trust = &asking.trust;
    let mut stage = Stage::Connect;
    let opening = connect(&url, request, trust, permits, &mut stage);
    let opening = timeout(OPEN_MAX, opening).await;
    opening.unwrap_or_else(|_| {
        let url = shown(&url);
        Err(OpenError::Timeout { url, stage })
    })
}

/// Where the application of a URL is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A name or an address, without brackets.
    pub host: String,
    /// The one of the URL, or of its scheme.
    pub port: u16,
    /// `wss://`.
    pub is_secure: bool,
}

impl Place {
    /// Reads a URL as far as that can be done without opening it.
    ///
    /// # Errors
    /// Where it is no `ws://` or `wss://` URL.
    pub fn of(template: &str) -> Result<Self, OpenError> {
        let url = template.replace("{call_id}", "0");
        let Ok(uri) = url.parse::<Uri>() else {
            return Err(OpenError::Url(shown(&url)));
        };
        let is_secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(OpenError::Url(url)),
        };
        let Some(host) = uri.host() else {
            return Err(OpenError::Url(shown(&url)));
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let has_no_port = authority.rsplit('@').next() == Some(host);
        let port = match uri.port_u16() {
            Some(port @ 1..) => port,
            None if has_no_port => match is_secure {
                true => 443,
                false => 80,
            },
            // What stands behind the colon is no number of a port.
            _ => return Err(OpenError::Url(url)),
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            is_secure,
        })
    }
}

async fn connect(
    url: &str,
    request: Request<()>,
    trust: &Trust,
    permits: impl Fn(IpAddr) -> Result<(), String>,
    stage: &mut Stage,
) -> Result<WebSocket<AppStream>, OpenError> {
    let place = Place::of(url)?;
    let failed = |source| OpenError::Connect {
        url: shown(url),
        source,
    };
    let found = lookup_host((place.host.as_str(), place.port)).await;
    // Connected to by address: the name may lead elsewhere the next time it is looked up.
    let mut addresses = Vec::new();
    for address in found.map_err(failed)? {
        permits(address.ip()).map_err(OpenError::NotPermitted)?;
        addresses.push(address);
    }
    let stream = TcpStream::connect(&addresses[..]).await.map_err(failed)?;
    let stream = if place.is_secure {
        *stage = Stage::Tls;
        secure(stream, &place.host, trust)
            .await
            .map_err(|source| OpenError::Tls {
                url: shown(url),
                source,
            })?
    } else {
        AppStream::new(stream)
    };
    *stage = Stage::Upgrade;
    upgrade(stream, request)
        .await
        .map_err(|source| OpenError::Upgrade {
            url: shown(url),
            source: Box::new(source),
        })
}

/// What the handshake leaves is a session that the shard drives by itself.
async fn secure(stream: TcpStream, host: &str, trust: &Trust) -> Result<AppStream, NoTls> {
    let shaken = tls::handshake(stream, host, trust.client_beside().await).await?;
    let (stream, session) = shaken.into_inner();
    Ok(AppStream::secured(stream, session))
}

fn request(url: &str, asking: &Asking, info: &CallInfo) -> Result<Request<()>, OpenError> {
    let mut request = url
        .into_client_request()
        .map_err(|_| OpenError::Url(shown(url)))?;
    if let Ok(context) = HeaderValue::from_str(&info.traceparent) {
        request.headers_mut().insert("traceparent", context);
    }
    if let Some(name) = asking.subprotocol {
        let name = HeaderValue::from_static(name);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
    }
    if let Some(token) = &asking.auth_token {
        let signature = sign(Algorithm::HmacSha1, token, url, &Form::default());
        // Base64 is printable.
        if let Ok(value) = HeaderValue::from_str(&signature) {
            let name = HeaderName::from_static("x-twilio-signature");
            request.headers_mut().insert(name, value);
        }
    }
    Ok(request)
}

/// Drives tungstenite's handshake over a stream that says when it is ready.
async fn upgrade(stream: AppStream, request: Request<()>) -> Result<WebSocket<AppStream>, Error> {
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
        let place = |url| {
            let place = Place::of(url).unwrap();
            (place.host, place.port, place.is_secure)
        };
        assert_eq!(
            place("ws://127.0.0.1:7860/ws/sip/{call_id}"),
            ("127.0.0.1".to_owned(), 7860, false)
        );
        assert_eq!(place("ws://bot.example/").1, 80);
        assert_eq!(
            place("wss://[2001:db8::1]/a?b={call_id}"),
            ("2001:db8::1".to_owned(), 443, true)
        );
        for wrong in [
            "http://127.0.0.1/",
            "https://a.example/",
            "bot.example.com",
            "ws:///path",
            "ws://host:port/path",
            "ws://127.0.0.1:78600/",
            "ws://127.0.0.1:0/",
            "",
        ] {
            assert!(
                matches!(Place::of(wrong), Err(OpenError::Url(_))),
                "{wrong}"
            );
        }
    }
}
