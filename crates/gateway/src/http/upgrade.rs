//! The opening handshake of WebSocket, as a server answers it (RFC 6455 §4.2).

use super::error::ApiError;
use crate::shard::AppStream;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::WebSocket;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};

/// A request that asks for a WebSocket and may have it.
pub struct Upgrade {
    accept: String,
    subprotocol: Option<&'static str>,
    upgraded: OnUpgrade,
}

impl Upgrade {
    /// Checks the handshake of a request (RFC 6455 §4.2.1).
    ///
    /// # Errors
    /// Where it is none.
    pub fn of(request: &mut Request) -> Result<Self, ApiError> {
        Ok(Self {
            accept: accept_key(request.headers())?,
            subprotocol: None,
            upgraded: hyper::upgrade::on(request),
        })
    }

    /// Agrees to the first of these subprotocols that the client offers (RFC 6455 §4.2.2).
    pub fn agree(
        mut self,
        headers: &HeaderMap,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let mut known = known.into_iter();
        self.subprotocol = known.find(|ours| has(headers, &SEC_WEBSOCKET_PROTOCOL, ours));
        self
    }

    /// The answer that opens the WebSocket.
    ///
    /// # Errors
    /// Never, as its headers are our own.
    pub fn answer(&self) -> Result<Response<Body>, ApiError> {
        let mut answer = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_ACCEPT, &self.accept);
        if let Some(subprotocol) = self.subprotocol {
            answer = answer.header(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        answer
            .body(Body::empty())
            .map_err(|error| ApiError::bad_request(error.to_string()))
    }

    /// The open WebSocket, once the answer was sent; with what was read ahead of it.
    pub async fn socket(self, config: WebSocketConfig) -> Option<WebSocket<AppStream>> {
        let upgraded = self.upgraded.await.ok()?;
        let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
        let stream = AppStream::new(parts.io.into_inner());
        let ahead = parts.read_buf.to_vec();
        let (role, config) = (Role::Server, Some(config));
        Some(WebSocket::from_partially_read(stream, ahead, role, config))
    }
}

fn accept_key(headers: &HeaderMap) -> Result<String, ApiError> {
    if !has(headers, &UPGRADE, "websocket")
        || !has(headers, &CONNECTION, "upgrade")
        || !has(headers, &SEC_WEBSOCKET_VERSION, "13")
    {
        return Err(ApiError::bad_request(
            "this path speaks WebSocket (RFC 6455, version 13)",
        ));
    }
    headers
        .get(SEC_WEBSOCKET_KEY)
        .map(|key| derive_accept_key(key.as_bytes()))
        .ok_or_else(|| ApiError::bad_request("Sec-WebSocket-Key is missing"))
}

/// Whether a header lists a word.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case(word))
}
