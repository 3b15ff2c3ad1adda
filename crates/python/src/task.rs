//! Something that a thread of the gateway does for Python, and what comes of it.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::call::Call;
use crate::gateway::Gateway;
use crate::ready::Waker;

/// Adds this module's classes.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Task>()
}

/// What came of a task. Made on a thread of the gateway, so nothing of Python is in it.
pub enum Outcome {
    /// Nothing but its end.
    Done,
    /// A gateway runs.
    Started(Box<Gateway>),
    /// A call is on its way.
    Dialled(Box<Call>),
}

/// Makes the exception that says why nothing came of it, once Python asks.
pub type Failure = Box<dyn FnOnce() -> PyErr + Send>;

type Slot = Mutex<State>;

enum State {
    Waiting(Waiting),
    Over(Option<Result<Outcome, Failure>>),
    Forgotten,
}

/// Who waits for a change of the state.
#[derive(Default)]
struct Waiting {
    /// Python, for what comes of the task.
    python: Option<std::task::Waker>,
    /// Whoever works on the task, for nobody to want it any more.
    worker: Option<std::task::Waker>,
}

/// Something that is under way. Whoever drops it does not want it any more.
#[pyclass(frozen, module = "trunkline._core")]
pub struct Task(Arc<Slot>);

/// The end of a [`Task`] that fulfils it.
pub struct Promise(Arc<Slot>);

/// A task and its other end.
pub fn task() -> (Promise, Task) {
    let slot = Arc::new(Mutex::new(State::Waiting(Waiting::default())));
    (Promise(Arc::clone(&slot)), Task(slot))
}

fn lock(slot: &Slot) -> MutexGuard<'_, State> {
    // Every change is one assignment, so a panic elsewhere leaves a good state.
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Promise {
    /// It is done, or failed. A call or a gateway that nobody wants any more ends here.
    pub fn fulfil(self, result: Result<Outcome, Failure>) {
        let mut state = lock(&self.0);
        if matches!(*state, State::Forgotten) {
            return;
        }
        let before = std::mem::replace(&mut *state, State::Over(Some(result)));
        drop(state);
        if let State::Waiting(Waiting {
            python: Some(waker),
            ..
        }) = before
        {
            waker.wake();
        }
    }

    /// Waits until nobody wants it any more.
    pub async fn forgotten(&self) {
        poll_fn(|context| match &mut *lock(&self.0) {
            State::Waiting(waiting) => {
                waiting.worker = Some(context.waker().clone());
                Poll::Pending
            }
            State::Over(_) => Poll::Pending,
            State::Forgotten => Poll::Ready(()),
        })
        .await;
    }
}

#[pymethods]
impl Task {
    /// What came of it, alone in a tuple; ``None`` where it is not over, and the waker is called
    /// when it is. Raises what it failed with. To be asked until it answers, and not again.
    fn poll(&self, py: Python<'_>, waker: &Waker) -> PyResult<Option<(Py<PyAny>,)>> {
        let result = match &mut *lock(&self.0) {
            State::Waiting(waiting) => {
                waiting.python = Some(waker.waker().clone());
                return Ok(None);
            }
            State::Over(result) => result.take(),
            State::Forgotten => None,
        };
        let object = match result {
            Some(Ok(Outcome::Started(gateway))) => (*gateway).into_py_any(py)?,
            Some(Ok(Outcome::Dialled(call))) => (*call).into_py_any(py)?,
            Some(Ok(Outcome::Done)) | None => py.None(),
            Some(Err(failure)) => return Err(failure()),
        };
        Ok(Some((object,)))
    }

    /// Whatever came of it, or will, is not wanted.
    fn forget(&self) {
        let before = std::mem::replace(&mut *lock(&self.0), State::Forgotten);
        if let State::Waiting(waiting) = before {
            waiting.worker.into_iter().for_each(std::task::Waker::wake);
        }
    }
}
