//! `/v1/devices` and `/v1/trunks`: who registered here, and where we registered.

use super::Shared;
use super::error::ApiError;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// `GET /v1/devices`
pub async fn devices(State(shared): State<Shared>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({"devices": shared.control.devices().await?})))
}

/// `GET /v1/trunks`
pub async fn trunks(State(shared): State<Shared>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({"trunks": shared.control.trunks().await?})))
}
