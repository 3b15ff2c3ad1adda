//! Requests to engines over HTTP/1.1, whose answers are read while they come.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::request::Builder;
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use trunkline_call::BoxFuture;

use super::EngineError;

/// How long name, TCP and TLS may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 32 << 20;
/// What is told of an answer that says no, in bytes.
const SAID_BYTES_MAX: usize = 200;
/// How long that may take to come.
const SAID_TIME_MAX: Duration = Duration::from_millis(500);

/// A connection both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// Where an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A name or an address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to by TLS.
    pub is_secure: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Opens connections. Whoever knows TLS gives one that does.
pub trait Connect: Send + Sync {
    /// A connection to a place.
    fn connect(&self, place: Place) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>>;
}

/// TCP without TLS.
#[derive(Clone, Copy, Debug)]
pub struct Tcp;

impl Connect for Tcp {
    fn connect(&self, place: Place) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>> {
        Box::pin(async move {
            if place.is_secure {
                let why = "there is no TLS here";
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
            let stream = TcpStream::connect((place.host.as_str(), place.port)).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Duplex>)
        })
    }
}

/// A URL that leads to no engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no URL of an engine: {0}")]
pub struct BadUrl(&'static str);

/// A server, and how it is reached.
#[derive(Clone)]
pub struct Server {
    place: Place,
    /// What stands before every path: `/v1`, or nothing.
    prefix: String,
    authority: String,
    /// The header that opens it.
    key: Option<(HeaderName, HeaderValue)>,
    connect: Arc<dyn Connect>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({}{})", self.place, self.prefix)
    }
}

impl Server {
    /// The server of a URL like `http://127.0.0.1:8000/v1`, `wss://api.openai.com/v1` or
    /// `tcp://127.0.0.1:10300`.
    pub fn new(url: &str, connect: Arc<dyn Connect>) -> Result<Self, BadUrl> {
        let uri: hyper::Uri = url.parse().map_err(|_| BadUrl("it cannot be read"))?;
        let (is_secure, port) = match uri.scheme_str() {
            Some("http" | "ws") => (false, Some(80)),
            Some("https" | "wss") => (true, Some(443)),
            Some("tcp") => (false, None),
            _ => {
                return Err(BadUrl(
                    "it begins with none of http://, https://, ws://, wss:// and tcp://",
                ));
            }
        };
        let authority = uri.authority().ok_or(BadUrl("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(BadUrl("a name or password in it would be shown in logs"));
        }
        let port = authority
            .port_u16()
            .or(port)
            .ok_or(BadUrl("it has no port"))?;
        if uri.query().is_some() {
            return Err(BadUrl("it has a query"));
        }
        Ok(Self {
            place: Place {
                host: authority.host().trim_matches(['[', ']']).to_owned(),
                port,
                is_secure,
            },
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authority: authority.as_str().to_owned(),
            key: None,
            connect,
        })
    }

    /// The same, opened with a key as OpenAI takes it; nothing where the key cannot be said in HTTP.
    pub fn with_key(self, key: &str) -> Option<Self> {
        self.with_secret(AUTHORIZATION, &format!("Bearer {key}"))
    }

    /// The same, opened with a key as Deepgram takes it.
    pub fn with_token(self, key: &str) -> Option<Self> {
        self.with_secret(AUTHORIZATION, &format!("Token {key}"))
    }

    /// The same, opened with a key as Google takes it.
    pub fn with_google_key(self, key: &str) -> Option<Self> {
        self.with_secret(HeaderName::from_static("x-goog-api-key"), key)
    }

    fn with_secret(mut self, header: HeaderName, value: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        self.key = Some((header, value));
        Some(self)
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A connection, within its time.
    pub(super) async fn open(&self) -> Result<Box<dyn Duplex>, EngineError> {
        let connecting = self.connect.connect(self.place.clone());
        let connected = tokio::time::timeout(CONNECT_MAX, connecting).await;
        let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        connected.map_err(|source| EngineError::Unreachable {
            place: self.place.to_string(),
            source,
        })
    }

    /// The answer to a POST, once its head says yes.
    pub(super) async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, EngineError> {
        let request = Request::post(self.target(path)).header(CONTENT_TYPE, content_type);
        self.ask(request, body.into()).await
    }

    /// The answer to a GET, the same.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, EngineError> {
        self.ask(Request::get(self.target(path)), Bytes::new())
            .await
    }

    /// The connection itself, once the server has changed to the protocol that is asked for with
    /// these headers; and its answer.
    pub(super) async fn upgrade(
        &self,
        path: &str,
        headers: &[(HeaderName, &str)],
    ) -> Result<(TokioIo<Upgraded>, Response<()>), EngineError> {
        let mut request = Request::get(self.target(path));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let (mut response, connection) = self.exchange(request, Bytes::new()).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.refused(response, connection).await);
        }
        let stream = hyper::upgrade::on(&mut response).await;
        let stream = stream.map_err(|error| self.broken(error))?;
        Ok((TokioIo::new(stream), response.map(|_| ())))
    }

    fn target(&self, path: &str) -> String {
        let target = format!("{}{path}", self.prefix);
        match target.starts_with('/') {
            true => target,
            // RFC 9112 section 3.2.1: a path is never empty.
            false => format!("/{target}"),
        }
    }

    async fn ask(&self, request: Builder, body: Bytes) -> Result<Answer, EngineError> {
        let (response, connection) = self.exchange(request, body).await?;
        match response.status().is_success() {
            true => Ok(self.answer(response, connection)),
            false => Err(self.refused(response, connection).await),
        }
    }

    async fn exchange(
        &self,
        request: Builder,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Connection), EngineError> {
        let mut request = request
            .header(HOST, &self.authority)
            .header(USER_AGENT, concat!("trunkline/", env!("CARGO_PKG_VERSION")));
        if let Some((name, value)) = &self.key {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| self.broken(error))?;
        let stream = TokioIo::new(self.open().await?);
        let shaken = http1::handshake(stream).await;
        let (mut sender, connection) = shaken.map_err(|error| self.broken(error))?;
        let connection = Connection(tokio::spawn(async {
            // What is wrong with it is told by the answer.
            let _ = connection.with_upgrades().await;
        }));
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| self.broken(error))?;
        Ok((response, connection))
    }

    fn answer(&self, response: Response<Incoming>, connection: Connection) -> Answer {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_text = ["text/", "application/json"]
            .iter()
            .any(|text| kind.starts_with(text));
        Answer {
            place: self.place.to_string(),
            is_text,
            body: response.into_body(),
            left: ANSWER_BYTES_MAX,
            _connection: connection,
        }
    }

    async fn refused(&self, response: Response<Incoming>, connection: Connection) -> EngineError {
        let status = response.status().as_u16();
        EngineError::Refused {
            place: self.place.to_string(),
            status,
            said: self.answer(response, connection).beginning().await,
        }
    }

    /// What came of a connection that is no answer.
    pub(super) fn broken(&self, what: impl std::fmt::Display) -> EngineError {
        EngineError::Broken {
            place: self.place.to_string(),
            what: what.to_string(),
        }
    }
}

