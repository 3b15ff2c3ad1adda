//! `/v1/configuration`: the file that is read again while the gateway runs, and how that went.

use super::Shared;
use crate::reload::ConfigurationView;
use axum::Json;
use axum::extract::State;

/// `GET /v1/configuration`
pub async fn show(State(shared): State<Shared>) -> Json<ConfigurationView> {
    Json(shared.control.configuration().clone())
}
