//! The HTTP interface: one router, served with limits on everything a client may take its time
//! with.

mod access;
mod admission;
mod body;
mod calls;
mod configuration;
mod dashboard;
mod error;
mod events;
mod idempotency;
mod media_socket;
mod media_stream;
mod metrics;
mod ollama;
mod probes;
mod records;
mod registrations;
mod routes;
#[cfg(test)]
mod tests;
mod twilio;
pub mod upgrade;
mod webhooks;

pub use access::is_local;
pub use admission::is_neighbour;
pub use axum::http::{HeaderMap, HeaderName};
pub use metrics::{Metrics, StreamRefusal, WebhookRefusal};

use crate::control::Control;
use crate::newcomer::GREETINGS_MAX;
use crate::settings::Settings;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use idempotency::Placed;
use ollama::Ollama;
pub use ollama::ollama_address;
use socket2::SockRef;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use trunkline_providers::ticket::Tickets;

/// Connections at once; a further one waits to be accepted.
const CONNECTIONS_MAX: usize = 512;
/// How long a client may take to send its headers.
const HEADERS_TIME_MAX: Duration = Duration::from_secs(10);
/// The most headers of a request.
const HEADERS_MAX: usize = 64;
/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The longest body: a minute of 48 kHz stereo to be played.
const BODY_BYTES_MAX: usize = 12 * 1024 * 1024;
/// How long a client may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);
/// How long a client may leave what it was sent unread.
const UNREAD_TIME_MAX: Duration = Duration::from_secs(30);

/// What every handler may use.
#[derive(Clone)]
pub struct Shared {
    control: Control,
    started: Instant,
    ollama: Arc<Ollama>,
    /// Calls that were placed under a key.
    placed: Arc<Placed>,
    /// Room for providers that have not said yet whose call they bring.
    greetings: Arc<Semaphore>,
}

impl Shared {
    /// What the gateway is told now.
    fn settings(&self) -> Arc<Settings> {
        self.control.settings()
    }

    /// The tickets of media streams.
    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.control.tickets()
    }
}

/// Every path of the interface.
pub fn router(control: Control) -> Router {
    router_within(control, BODY_TIME_MAX, GREETINGS_MAX)
}

/// The same, with so long for the body of a request, and so many providers that have not said yet
/// whose call they bring.
fn router_within(control: Control, body_time: Duration, greetings: usize) -> Router {
    let shared = Shared {
        control,
        started: Instant::now(),
        ollama: Arc::new(Ollama::of_process()),
        placed: Arc::default(),
        greetings: Arc::new(Semaphore::new(greetings)),
    };
    let guarded = Router::new()
        .route("/metrics", get(metrics::scrape))
        .route("/v1/calls", get(calls::list).post(calls::place))
        .route("/v1/calls/{id}", get(calls::one))
        .route("/v1/calls/{id}/play", post(calls::play))
        .route("/v1/calls/{id}/{verb}", post(calls::verb))
        .route("/v1/events", get(events::stream))
        .route("/v1/devices", get(registrations::devices))
        .route("/v1/trunks", get(registrations::trunks))
        .route("/v1/route", get(routes::explain))
        .route("/v1/configuration", get(configuration::show))
        .route("/v1/records", get(records::list))
        .route("/v1/records/{id}", get(records::one))
        .route("/v1/records/{id}/why", get(records::why))
        .route(
            "/2010-04-01/Accounts/{account}/Calls/{call}",
            post(twilio::update),
        )
        .route("/ws/sip/{call_id}", get(media_socket::take))
        .route("/ws/voice/{call_id}", get(media_socket::take))
        .layer(from_fn_with_state(shared.clone(), access::check));
    Router::new()
        .route("/health", get(probes::health))
        .route("/ready", get(probes::ready))
        .route("/openapi.json", get(probes::openapi))
        .route("/", get(dashboard::page))
        .route("/sip/{provider}/answer", webhooks::answers())
        .route("/sip/{provider}/status", webhooks::statuses())
        .route("/sip/media-stream", get(media_stream::any))
        .route("/sip/{provider}/media-stream", get(media_stream::one))
        .route(
            "/sip/{provider}/media-stream/{ticket}",
            get(media_stream::told),
        )
        .merge(guarded)
        .fallback(error::no_such_path)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(body_time, body::in_time))
        .with_state(shared)
}

/// Serves the interface until the task is dropped.
pub async fn serve(listener: TcpListener, router: Router) {
    serve_within(listener, router, CONNECTIONS_MAX, HEADERS_TIME_MAX).await;
}

/// The same, with so many connections at once, and so long for the headers of a request.
async fn serve_within(
    listener: TcpListener,
    router: Router,
    connections: usize,
    headers_time: Duration,
) {
    let room = Arc::new(Semaphore::new(connections));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, client)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    talk(stream, client, router, headers_time).await;
                    drop(place);
                });
            }
            // Out of descriptors: the client waits in the backlog until one is free.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn talk(stream: TcpStream, client: SocketAddr, router: Router, headers_time: Duration) {
    // An event that waits for the acknowledgement of the one before comes late.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIME_MAX));
    let router = router.layer(axum::Extension(access::Client(client)));
    // A client that breaks off or talks nonsense has had its answer from hyper.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers_time)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades()
        .await;
}
