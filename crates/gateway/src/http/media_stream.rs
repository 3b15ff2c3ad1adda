//! `/sip/media-stream`: a provider brings a call as a stream over a WebSocket.

use super::Shared;
use super::access::Client;
use super::admission::{Ticket, admit};
use super::error::ApiError;
use super::metrics::StreamRefusal;
use super::upgrade::Upgrade;
use crate::control::{Control, ControlError};
use crate::shard::{AppStream, frame_of, websocket_config};
use crate::signalling::{NewStream, NoCall};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::Response;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use trunkline_legs::stream::{Greeted, Greeting, START_MAX};
use trunkline_streams::dialect::{STREAMS, StreamDialect, stream};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Utf8Bytes, WebSocket};

/// Streams that may be without a beginning at one time.
pub const GREETINGS_MAX: usize = 256;
/// The longest message of a provider: some minutes of G.711 as base64.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// How long a provider that is turned away has to answer our close frame.
const CLOSE_MAX: Duration = Duration::from_secs(1);
/// The longest reason in a close frame (RFC 6455 §5.5), less its code.
const REASON_BYTES_MAX: usize = 123;

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
    shared.control.room().await?;
    let place = Arc::clone(&shared.greetings).try_acquire_owned();
    let place = place.map_err(|_| ApiError::from(ControlError::Busy))?;
    // Last, since it uses up a ticket.
    admit(&shared, client, &request, ticket.as_ref())?;
    let subprotocol = dialect.and_then(|dialect| dialect.manners.subprotocol);
    let upgrade = upgrade.agree(request.headers(), subprotocol);
    let answer = upgrade.answer();
    tokio::spawn(async move {
        if let Some(socket) = upgrade.socket(provider_config()).await {
            let newcomer = Newcomer {
                socket,
                greeting: Greeting::new(dialect),
                client: client.0,
            };
            newcomer.become_call(&shared.control, place).await;
        }
    });
    answer
}

fn provider_config() -> WebSocketConfig {
    websocket_config()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// A provider that has connected and not said yet whose call it brings.
struct Newcomer {
    socket: WebSocket<AppStream>,
    greeting: Greeting,
    client: SocketAddr,
}

/// Why it was sent away, and how its connection is closed.
struct Farewell {
    kind: StreamRefusal,
    code: CloseCode,
    words: String,
}

impl Newcomer {
    async fn become_call(mut self, control: &Control, place: OwnedSemaphorePermit) {
        let began = timeout(START_MAX, self.beginning()).await;
        let farewell = match began {
            Ok(Ok(greeted)) => {
                drop(place);
                return self.enter(greeted, control).await;
            }
            // It has gone by itself.
            Ok(Err(None)) => return control.metrics().stream_refused(StreamRefusal::NoStart),
            Ok(Err(Some(farewell))) => farewell,
            Err(_) => Farewell {
                kind: StreamRefusal::NoStart,
                code: CloseCode::Policy,
                words: format!("no start within {} s", START_MAX.as_secs()),
            },
        };
        turn_away(self.socket, self.client, farewell, control).await;
    }

    /// Reads until the stream has begun. `None` where the connection ends before.
    async fn beginning(&mut self) -> Result<Greeted, Option<Farewell>> {
        loop {
            let message = match self.socket.read() {
                Ok(message) => message,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    // A pong that was gathered leaves before we wait.
                    let _ = self.socket.flush();
                    let stream = self.socket.get_ref();
                    stream.readable_again().await.map_err(|_| None)?;
                    continue;
                }
                Err(_) => return Err(None),
            };
            let Some(frame) = frame_of(&message) else {
                continue;
            };
            let heard = self.greeting.hear(frame);
            let heard = heard.map_err(|refusal| Farewell {
                kind: StreamRefusal::Nonsense,
                code: CloseCode::Policy,
                words: refusal.to_string(),
            })?;
            if let Some(greeted) = heard {
                return Ok(greeted);
            }
        }
    }

    async fn enter(self, greeted: Greeted, control: &Control) {
        let Self { socket, client, .. } = self;
        let new = NewStream {
            greeted,
            socket: Box::new(socket),
            client,
        };
        // A gateway that has stopped has closed the connection with its question.
        if let Ok(Err(turned_away)) = control.stream(new).await {
            let (why, socket) = *turned_away;
            turn_away(*socket, client, farewell(&why), control).await;
        }
    }
}

fn farewell(why: &NoCall) -> Farewell {
    let (kind, code) = match why {
        NoCall::NoRoom(_) => (StreamRefusal::NoRoom, CloseCode::Again),
        NoCall::NoRoute(_) => (StreamRefusal::NoRoute, CloseCode::Policy),
        NoCall::Unsupported(_) => (StreamRefusal::Unsupported, CloseCode::Unsupported),
    };
    let words = why.to_string();
    Farewell { kind, code, words }
}

/// Closes with the reason in words, and gives the far end a moment to read them.
async fn turn_away(
    mut socket: WebSocket<AppStream>,
    client: SocketAddr,
    farewell: Farewell,
    control: &Control,
) {
    let Farewell { kind, code, words } = farewell;
    tracing::warn!(%client, "a media stream was refused: {words}");
    control.metrics().stream_refused(kind);
    let frame = CloseFrame {
        code,
        reason: short(&words),
    };
    let _ = socket.close(Some(frame));
    let _ = timeout(CLOSE_MAX, async {
        loop {
            match socket.read() {
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    if socket.get_ref().readable_again().await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    })
    .await;
}

/// As much of the words as a close frame has room for.
fn short(words: &str) -> Utf8Bytes {
    words[..words.floor_char_boundary(REASON_BYTES_MAX)].into()
}
