//! The bodies of requests must come within a time: whoever announces one and does not send it would
//! keep a connection for ever.

use super::error::ApiError;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Answers 408 to a request whose body is not there in time, and closes its connection (RFC 9110
/// section 15.5.9). What is there when it is asked for is not late.
pub async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_late = Arc::<AtomicBool>::default();
    let told = Arc::clone(&is_late);
    let answer = next.run(request.map(|body| Body::new(Timed::new(body, limit, told))));
    let answer = answer.await;
    if !is_late.load(Ordering::Relaxed) {
        return answer;
    }
    let late = format!("the body was not there within {} s", limit.as_secs());
    let mut answer = ApiError::timeout(late).into_response();
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    answer
}

/// A body that breaks off when its time is over.
struct Timed {
    body: Body,
    end: Pin<Box<Sleep>>,
    /// Tells whoever answers why it broke off.
    is_late: Arc<AtomicBool>,
}

impl Timed {
    fn new(body: Body, limit: Duration, is_late: Arc<AtomicBool>) -> Self {
        Self {
            body,
            end: Box::pin(sleep(limit)),
            is_late,
        }
    }
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() || self.end.as_mut().poll(context).is_pending() {
            return frame;
        }
        self.is_late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new("the body is late"))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
