//! GET over HTTP/1.1, as package indexes want it: through proxies and redirections, with TLS, with
//! the user of a URL told to its own place alone, and from any byte on.

use super::pip::Pip;
use super::proxies::{BadProxy, Proxies, Proxy, authorization};
use crate::config::Variables;
use crate::tls::{self, NoTls, Trust};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, HOST, HeaderName,
    HeaderValue, LOCATION, PROXY_AUTHORIZATION, RANGE, USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use trunkline_providers::Secret;
use trunkline_providers::url::{Url, joined, shown};

/// How long name, TCP, proxy and TLS may take, each.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// How long nothing may come.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How often an answer may lead elsewhere.
const REDIRECTS_MAX: usize = 10;
/// The longest that a proxy may say before the connection is open.
const PROXY_BYTES_MAX: usize = 16 * 1024;

/// Why there is no answer. Each says where, and nothing of who asks.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The URL is none.
    #[error("{0} is no URL that can be asked")]
    Url(String),
    /// The proxy is none.
    #[error(transparent)]
    BadProxy(#[from] BadProxy),
    /// Nobody was reached.
    #[error("{place} cannot be reached: {source}")]
    Connect {
        /// Where.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The proxy lets nobody through.
    #[error("the proxy {place} answers {said}")]
    Proxy {
        /// Where.
        place: String,
        /// Its status line.
        said: String,
    },
    /// Somebody was reached, with whom there is no TLS.
    #[error("{place}: {reason}; PIP_CERT names a file of further certificates to believe", reason = .source.reason)]
    Tls {
        /// Where.
        place: String,
        /// Why.
        source: NoTls,
    },
    /// What followed was not HTTP, or broke off.
    #[error("{place}: the connection broke: {source}")]
    Broken {
        /// Where.
        place: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It leads on and on.
    #[error("{0} leads elsewhere more than {REDIRECTS_MAX} times")]
    Redirects(String),
    /// It is longer than it may be.
    #[error("{0}: the answer is too long")]
    TooLong(String),
}

/// Asks.
#[derive(Debug, Default)]
pub struct Web {
    proxies: Proxies,
    trust: Trust,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Get<'a> {
    /// Where.
    pub url: &'a str,
    /// What is understood.
    pub accept: &'static str,
    /// From which byte on.
    pub from: u64,
    /// The URL that led here: its user asks here too, where this is the same place.
    pub led_by: &'a str,
}

/// An answer whose body is still to come.
pub struct Answer {
    /// Where it was found in the end.
    pub url: String,
    /// The status.
    pub status: u16,
    place: String,
    response: Response<Incoming>,
    connection: AbortHandle,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Answer {
    /// What the body is.
    pub fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE)
    }

    /// From which byte on the body is, where only a part is sent: `bytes 100-199/200`.
    pub fn begins_at(&self) -> Option<u64> {
        let range = self.header(CONTENT_RANGE).strip_prefix("bytes ")?;
        range.split('-').next()?.trim().parse().ok()
    }

    /// The next piece of the body; nothing at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Unanswered> {
        loop {
            let place = &self.place;
            let next = in_time(SILENCE_MAX, self.response.body_mut().frame());
            let frame = next.await.map_err(|source| broken(place, source.into()))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|source| broken(place, source.into()))?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
    }

    /// The whole body, where it is no longer than that.
    pub async fn whole(mut self, bytes_max: usize) -> Result<Vec<u8>, Unanswered> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            if body.len() + piece.len() > bytes_max {
                return Err(Unanswered::TooLong(self.place.clone()));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    fn header(&self, name: HeaderName) -> &str {
        let value = self.response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Web {
    /// With the proxies and the authorities that pip and the environment name.
    ///
    /// # Errors
    /// In words, where a file of certificates holds none.
    pub fn of(pip: &Pip, variables: &Variables) -> Result<Self, String> {
        let of_variables = |name| variables.value(name).filter(|value| !value.is_empty());
        let certificates = pip
            .value("cert")
            .or_else(|| of_variables("REQUESTS_CA_BUNDLE"))
            .map(Path::new);
        let trust = match certificates {
            Some(file) => Trust::with_file(file).map_err(|error| {
                let file = file.display();
                format!("{file}: {error}; name another in PIP_CERT or pip's setting `cert`")
            })?,
            None => Trust::default(),
        };
        Ok(Self {
            proxies: Proxies::of(pip, variables),
            trust,
        })
    }

    /// The answer to a GET, wherever it leads.
    pub async fn get(&self, get: Get<'_>) -> Result<Answer, Unanswered> {
        let mut url = get.url.to_owned();
        let led = Some(get.led_by).filter(|led_by| origin(led_by) == origin(&url));
        let mut asks = credentials(&url).or_else(|| credentials(led?));
        for _ in 0..=REDIRECTS_MAX {
            let answer = self.ask(Get { url: &url, ..get }, asks.as_ref()).await?;
            let location = answer.header(LOCATION);
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) || location.is_empty() {
                return Ok(answer);
            }
            let next = joined(Some(&url), location);
            let next = next.ok_or_else(|| Unanswered::Url(shown(location)))?;
            // Who asks is nobody else's business.
            let asked_before = asks.filter(|_| origin(&next) == origin(&url));
            asks = credentials(&next).or(asked_before);
            url = next;
        }
        Err(Unanswered::Redirects(shown(get.url)))
    }

    async fn ask(&self, get: Get<'_>, asks: Option<&Secret>) -> Result<Answer, Unanswered> {
        let bad = || Unanswered::Url(shown(get.url));
        let url = Url::parse(get.url).ok_or_else(bad)?;
        if !matches!(url.scheme, "http" | "https") || url.host().is_empty() {
            return Err(bad());
        }
        let proxy = self.proxies.of_url(&url)?;
        let place = format!("{}:{}", url.host(), url.port_or_default());
        let request = request(&url, get, asks, proxy.as_ref()).ok_or_else(bad)?;
        let stream = connect(&url, proxy.as_ref()).await?;
        let stream: Box<dyn Stream> = match url.scheme {
            "https" => Box::new(self.secured(stream, &url, proxy.as_ref(), &place).await?),
            _ => Box::new(stream),
        };
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|error| broken(&place, error.into()))?;
        let connection = tokio::spawn(connection).abort_handle();
        let response = in_time(SILENCE_MAX, sender.send_request(request)).await;
        let response = response.map_err(|error| broken(&place, error.into()))?;
        let response = response.map_err(|error| broken(&place, error.into()))?;
        Ok(Answer {
            url: get.url.to_owned(),
            status: response.status().as_u16(),
            place,
            response,
            connection,
        })
    }

    async fn secured(
        &self,
        mut stream: TcpStream,
        url: &Url<'_>,
        proxy: Option<&Proxy>,
        place: &str,
    ) -> Result<TlsStream<TcpStream>, Unanswered> {
        if let Some(proxy) = proxy {
            tunnel(&mut stream, place, proxy).await?;
        }
        let config = self.trust.client_beside().await;
        let handshake = in_time(CONNECT_MAX, tls::handshake(stream, url.host(), config));
        let shaken = handshake.await;
        let shaken = shaken.unwrap_or_else(|error| Err(NoTls::because(url.host(), &error)));
        shaken.map_err(|source| Unanswered::Tls {
            place: place.to_owned(),
            source,
        })
    }
}

/// A connection, with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What follows a URL's user to the place itself.
fn credentials(url: &str) -> Option<Secret> {
    authorization(&Url::parse(url)?)
}

/// Scheme, host and port.
fn origin(url: &str) -> Option<(&str, &str, u16)> {
    let url = Url::parse(url)?;
    Some((url.scheme, url.host(), url.port_or_default()))
}

/// Nothing where the URL cannot be said in HTTP.
fn request(
    url: &Url<'_>,
    get: Get<'_>,
    asks: Option<&Secret>,
    proxy: Option<&Proxy>,
) -> Option<Request<Empty<Bytes>>> {
    let host = url.authority.rsplit('@').next().unwrap_or_default();
    let target = url.target();
    let proxy = proxy.filter(|_| url.scheme == "http");
    let target = match proxy {
        // RFC 9112 section 3.2.2: a proxy is told the whole URL.
        Some(_) => format!("http://{host}{target}"),
        None => target,
    };
    let mut request = Request::get(target)
        .header(HOST, host)
        .header(USER_AGENT, concat!("trunkline/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, get.accept)
        // Bytes are counted and continued: no server may pack them.
        .header(ACCEPT_ENCODING, "identity");
    if get.from > 0 {
        request = request.header(RANGE, format!("bytes={}-", get.from));
    }
    let proxy = proxy.and_then(|proxy| proxy.authorization.as_ref());
    for (name, secret) in [(AUTHORIZATION, asks), (PROXY_AUTHORIZATION, proxy)] {
        if let Some(secret) = secret {
            let mut value = HeaderValue::from_str(secret.reveal()).ok()?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
    }
    request.body(Empty::new()).ok()
}

/// Connects to the host of a URL, or to the proxy that is before it.
async fn connect(url: &Url<'_>, proxy: Option<&Proxy>) -> Result<TcpStream, Unanswered> {
    let host = url.host().trim_matches(['[', ']']);
    let (host, port, is_proxy) = match proxy {
        Some(proxy) => (proxy.host.as_str(), proxy.port, "the proxy "),
        None => (host, url.port_or_default(), ""),
    };
    let connected = in_time(CONNECT_MAX, TcpStream::connect((host, port))).await;
    connected
        .and_then(|connected| connected)
        .map_err(|source| Unanswered::Connect {
            place: format!("{is_proxy}{host}:{port}"),
            source,
        })
}

/// Has a proxy lead the connection on (RFC 9110 section 9.3.6).
async fn tunnel(stream: &mut TcpStream, place: &str, proxy: &Proxy) -> Result<(), Unanswered> {
    let its_place = format!("{}:{}", proxy.host, proxy.port);
    let who = proxy.authorization.as_ref();
    let who = who.map(|who| format!("Proxy-Authorization: {}\r\n", who.reveal()));
    let who = who.unwrap_or_default();
    let asked = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{who}\r\n");
    let answer = async {
        stream.write_all(asked.as_bytes()).await?;
        let mut head = Vec::new();
        // What is behind the head is not the proxy's, and is left to TLS.
        while !head.ends_with(b"\r\n\r\n") && head.len() < PROXY_BYTES_MAX {
            head.push(stream.read_u8().await?);
        }
        Ok(head)
    };
    let head = in_time(CONNECT_MAX, answer).await.and_then(|head| head);
    let head = head.map_err(|source| broken(&its_place, source.into()))?;
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let status = line.split(' ').nth(1).unwrap_or_default();
    match status.len() == 3 && status.starts_with('2') {
        true => Ok(()),
        false => Err(Unanswered::Proxy {
            place: its_place,
            said: line
                .chars()
                .take(200)
                .collect::<String>()
                .escape_debug()
                .to_string(),
        }),
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> io::Result<T> {
    let done = timeout(limit, work).await;
    done.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))
}

fn broken(place: &str, source: Box<dyn std::error::Error + Send + Sync>) -> Unanswered {
    Unanswered::Broken {
        place: place.to_owned(),
        source,
    }
}
