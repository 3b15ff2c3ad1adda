//! `/v1/route`: which application would take a call, and why.

use super::Shared;
use super::error::ApiError;
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::IpAddr;
use trunkline_call::Headers;
use trunkline_call::routes::Arrival;

/// The call to be explained.
#[derive(Deserialize)]
pub struct Asked {
    to: String,
    #[serde(default)]
    from: String,
    trunk: Option<String>,
    user: Option<String>,
    source: Option<String>,
}

/// `GET /v1/route?to=…&from=…&user=…&trunk=…&source=…`
pub async fn explain(
    State(shared): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, ApiError> {
    let source = match asked.source.as_deref().map(str::parse::<IpAddr>) {
        None => None,
        Some(Ok(address)) => Some(address),
        Some(Err(_)) => return Err(ApiError::bad_request("source: give an IP address")),
    };
    let headers = Headers::default();
    let arrival = Arrival {
        to: &asked.to,
        from: &asked.from,
        trunk: asked.trunk.as_deref(),
        user: asked.user.as_deref(),
        headers: &headers,
        source,
    };
    Ok(Json(explanation(&shared.settings.routes, &arrival)))
}

/// The decision about a call and what every rule had to do with it.
pub fn explanation(routes: &trunkline_call::routes::Routes, arrival: &Arrival<'_>) -> Value {
    let rules: Vec<Value> = routes
        .explain(arrival)
        .iter()
        .map(|verdict| json!({"rule": verdict.number, "app": verdict.app, "says": verdict.to_string()}))
        .collect();
    let app = match routes.find(arrival) {
        Some(rule) => Some(rule.app.as_str()),
        None if routes.rules().is_empty() => Some("echo"),
        None => None,
    };
    json!({"to": arrival.to, "app": app, "rules": rules})
}
