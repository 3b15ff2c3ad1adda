//! `/v1/records`: calls that have ended.

use super::Shared;
use super::calls::call_id;
use super::error::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use std::sync::Arc;
use trunkline_call::record::CallRecord;

/// `GET /v1/records`, newest first.
pub async fn list(State(shared): State<Shared>) -> Json<Value> {
    let records: Vec<Arc<CallRecord>> = shared.control.records().iter().cloned().collect();
    let records: Vec<Value> = records.iter().map(|record| record.to_json()).collect();
    Json(json!({"records": records}))
}

/// `GET /v1/records/{id}`
pub async fn one(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(find(&shared, &id)?.to_json()))
}

/// `GET /v1/records/{id}/why`: what happened, in plain sentences.
pub async fn why(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let record = find(&shared, &id)?;
    Ok(Json(
        json!({"id": record.id.to_string(), "why": trunkline_call::record::why(&record)}),
    ))
}

fn find(shared: &Shared, id: &str) -> Result<Arc<CallRecord>, ApiError> {
    let id = call_id(id)?;
    let found = shared.control.records().find(id).cloned();
    found.ok_or_else(|| {
        ApiError::not_found("no record of this id: the call lives, or is older than the last 500")
    })
}
