//! A webhook's request, read whole.

use crate::http::access::Client;
use crate::http::error::ApiError;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Uri};
use trunkline_providers::Form;
use trunkline_providers::form::FORM_BYTES_MAX;
use trunkline_providers::webhook::{self, Unreadable};

/// A request of a provider.
pub struct Incoming {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub client: Option<Client>,
}

impl Incoming {
    /// Reads the body, which is a short one.
    pub async fn read(request: Request, client: Option<Client>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, FORM_BYTES_MAX).await.map_err(|_| {
            ApiError::bad_request(format!("the body has more than {FORM_BYTES_MAX} bytes"))
        })?;
        Ok(Self {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            client,
        })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the parameters are in the URL.
    pub fn is_get(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether the body is a form.
    pub fn is_form(&self) -> bool {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// Path and query, as they came.
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |both| both.as_str())
    }

    /// What the request says: its query, its form, or its JSON.
    pub fn fields(&self) -> Result<Form, Unreadable> {
        match self.is_get() {
            true => webhook::fields(false, self.uri.query().unwrap_or_default().as_bytes()),
            false => webhook::fields(!self.is_form(), &self.body),
        }
    }
}
