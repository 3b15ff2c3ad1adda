//! Events as Python gets them: the name of a class of `trunkline.events`, and its fields.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use trunkline_call::{CallEvent, EndReason, Mark};

use crate::samples;

/// Name and fields of an event.
pub type Fields<'py> = (&'static str, Bound<'py, PyTuple>);

/// What happened, for Python.
pub fn fields<'py>(py: Python<'py>, event: CallEvent) -> PyResult<Fields<'py>> {
    Ok(match event {
        CallEvent::Ringing => ("Ringing", PyTuple::empty(py)),
        CallEvent::Answered => ("Answered", PyTuple::empty(py)),
        CallEvent::Audio {
            frame,
            at,
            concealed,
        } => {
            let bytes = samples::bytes(py, &frame)?;
            ("Audio", tuple(py, (bytes, at, concealed))?)
        }
        CallEvent::Dtmf { digit, duration_ms } => {
            ("Dtmf", tuple(py, (digit.as_char(), duration_ms))?)
        }
        CallEvent::MarkPlayed { mark, at_ms } => ("MarkPlayed", tuple(py, (mark.name(), at_ms))?),
        CallEvent::Cleared { at_ms, unplayed } => {
            let names = PyTuple::new(py, unplayed.iter().map(Mark::name))?;
            ("Cleared", tuple(py, (at_ms, names))?)
        }
        CallEvent::Paused { at_ms } => ("Paused", tuple(py, (at_ms,))?),
        CallEvent::QueueHigh { queued_ms } => ("QueueHigh", tuple(py, (queued_ms,))?),
        CallEvent::QueueLow { queued_ms } => ("QueueLow", tuple(py, (queued_ms,))?),
        CallEvent::Held => ("Held", PyTuple::empty(py)),
        CallEvent::Resumed => ("Resumed", PyTuple::empty(py)),
        CallEvent::Transferred(outcome) => {
            ("Transferred", tuple(py, (outcome.code, outcome.text))?)
        }
        CallEvent::Refused { command, why } => {
            ("Refused", tuple(py, (command.word(), why.word()))?)
        }
        CallEvent::Turn(turn) => ("Turn", tuple(py, (turn.at_ms, turn.stages.each_ms()))?),
        CallEvent::Interrupted(caller) => {
            let yielded = caller.yielded.map(|stages| stages.each_ms());
            ("Interrupted", tuple(py, (caller.at_ms, yielded))?)
        }
        CallEvent::AppDeaf(deaf) => ("AppDeaf", tuple(py, (deaf.at_ms, deaf.silent_ms))?),
        CallEvent::Ended(reason) => ("Ended", ended(py, &reason)?),
    })
}

/// The fields of `Ended`.
pub fn ended<'py>(py: Python<'py>, reason: &EndReason) -> PyResult<Bound<'py, PyTuple>> {
    let fields = (reason.by(), reason.reason(), reason.code(), reason.text());
    tuple(py, fields)
}

fn tuple<'py>(
    py: Python<'py>,
    fields: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error: Into<PyErr>>,
) -> PyResult<Bound<'py, PyTuple>> {
    fields.into_pyobject(py).map_err(Into::into)
}
