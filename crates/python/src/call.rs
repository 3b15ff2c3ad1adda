//! A call as Python holds it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use trunkline_call::{
    CallCommand, CallInfo, Digit, HangupCause, Mark, SAMPLE_RATE_HZ, TransferMode, Why,
};

use crate::ready::Waker;
use crate::{event, gateway, samples};

pyo3::import_exception!(trunkline.exceptions, CallEndedError);
pyo3::import_exception!(trunkline.exceptions, QueueFullError);

/// Samples of a millisecond.
const SAMPLES_PER_MS: usize = SAMPLE_RATE_HZ as usize / 1_000;

/// Adds this module's classes.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Call>()
}

/// A call. Dropped, it is hung up.
#[pyclass(frozen, module = "trunkline._core")]
pub struct Call {
    info: CallInfo,
    /// Locked for moments only, and never while Python's own lock is waited for.
    call: Mutex<trunkline_call::Call>,
}

impl Call {
    /// What Python gets of this call.
    pub fn new(call: trunkline_call::Call) -> Self {
        Self {
            info: call.info().clone(),
            call: Mutex::new(call),
        }
    }

    fn lock(&self) -> MutexGuard<'_, trunkline_call::Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command(&self, command: CallCommand<'static>) -> PyResult<()> {
        let outcome = self.lock().command(command);
        outcome.map_err(|why| match why {
            Why::Full => QueueFullError::new_err(
                "more waits on this call than it can hold (5 minutes of audio, 256 commands); \
                 `await call.play(…)` goes at the speed of speech",
            ),
            _ => CallEndedError::new_err("the call is over; `call.ended` says why"),
        })
    }
}

#[pymethods]
impl Call {
    /// The gateway's name for the call: 32 hexadecimal digits.
    #[getter]
    fn id(&self) -> String {
        self.info.id.to_string()
    }

    /// ``"inbound"`` or ``"outbound"``.
    #[getter]
    fn direction(&self) -> &'static str {
        self.info.direction.word()
    }

    /// The caller's user or number.
    #[getter]
    fn from_(&self) -> &str {
        &self.info.from
    }

    /// The called user or number.
    #[getter]
    fn to(&self) -> &str {
        &self.info.to
    }

    /// The far end's address and port.
    #[getter]
    fn peer(&self) -> Option<String> {
        self.info.peer.map(|peer| peer.to_string())
    }

    /// Names and values in their order.
    #[getter]
    fn headers(&self) -> Vec<(&str, &str)> {
        self.info.headers.iter().collect()
    }

    /// Names and values in their order.
    #[getter]
    fn parameters(&self) -> Vec<(&str, &str)> {
        self.info.parameters.iter().collect()
    }

    /// The next event: the name of its class, and its fields; an empty tuple after the last;
    /// ``None`` where none is there yet, and the waker is called when there may be.
    fn poll_event<'py>(
        &self,
        py: Python<'py>,
        waker: &Waker,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let polled = self
            .lock()
            .poll_event(&mut Context::from_waker(waker.waker()));
        match polled {
            Poll::Pending => Ok(None),
            Poll::Ready(None) => Ok(Some(PyTuple::empty(py))),
            Poll::Ready(Some(event)) => event::fields(py, event)?.into_pyobject(py).map(Some),
        }
    }

    /// Whether the call is answered and has less than so many ms of audio queued, or is over; where
    /// not, the waker is called when it may be so.
    fn poll_room(&self, below_ms: usize, waker: &Waker) -> bool {
        let below = below_ms.max(1).saturating_mul(SAMPLES_PER_MS);
        let mut context = Context::from_waker(waker.waker());
        self.lock().poll_room(below, &mut context).is_ready()
    }

    /// Audio that was given and is not on the wire, in ms.
    #[getter]
    fn queued_ms(&self) -> usize {
        self.lock().queued().div_ceil(SAMPLES_PER_MS)
    }

    /// Whether the call was answered, from that moment on.
    #[getter]
    fn answered(&self) -> bool {
        self.lock().is_answered()
    }

    /// The fields of the event ``Ended``, from the moment on at which the call is over.
    #[getter]
    fn ended<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let end = self.lock().end();
        end.map(|reason| event::ended(py, &reason)).transpose()
    }

    /// Alerts the caller.
    fn ring(&self) -> PyResult<()> {
        self.command(CallCommand::Ring)
    }

    /// Takes the call.
    fn answer(&self) -> PyResult<()> {
        self.command(CallCommand::Answer)
    }

    /// Queues samples to be spoken.
    fn play(&self, pcm: &Bound<'_, PyAny>) -> PyResult<()> {
        let samples = samples::samples(pcm)?;
        match samples.is_empty() {
            true => Ok(()),
            false => self.command(CallCommand::Play(Cow::Owned(samples))),
        }
    }

    /// Asks to be told when everything queued so far was played.
    fn mark(&self, name: &str) -> PyResult<()> {
        let mark = Mark::new(name).ok_or_else(|| {
            PyValueError::new_err(format!(
                "the name of a mark has at most {} bytes",
                Mark::NAME_BYTES_MAX
            ))
        })?;
        self.command(CallCommand::Mark(mark))
    }

    /// Forgets what is queued.
    fn clear(&self) -> PyResult<()> {
        self.command(CallCommand::Clear)
    }

    /// Stops playing; what is queued stays.
    fn pause(&self) -> PyResult<()> {
        self.command(CallCommand::Pause)
    }

    /// Goes on playing.
    fn unpause(&self) -> PyResult<()> {
        self.command(CallCommand::Continue)
    }

    /// Presses keys, one after the other.
    fn send_dtmf(&self, digits: &str, duration_ms: u32) -> PyResult<()> {
        let read = |key: char| {
            Digit::from_char(key).ok_or_else(|| {
                PyValueError::new_err(format!(
                    "{key:?} is no key of a telephone: 0 to 9, *, #, A to D"
                ))
            })
        };
        let digits: Vec<Digit> = digits.chars().map(read).collect::<PyResult<_>>()?;
        for digit in digits {
            self.command(CallCommand::SendDtmf { digit, duration_ms })?;
        }
        Ok(())
    }

    /// Puts the far end on hold.
    fn hold(&self) -> PyResult<()> {
        self.command(CallCommand::Hold)
    }

    /// Takes the far end back.
    fn resume(&self) -> PyResult<()> {
        self.command(CallCommand::Resume)
    }

    /// Moves the call elsewhere: ``bridge`` places a second leg and joins the two here.
    fn transfer(&self, target: &str, headers: Vec<(String, String)>, bridge: bool) -> PyResult<()> {
        self.command(CallCommand::Transfer {
            target: gateway::target(target)?,
            headers: gateway::headers(&headers)?,
            mode: match bridge {
                true => TransferMode::Bridge,
                false => TransferMode::Refer,
            },
        })
    }

    /// Ends the call.
    fn hangup(&self, cause: &str) -> PyResult<()> {
        let cause = HangupCause::from_word(cause).ok_or_else(|| {
            let known: Vec<&str> = HangupCause::ALL
                .into_iter()
                .map(HangupCause::word)
                .collect();
            PyValueError::new_err(format!("{cause:?} is no cause: give {}", known.join(", ")))
        })?;
        // A call that is over needs no hang-up.
        let _ = self.lock().command(CallCommand::Hangup(cause));
        Ok(())
    }
}
