//! One request over HTTP/1.1, with or without TLS, within its time.

use crate::tls::{self, NoTls, Trust};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, LOCATION, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use trunkline_phone::provider::webhook;
use trunkline_providers::rest;
use trunkline_providers::signature::twilio::SIGNATURE_HEADER;
use trunkline_providers::url::{Url, shown};

/// How long name, TCP and TLS may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long the answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Why there is no answer. Each says where, and nothing of the request.
#[derive(Debug, thiserror::Error)]
pub enum CannotSend {
    /// The URL is none.
    #[error("{0} is no URL that can be asked")]
    Url(String),
    /// Nobody was reached.
    #[error("{place}: {source}")]
    Connect {
        /// Where.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody was, with whom there is no TLS.
    #[error("{place}: {source}")]
    Tls {
        /// Where.
        place: String,
        /// Why.
        source: NoTls,
    },
    /// What followed was not HTTP, or broke off.
    #[error("{place}: {source}")]
    Exchange {
        /// Where.
        place: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is not permitted to go there.
    #[error("{0}")]
    NotPermitted(String),
    /// Nothing in time.
    #[error("{0}: no answer within {limit} s", limit = ANSWER_MAX.as_secs())]
    Timeout(String),
}

impl CannotSend {
    /// Whether the request was certainly not seen by anybody.
    pub fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Url(_) | Self::Connect { .. } | Self::Tls { .. } | Self::NotPermitted(_)
        )
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where it leads, if it does.
    pub location: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// What is asked of a URL that somebody else has named.
pub struct Fetch<'a> {
    /// The URL.
    pub url: &'a str,
    /// What is told by POST; without a form it is a GET.
    pub form: Option<String>,
    /// Twilio's, over this URL and this form.
    pub signature: Option<String>,
    /// The longest answer.
    pub bytes_max: usize,
}

/// Asks that. `permits` refuses addresses, in words; only others are connected to.
pub async fn fetch(
    fetch: Fetch<'_>,
    trust: &Trust,
    permits: impl Fn(IpAddr) -> Result<(), String>,
) -> Result<Answer, CannotSend> {
    let bad = || CannotSend::Url(shown(fetch.url));
    let url = Url::parse(fetch.url).ok_or_else(bad)?;
    let mut asked = start(&url, fetch.form.is_none()).ok_or_else(bad)?;
    if fetch.form.is_some() {
        asked = asked.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    if let Some(signature) = &fetch.signature {
        asked = asked.header(SIGNATURE_HEADER, signature);
    }
    let body = Full::new(Bytes::from(fetch.form.unwrap_or_default()));
    let message = asked
        .body(body)
        .map_err(|_| CannotSend::Url(shown(fetch.url)))?;
    send(&url, message, fetch.bytes_max, trust, permits).await
}

/// Status and body of the answer to a request.
pub async fn post(request: &rest::Request, trust: &Trust) -> Result<(u16, Bytes), CannotSend> {
    let bad = || CannotSend::Url(shown(&request.url));
    let url = Url::parse(&request.url).ok_or_else(bad)?;
    let message = message(request, &url).ok_or_else(bad)?;
    let answer = send(&url, message, ANSWER_BYTES_MAX, trust, |_| Ok(())).await?;
    Ok((answer.status, answer.body))
}

/// The same for a webhook that is simulated.
pub async fn ask_webhook(
    request: &webhook::Request,
    trust: &Trust,
) -> Result<(u16, Bytes), CannotSend> {
    let bad = || CannotSend::Url(shown(&request.url));
    let url = Url::parse(&request.url).ok_or_else(bad)?;
    let mut asked = start(&url, request.body.is_none()).ok_or_else(bad)?;
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    let mut body = Bytes::new();
    if let Some((kind, text)) = &request.body {
        asked = asked.header(CONTENT_TYPE, *kind);
        body = Bytes::from(text.clone());
    }
    let message = asked.body(Full::new(body)).map_err(|_| bad())?;
    let answer = send(&url, message, ANSWER_BYTES_MAX, trust, |_| Ok(())).await?;
    Ok((answer.status, answer.body))
}

async fn send(
    url: &Url<'_>,
    message: Request<Full<Bytes>>,
    bytes_max: usize,
    trust: &Trust,
    permits: impl Fn(IpAddr) -> Result<(), String>,
) -> Result<Answer, CannotSend> {
    let place = format!("{}:{}", url.host(), url.port_or_default());
    let stream = connect(url, &place, permits).await?;
    let exchange = async {
        match url.scheme {
            "https" => {
                let stream = secured(stream, url, &place, trust).await?;
                exchange(stream, message, bytes_max, &place).await
            }
            _ => exchange(stream, message, bytes_max, &place).await,
        }
    };
    let answered = timeout(ANSWER_MAX, exchange).await;
    answered.unwrap_or(Err(CannotSend::Timeout(place.clone())))
}

/// Nothing where the URL or a header cannot be said in HTTP.
fn message(request: &rest::Request, url: &Url<'_>) -> Option<Request<Full<Bytes>>> {
    let mut authorization = HeaderValue::from_str(request.authorization.reveal()).ok()?;
    authorization.set_sensitive(true);
    start(url, false)?
        .header(AUTHORIZATION, authorization)
        .header(CONTENT_TYPE, request.content_type)
        .body(Full::new(Bytes::from(request.body.clone())))
        .ok()
}

/// What every request begins with; nothing where the URL is none of HTTP's.
fn start(url: &Url<'_>, is_get: bool) -> Option<Builder> {
    if !matches!(url.scheme, "http" | "https") {
        return None;
    }
    let method = if is_get { Method::GET } else { Method::POST };
    let request = Request::builder()
        .method(method)
        .uri(url.target())
        .header(HOST, url.authority)
        .header(USER_AGENT, concat!("trunkline/", env!("CARGO_PKG_VERSION")));
    Some(request)
}

async fn connect(
    url: &Url<'_>,
    place: &str,
    permits: impl Fn(IpAddr) -> Result<(), String>,
) -> Result<TcpStream, CannotSend> {
    let failed = |source| CannotSend::Connect {
        place: place.to_owned(),
        source,
    };
    let host = url.host().trim_matches(['[', ']']);
    let connecting = async {
        let found = lookup_host((host, url.port_or_default())).await;
        // Those that are permitted are connected to by address: a name may lead elsewhere next time.
        let mut addresses = Vec::new();
        for address in found.map_err(failed)? {
            permits(address.ip()).map_err(CannotSend::NotPermitted)?;
            addresses.push(address);
        }
        TcpStream::connect(&addresses[..]).await.map_err(failed)
    };
    let connected = timeout(CONNECT_MAX, connecting).await;
    connected.unwrap_or_else(|_| Err(failed(io::ErrorKind::TimedOut.into())))
}

async fn secured(
    stream: TcpStream,
    url: &Url<'_>,
    place: &str,
    trust: &Trust,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, CannotSend> {
    let handshake = tls::handshake(stream, url.host(), trust.client_beside().await);
    let shaken = match timeout(CONNECT_MAX, handshake).await {
        Ok(shaken) => shaken,
        Err(_) => Err(NoTls::because(url.host(), &io::ErrorKind::TimedOut.into())),
    };
    shaken.map_err(|source| CannotSend::Tls {
        place: place.to_owned(),
        source,
    })
}

async fn exchange<S>(
    stream: S,
    message: Request<Full<Bytes>>,
    bytes_max: usize,
    place: &str,
) -> Result<Answer, CannotSend>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |source| CannotSend::Exchange {
        place: place.to_owned(),
        source,
    };
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| broken(error.into()))?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let answer = sender.send_request(message).await?;
        let location = answer.headers().get(LOCATION).map(HeaderValue::to_str);
        let location = location.and_then(Result::ok).map(str::to_owned);
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), bytes_max);
        Ok(Answer {
            status,
            location,
            body: body.collect().await?.to_bytes(),
        })
    };
    let answer = answer.await;
    connection.abort();
    answer.map_err(broken)
}
