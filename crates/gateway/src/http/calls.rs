//! `/v1/calls`: what lives, and what is asked of it.

use super::Shared;
use super::error::ApiError;
use super::idempotency;
use crate::control::{CallView, DialRequest};
use crate::sound;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use trunkline_call::json::{DigitsRequest, HangupRequest, TransferRequest};
use trunkline_call::{CallCommand, CallId, Headers, Parameters, SAMPLE_RATE_HZ, Target};

/// `GET /v1/calls`
pub async fn list(State(shared): State<Shared>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({"calls": shared.control.calls().await?})))
}

/// `GET /v1/calls/{id}`
pub async fn one(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<CallView>, ApiError> {
    let id = call_id(&id)?.to_string();
    let calls = shared.control.calls().await?;
    let found = calls.into_iter().find(|call| call.id == id);
    found
        .map(Json)
        .ok_or_else(|| crate::control::ControlError::NoSuchCall.into())
}

/// The body of `POST /v1/calls`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    to: String,
    from: Option<String>,
    app: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// `POST /v1/calls`: places a call and answers as soon as it is on its way.
pub async fn place(
    State(shared): State<Shared>,
    asked: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let place: Place = parsed(&body)?;
    let to = Target::new(&place.to)
        .ok_or_else(|| ApiError::bad_request("to: empty, too long, or with spaces in it"))?;
    let request = DialRequest {
        to,
        from: place.from,
        app: place.app,
        headers: headers(&place.headers)?,
        parameters: parameters(&place.parameters)?,
    };
    let id = match idempotency::key(&asked)? {
        None => shared.control.dial(request).await?,
        Some(key) => {
            let control = shared.control.clone();
            shared.placed.once(key, &body, control, request).await?
        }
    };
    Ok((StatusCode::CREATED, Json(json!({"id": id.to_string()}))))
}

/// `POST /v1/calls/{id}/{verb}`
pub async fn verb(
    State(shared): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = call_id(&id)?;
    for command in commands(&verb, &body)? {
        shared.control.command(id, command).await?;
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({"id": id.to_string(), "asked": verb})),
    ))
}

fn commands(verb: &str, body: &[u8]) -> Result<Vec<CallCommand<'static>>, ApiError> {
    let bad = |error: trunkline_call::json::BadCommand| ApiError::bad_request(error.to_string());
    Ok(match verb {
        "hangup" => vec![
            parsed::<HangupRequest>(or_empty(body))?
                .command()
                .map_err(bad)?,
        ],
        "transfer" => vec![parsed::<TransferRequest>(body)?.command().map_err(bad)?],
        "dtmf" => parsed::<DigitsRequest>(body)?.commands().map_err(bad)?,
        "clear" => vec![CallCommand::Clear],
        "hold" => vec![CallCommand::Hold],
        "resume" => vec![CallCommand::Resume],
        "record" => return Err(ApiError::not_found("this build does not record calls")),
        _ => {
            return Err(ApiError::not_found(
                "no such verb; /openapi.json lists them",
            ));
        }
    })
}

/// `POST /v1/calls/{id}/play`: a WAV file as body.
pub async fn play(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = call_id(&id)?;
    let samples = sound::samples_beside(body).await;
    let samples = samples.map_err(|why| ApiError::bad_request(format!("WAV: {why}")))?;
    let queued_ms = samples.len() as u64 * 1_000 / u64::from(SAMPLE_RATE_HZ);
    shared
        .control
        .command(id, CallCommand::Play(Cow::Owned(samples)))
        .await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({"id": id.to_string(), "queuedMs": queued_ms})),
    ))
}

/// Reads a call's name.
pub fn call_id(text: &str) -> Result<CallId, ApiError> {
    CallId::parse(text).ok_or_else(|| {
        ApiError::bad_request(
            "a call's id has 32 hexadecimal digits; `trunkline calls` lists the calls that live, \
             `trunkline records` those that have ended",
        )
    })
}

fn parsed<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(error.to_string()))
}

fn or_empty(body: &[u8]) -> &[u8] {
    if body.is_empty() { b"{}" } else { body }
}

fn headers(given: &BTreeMap<String, String>) -> Result<Headers, ApiError> {
    let mut headers = Headers::default();
    for (name, value) in given {
        if !headers.push_asked(name, value) {
            let message = format!(
                "headers: {name:?} is no header name or one that SIP itself works by, or its value is \
                 too long or has control characters"
            );
            return Err(ApiError::bad_request(message));
        }
    }
    Ok(headers)
}

fn parameters(given: &BTreeMap<String, String>) -> Result<Parameters, ApiError> {
    let mut parameters = Parameters::default();
    for (name, value) in given {
        if !parameters.push(name, value) {
            let message = format!("parameters: {name:?} or its value is too long, or too many");
            return Err(ApiError::bad_request(message));
        }
    }
    Ok(parameters)
}
