//! Errors as JSON: `{"error":{"code":"no_such_call","message":"…"}}`.

use crate::control::ControlError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An answer that is an error.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    /// The request says something that cannot be.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            message: message.into(),
        }
    }

    /// Nothing is there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            message: message.into(),
        }
    }

    /// Who asks has not said who they are.
    pub fn unauthorized() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "unauthorized",
            message: "send `Authorization: Bearer TOKEN` with a token of server.api_tokens".into(),
        }
    }

    /// There is such a path, for another method.
    pub fn method_not_allowed(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "method_not_allowed",
            message: message.into(),
        }
    }

    /// What was announced did not come in time.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            code: "timeout",
            message: message.into(),
        }
    }

    /// Something else was asked under the same name before.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            code: "conflict",
            message: message.into(),
        }
    }

    /// Who asks may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "forbidden",
            message: message.into(),
        }
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        let (status, code) = match &error {
            ControlError::NoSuchCall => (StatusCode::NOT_FOUND, "no_such_call"),
            ControlError::Taken => (StatusCode::CONFLICT, "taken"),
            ControlError::NotAllowed(_) => (StatusCode::FORBIDDEN, "dial_not_allowed"),
            ControlError::BadTarget(_) | ControlError::NoServer { .. } => {
                (StatusCode::BAD_REQUEST, "bad_target")
            }
            ControlError::BadCaller => (StatusCode::BAD_REQUEST, "bad_request"),
            ControlError::NoSuchApp(_) => (StatusCode::BAD_REQUEST, "no_such_app"),
            ControlError::Incomplete(_) => (StatusCode::BAD_REQUEST, "incomplete"),
            ControlError::AtProvider(_) => (StatusCode::BAD_GATEWAY, "not_placed"),
            ControlError::Unknown(_) => (StatusCode::BAD_GATEWAY, "maybe_placed"),
            ControlError::Refused(_) => (StatusCode::CONFLICT, "refused"),
            ControlError::Full(_) => (StatusCode::SERVICE_UNAVAILABLE, "full"),
            ControlError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            ControlError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        };
        Self {
            status,
            code,
            message: error.to_string(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        (self.status, Json(body)).into_response()
    }
}

/// A path that is not of the interface.
pub async fn no_such_path() -> ApiError {
    ApiError::not_found("no such path; /openapi.json lists them")
}
