//! `/ws/sip/{call_id}`: an application comes to a call that waits for it.

use super::Shared;
use super::calls::call_id;
use super::error::ApiError;
use super::upgrade::Upgrade;
use crate::shard::websocket_config;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::Response;

/// `GET /ws/sip/{call_id}`: 404 where no such call lives, 409 where it has its application.
pub async fn take(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    mut request: Request,
) -> Result<Response<Body>, ApiError> {
    let id = call_id(&id).map_err(|_| ApiError::from(crate::control::ControlError::NoSuchCall))?;
    let upgrade = Upgrade::of(&mut request)?;
    shared.control.waits(id).await?;
    let answer = upgrade.answer();
    tokio::spawn(async move {
        if let Some(socket) = upgrade.socket(websocket_config()).await {
            // Somebody else may have been faster; this one is then closed.
            let _ = shared.control.take(id, socket).await;
        }
    });
    answer
}
