//! `/ws/sip/{call_id}`: an application comes to a call that waits for it.

use super::Shared;
use super::calls::call_id;
use super::error::ApiError;
use crate::shard::{AppStream, websocket_config};
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, Response, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::WebSocket;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

/// `GET /ws/sip/{call_id}`: 404 where no such call lives, 409 where it has its application.
pub async fn take(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    mut request: Request,
) -> Result<Response<Body>, ApiError> {
    let id = call_id(&id).map_err(|_| ApiError::from(crate::control::ControlError::NoSuchCall))?;
    let accept = accept_key(request.headers())?;
    shared.control.waits(id).await?;
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Some(socket) = upgrade.await.ok().and_then(socket) {
            // Somebody else may have been faster; this one is then closed.
            let _ = shared.control.take(id, socket).await;
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, accept)
        .body(Body::empty())
        .map_err(|error| ApiError::bad_request(error.to_string()))
}

/// Checks the opening handshake (RFC 6455 §4.2.1) and answers its key.
fn accept_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let has = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case(word))
    };
    if !has(UPGRADE, "websocket")
        || !has(CONNECTION, "upgrade")
        || !has(SEC_WEBSOCKET_VERSION, "13")
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

/// The socket below an upgraded connection, with what was read ahead of it.
fn socket(upgraded: Upgraded) -> Option<WebSocket<AppStream>> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    let stream = AppStream::Opening(parts.io.into_inner());
    let ahead = parts.read_buf.to_vec();
    Some(WebSocket::from_partially_read(
        stream,
        ahead,
        Role::Server,
        Some(websocket_config()),
    ))
}
