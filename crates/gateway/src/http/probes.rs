//! What a load balancer and a curious person ask first.

use super::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// The description of this interface.
pub const OPENAPI: &str = include_str!("../../../../docs/openapi.json");

/// `GET /health`: the process is there. How many numbers have an entry, and whether an Ollama
/// runs on this machine, as earlier bots told it.
pub async fn health(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeSeconds": shared.started.elapsed().as_secs(),
        "dids": shared.settings().routes.dids().len(),
        "ollama": shared.ollama.is_running().await,
    }))
}

/// `GET /ready`: 200 while new calls are taken.
pub async fn ready(State(shared): State<Shared>) -> (StatusCode, Json<Value>) {
    match shared.control.figures().await {
        Ok(figures) if !figures.draining => (StatusCode::OK, Json(json!({"ready": true}))),
        Ok(_) => {
            let why = "draining: live calls finish, new ones are refused";
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({"ready": false, "why": why})),
            )
        }
        Err(error) => {
            let why = error.to_string();
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({"ready": false, "why": why})),
            )
        }
    }
}

/// `GET /openapi.json`
pub async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}
