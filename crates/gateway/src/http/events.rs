//! `/v1/events`: everything that is announced, as server-sent events.

use super::Shared;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use std::convert::Infallible;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt};

/// `GET /v1/events`. Who reads too slowly is told how many events were lost.
pub async fn stream(
    State(shared): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = BroadcastStream::new(shared.control.listen()).map(|announced| {
        Ok(match announced {
            Ok(announcement) => Event::default()
                .event(announcement.event)
                .data(&*announcement.json),
            Err(BroadcastStreamRecvError::Lagged(count)) => Event::default()
                .event("lost")
                .data(format!("{{\"count\":{count}}}")),
        })
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
