//! `/v1/route`: which application would take a call, and why.

use super::Shared;
use super::error::ApiError;
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::IpAddr;
use trunkline_call::Headers;
use trunkline_call::numbers::Number;
use trunkline_call::routes::{Arrival, Asker, Moment, Party, Routes, Verdict};

/// The call to be explained.
#[derive(Deserialize)]
pub struct Asked {
    to: String,
    #[serde(default)]
    from: String,
    trunk: Option<String>,
    provider: Option<String>,
    user: Option<String>,
    source: Option<String>,
    at: Option<String>,
}

/// `GET /v1/route?to=…&from=…&user=…&trunk=…&provider=…&source=…&at=…`
pub async fn explain(
    State(shared): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, ApiError> {
    let source = match asked.source.as_deref().map(str::parse::<IpAddr>) {
        None => None,
        Some(Ok(address)) => Some(address),
        Some(Err(_)) => return Err(ApiError::bad_request("source: give an IP address")),
    };
    let settings = shared.settings();
    let at = match asked.at.as_deref().map(str::parse::<Moment>) {
        None => settings.clock.now(),
        Some(Ok(at)) => at,
        Some(Err(error)) => {
            let message = format!("at: {error}; write day and time, such as mon 09:00");
            return Err(ApiError::bad_request(message));
        }
    };
    let headers = Headers::default();
    let arrival = Arrival {
        to: &asked.to,
        from: &asked.from,
        trunk: asked.trunk.as_deref(),
        provider: asked.provider.as_deref(),
        user: asked.user.as_deref(),
        headers: &headers,
        source,
        at,
    };
    Ok(Json(explanation(&settings.routes, &arrival)))
}

/// The decision about a call, and what each entry and rule had to do with it.
pub fn explanation(routes: &Routes, arrival: &Arrival<'_>) -> Value {
    let decision = routes.find(arrival);
    let app = decision.as_ref().map(|decision| decision.app);
    let parameters = decision.as_ref().map(|decision| &decision.parameters);
    let number = Party::read(arrival.to, routes.country());
    json!({
        "to": arrival.to,
        "number": number.number().map(Number::as_str),
        "app": app,
        "parameters": parameters.map(trunkline_call::json::parameters),
        "rules": routes.explain(arrival).iter().map(verdict).collect::<Vec<Value>>(),
    })
}

fn verdict(verdict: &Verdict<'_>) -> Value {
    let says = verdict.to_string();
    match verdict.asker {
        Asker::Rule(number) => json!({"rule": number, "app": verdict.app, "says": says}),
        Asker::Did(number) => json!({"did": number, "app": verdict.app, "says": says}),
        Asker::Dids => json!({"did": null, "app": null, "says": says}),
    }
}
