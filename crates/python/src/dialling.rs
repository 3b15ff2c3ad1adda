//! Calls that Python places.

use tokio::sync::oneshot;
use trunkline::control::{Control, ControlError, DialRequest};
use trunkline_call::{Call, CallCommand, CallId, EndReason, GatewayReason, HangupCause};

use crate::arrivals::Placed;
use crate::gateway::{CallRejectedError, GatewayError};
use crate::runtime::Running;
use crate::task::{Failure, Promise};

/// Places a call: gives it once it is on its way, or, where a provider places it, once it is answered
/// and brought. `promise` tells that nobody wants it any more.
///
/// # Errors
/// Why there is none.
pub async fn dial(
    running: &Running,
    request: DialRequest,
    promise: &Promise,
) -> Result<Call, Failure> {
    running.arrivals.expect();
    let placed = running.control.dial(request).await;
    let found = running.arrivals.placed(placed.as_ref().ok().copied());
    match (placed, found) {
        (Err(error), _) => Err(not_placed(error)),
        (Ok(_), None) => Err(stopped()),
        (Ok(_), Some(Placed::Here(call))) => Ok(call),
        (Ok(id), Some(Placed::Awaited(coming))) => {
            let brought = brought(running, id, coming, promise).await;
            running.arrivals.give_up(id);
            brought
        }
    }
}

/// A call that a provider places.
async fn brought(
    running: &Running,
    id: CallId,
    coming: oneshot::Receiver<Call>,
    promise: &Promise,
) -> Result<Call, Failure> {
    tokio::select! {
        call = coming => call.map_err(|_| stopped()),
        end = end_of(&running.control, id) => Err(unanswered(&end)),
        () = promise.forgotten() => {
            let hang_up = CallCommand::Hangup(HangupCause::Normal);
            // One that has just ended needs none.
            let _ = running.control.command(id, hang_up).await;
            Err(stopped())
        }
    }
}

/// How a call ended that never came.
async fn end_of(control: &Control, id: CallId) -> EndReason {
    let mut announced = control.listen();
    loop {
        if let Some(record) = control.records().find(id) {
            return record.end.clone();
        }
        // The gateway runs on this thread, and keeps a record before anybody else has a turn.
        while announced
            .recv()
            .await
            .is_ok_and(|it| it.event != "call.ended")
        {}
    }
}

/// The gateway leaves.
pub fn stopped() -> Failure {
    Box::new(|| GatewayError::new_err("the gateway is stopping"))
}

/// The status that the far end would have given, had it been asked.
fn not_placed(error: ControlError) -> Failure {
    let code = match &error {
        ControlError::NotAllowed(_) => 403,
        ControlError::BadTarget(_) | ControlError::NoServer { .. } => 404,
        ControlError::Full(_) | ControlError::Busy => 503,
        ControlError::Stopping => return stopped(),
        _ => 500,
    };
    Box::new(move || CallRejectedError::new_err((code, error.to_string())))
}

/// The status by which a provider, or the gateway, says why nobody answers.
fn unanswered(end: &EndReason) -> Failure {
    let (code, text) = match end {
        EndReason::Upstream { code, text } => (*code, text.clone()),
        EndReason::Gateway(GatewayReason::Shutdown) => return stopped(),
        EndReason::Gateway(GatewayReason::NoAnswer) => (408, "no answer".to_owned()),
        end => (487, end.reason().replace('_', " ")),
    };
    Box::new(move || CallRejectedError::new_err((code, text)))
}
