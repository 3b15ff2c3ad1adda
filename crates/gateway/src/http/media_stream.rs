//! `/sip/media-stream`: a provider brings a call as a stream over a WebSocket.

use super::Shared;
use super::access::Client;
use super::admission::{Ticket, admit};
use super::error::ApiError;
use super::metrics::StreamRefusal;
use super::upgrade::Upgrade;
use crate::control::ControlError;
use crate::newcomer::Newcomer;
use crate::shard::websocket_config;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::Response;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use trunkline_legs::stream::Greeting;
use trunkline_streams::dialect::{STREAMS, StreamDialect, stream};
use tungstenite::protocol::WebSocketConfig;

/// The longest message of a provider: some minutes of G.711 as base64.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// `GET /sip/media-stream`: which provider it is shows in how its stream begins.
pub async fn any(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    open(shared, client, request, None, None).await
}

/// `GET /sip/{provider}/media-stream`: a stream of this provider; 404 where nobody knows it.
pub async fn one(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let dialect = stream(&provider).ok_or_else(unknown_provider)?;
    open(shared, client, request, Some(dialect), None).await
}

/// `GET /sip/{provider}/media-stream/{ticket}`: the same, for a provider that was told to come.
pub async fn told(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    Path((provider, text)): Path<(String, String)>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let dialect = stream(&provider).ok_or_else(unknown_provider)?;
    let ticket = Ticket { provider, text };
    open(shared, client, request, Some(dialect), Some(ticket)).await
}

fn unknown_provider() -> ApiError {
    let known: Vec<_> = STREAMS
        .iter()
        .flat_map(|dialect| std::iter::once(&dialect.name).chain(dialect.aliases))
        .copied()
        .collect();
    let known = known.join(", ");
    ApiError::not_found(format!(
        "no provider of this name: write /sip/PROVIDER/media-stream with one of {known}; \
         /sip/media-stream tells them by how they begin"
    ))
}

async fn open(
    shared: Shared,
    client: Client,
    mut request: Request,
    dialect: Option<&'static StreamDialect>,
    ticket: Option<Ticket>,
) -> Result<Response<Body>, ApiError> {
    let upgrade = Upgrade::of(&mut request)?;
    let place = place(&shared).await.inspect_err(|_| {
        shared
            .control
            .metrics()
            .stream_refused(StreamRefusal::NoRoom);
    })?;
    // Last, since it uses up a ticket.
    admit(&shared, client, &request, ticket.as_ref())?;
    let known = dialect.map_or(STREAMS, std::slice::from_ref);
    let known = known
        .iter()
        .flat_map(|dialect| dialect.manners.subprotocols);
    let upgrade = upgrade.agree(request.headers(), known.copied());
    let answer = upgrade.answer();
    // What is no query tells nothing.
    let query = Query::try_from_uri(request.uri()).map(|Query(query)| query);
    let query = query.unwrap_or_default();
    tokio::spawn(async move {
        if let Some(socket) = upgrade.socket(provider_config()).await {
            let newcomer = Newcomer {
                socket: socket.into(),
                greeting: Greeting::new(dialect),
                client: client.0,
                query,
            };
            newcomer.become_call(&shared.control, place).await;
        }
    });
    answer
}

/// Room for another stream, and for another provider that has not said yet whose call it brings.
async fn place(shared: &Shared) -> Result<OwnedSemaphorePermit, ControlError> {
    shared.control.stream_room().await?;
    let place = Arc::clone(&shared.greetings).try_acquire_owned();
    place.map_err(|_| ControlError::Busy)
}

fn provider_config() -> WebSocketConfig {
    websocket_config()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}