/// Ends with whoever holds it.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer that is being read.
pub(super) struct Answer {
    place: String,
    /// Whether it says of itself that it is text.
    pub is_text: bool,
    body: Incoming,
    left: usize,
    _connection: Connection,
}

impl Answer {
    /// The next bytes; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        loop {
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| self.broken(error))?;
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            self.left = match self.left.checked_sub(bytes.len()) {
                Some(left) => left,
                None => return Err(self.broken("the answer does not end")),
            };
            return Ok(Some(bytes));
        }
    }

    /// All of it.
    pub async fn whole(&mut self) -> Result<Vec<u8>, EngineError> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// What of it fits into an error, without anything that would spoil a log.
    async fn beginning(&mut self) -> String {
        let mut said = Vec::new();
        let reading = async {
            while let Ok(Some(bytes)) = self.next().await {
                said.extend_from_slice(&bytes);
                if said.len() >= SAID_BYTES_MAX {
                    break;
                }
            }
        };
        // What came until then is enough.
        let _ = tokio::time::timeout(SAID_TIME_MAX, reading).await;
        said.truncate(SAID_BYTES_MAX);
        let said = String::from_utf8_lossy(&said).into_owned();
        said.replace(char::is_control, " ").trim().to_owned()
    }

    /// What is wrong with it.
    pub fn broken(&self, what: impl std::fmt::Display) -> EngineError {
        EngineError::Broken {
            place: self.place.clone(),
            what: what.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_a_server_or_is_refused() {
        let server = |url: &str| Server::new(url, Arc::new(Tcp));
        let secure = server("https://api.example.com/v1/").unwrap();
        assert_eq!((secure.place.port, secure.prefix.as_str()), (443, "/v1"));
        assert!(secure.place.is_secure);
        let own = server("http://[::1]:8000").unwrap();
        assert_eq!((own.place.host.as_str(), own.place.port), ("::1", 8000));
        assert_eq!(server("tcp://pi:10300").unwrap().place.port, 10300);
        for url in [
            "tcp://pi",
            "ftp://pi",
            "pi:80",
            "http://",
            "http://a:b@c",
            "http://a/?b",
        ] {
            assert!(server(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let server = Server::new("http://127.0.0.1", Arc::new(Tcp)).unwrap();
        let server = server.with_key("sk-secret").unwrap();
        assert!(!format!("{server:?}").contains("sk-secret"));
        let bad = Server::new("http://127.0.0.1", Arc::new(Tcp)).unwrap();
        assert!(bad.with_key("a\nb").is_none());
    }
}
