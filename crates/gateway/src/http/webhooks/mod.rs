//! `/sip/{provider}/…`: what providers of telephone numbers ask of us, and tell us, over HTTP.
//!
//! Who asks is proven before anything they say is read. An answer depends on nothing but the
//! question and the configuration, so a question that comes twice, or is replayed, changes nothing.

mod incoming;
mod proof;

use super::access::Client;
use super::error::ApiError;
use super::{Shared, WebhookRefusal};
use crate::signalling::PLACED;
pub use proof::handshake_proof;

use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use incoming::Incoming;
use std::time::{SystemTime, UNIX_EPOCH};
use trunkline_call::routes::Arrival;
use trunkline_call::{CallId, Headers};
use trunkline_providers::answer::{Connection, Document, connect, refuse};
use trunkline_providers::webhook::{Asked, Unreadable, asked, over};
use trunkline_providers::{Form, Provider};

/// `/sip/{provider}/answer`.
pub fn answers() -> MethodRouter<Shared> {
    get(answer).post(answer)
}

/// `/sip/{provider}/status`.
pub fn statuses() -> MethodRouter<Shared> {
    get(status).post(status)
}

/// `GET` or `POST /sip/{provider}/answer`: a call came in at the provider; what is to become of it?
async fn answer(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let provider = known(&name)?;
    let (incoming, fields) = proven(&shared, provider, request).await?;
    let asked = asked(provider, &fields).map_err(|bad| unreadable(&shared, &bad))?;
    let placed = placed(&shared, &incoming).await;
    let is_taken = placed.is_some() || is_taken(&shared, provider, &asked, &incoming);
    let document = match is_taken {
        true => connected(&shared, provider, &asked, placed),
        false => {
            count(&shared, WebhookRefusal::UnknownNumber);
            tracing::info!(provider = provider.word(), to = ?asked.to, "no route takes this number");
            refuse(provider).ok_or_else(|| ApiError::not_found("this number is not configured"))?
        }
    };
    Ok(([(CONTENT_TYPE, document.content_type)], document.body).into_response())
}

/// `GET` or `POST /sip/{provider}/status`: what became of a call or a stream. It is logged.
async fn status(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let provider = known(&name)?;
    let (incoming, fields) = proven(&shared, provider, request).await?;
    if let Some(id) = placed(&shared, &incoming).await
        && let Some(how) = over(provider, &fields, &incoming.body)
    {
        shared.control.unanswered(id, how).await;
    }
    let of = |name| fields.get(name).unwrap_or_default();
    let (call, provider) = (of("CallSid"), provider.word());
    match of("StreamEvent") {
        "stream-error" => {
            let error = of("StreamError");
            tracing::warn!(provider, ?call, ?error, "the provider could not stream");
        }
        event => {
            let status = of("CallStatus");
            tracing::debug!(provider, ?call, ?status, ?event, "the provider tells");
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn known(name: &str) -> Result<Provider, ApiError> {
    Provider::named(name).ok_or_else(|| {
        let words = Provider::ALL.map(Provider::word).join(", ");
        ApiError::not_found(format!("no such provider; there are {words}"))
    })
}

/// A request and what it says, once it is proven who sent it.
async fn proven(
    shared: &Shared,
    provider: Provider,
    request: Request,
) -> Result<(Incoming, Form), ApiError> {
    if request.method() == Method::GET && !proof::covers_urls(provider) {
        count(shared, WebhookRefusal::Method);
        let message = "the provider's signature does not cover a URL: choose POST for this webhook";
        return Err(ApiError::method_not_allowed(message));
    }
    let client = request.extensions().get::<Client>().copied();
    let incoming = Incoming::read(request, client).await?;
    let fields = incoming.fields();
    let form = fields.as_ref().ok();
    if let Err(denied) = proof::check(&shared.settings(), provider, &incoming, form, now_s()) {
        count(shared, denied.refusal());
        tracing::info!(provider = provider.word(), "a webhook is refused: {denied}");
        return Err(ApiError::forbidden(denied.to_string()));
    }
    let form = fields.map_err(|bad| unreadable(shared, &bad))?;
    Ok((incoming, form))
}

fn unreadable(shared: &Shared, bad: &Unreadable) -> ApiError {
    count(shared, WebhookRefusal::Unreadable);
    ApiError::bad_request(bad.to_string())
}

fn count(shared: &Shared, refusal: WebhookRefusal) {
    shared.control.metrics().webhook_refused(refusal);
}

/// The call that we had the provider place and that this is about, if it has not come yet.
async fn placed(shared: &Shared, incoming: &Incoming) -> Option<CallId> {
    let query = Form::parse(incoming.uri.query()?.as_bytes()).ok()?;
    let id = query.get(PLACED).and_then(CallId::parse)?;
    let is_awaited = shared.control.is_awaited(id).await;
    is_awaited.unwrap_or(false).then_some(id)
}

/// Seconds since 1970.
pub fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

fn is_taken(shared: &Shared, provider: Provider, asked: &Asked, incoming: &Incoming) -> bool {
    let settings = shared.settings();
    let arrival = Arrival {
        to: &asked.to,
        from: &asked.from,
        trunk: None,
        provider: Some(provider.word()),
        user: None,
        headers: &Headers::default(),
        source: incoming.client.map(|client| client.0.ip()),
        at: settings.clock.now(),
    };
    settings.routes.find(&arrival).is_some()
}

/// The document that leads the call to our media stream, with a ticket for it.
fn connected(
    shared: &Shared,
    provider: Provider,
    asked: &Asked,
    placed: Option<CallId>,
) -> Document {
    let word = provider.word();
    let ticket = shared.tickets().issue(provider, &asked.call, now_s());
    let public = proof::public_url(&shared.settings());
    let stream = public.socket(&format!("/sip/{word}/media-stream/{ticket}"));
    let mut connection = Connection::of_call(stream, &asked.from, &asked.to);
    let placed = placed.map(|id| (PLACED.to_owned(), id.to_string()));
    connection.parameters.extend(placed);
    connection.status_url = Some(public.web(&format!("/sip/{word}/status")));
    connection.texml_codec = shared.settings().providers.telnyx.codec;
    connect(provider, &connection)
}
