//! A gateway as Python holds it.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use trunkline::control::DialRequest;
use trunkline::telemetry::log::{self, LogFormat, LogLevel};
use trunkline_call::{Headers, Parameters, Target};

use crate::call::Call;
use crate::configuration::Source;
use crate::dialling;
use crate::ready::Waker;
use crate::runtime::{self, End, Running};
use crate::task::{Outcome, Task, task};

pyo3::import_exception!(trunkline.exceptions, CallRejectedError);
pyo3::import_exception!(trunkline.exceptions, ConfigurationError);
pyo3::import_exception!(trunkline.exceptions, DIDConfigError);
pyo3::import_exception!(trunkline.exceptions, GatewayError);

/// Adds this module's classes and functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Gateway>()?;
    module.add_function(wrap_pyfunction!(log_to_stderr, module)?)?;
    module.add_function(wrap_pyfunction!(start, module)?)
}

/// Writes the log of all gateways of this process to standard error, from now to its end: ``off``,
/// ``error``, ``warn``, ``info``, ``debug`` or ``trace``, and every SIP message where that is asked.
#[pyfunction]
#[pyo3(name = "log")]
fn log_to_stderr(level: &str, trace_sip: bool) -> PyResult<()> {
    let level = match level {
        "off" => LogLevel::Off,
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "info" => LogLevel::Info,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        other => {
            let known = "off, error, warn, info, debug or trace";
            let what = format!("{other:?} is no level of the log: give {known}");
            return Err(PyValueError::new_err(what));
        }
    };
    log::start(level, LogFormat::Text, trace_sip);
    Ok(())
}

/// Starts a gateway on a thread of its own; the task gives it once it takes calls. ``text`` is a
/// configuration as YAML or JSON; else it is read from ``path``, or where ``trunkline serve`` looks
/// for one.
#[pyfunction]
#[pyo3(signature = (path = None, text = None))]
fn start(path: Option<PathBuf>, text: Option<String>) -> PyResult<Task> {
    let (promise, started) = task();
    let source = text.map_or(Source::File(path), Source::Text);
    runtime::start(source, promise)?;
    Ok(started)
}

/// A running gateway. Dropped, it stops.
#[pyclass(frozen, module = "trunkline._core")]
pub struct Gateway {
    running: Arc<Running>,
    process: u32,
}

impl Gateway {
    /// For a gateway that runs in this process.
    pub fn new(running: Running) -> Self {
        Self {
            running: Arc::new(running),
            process: std::process::id(),
        }
    }

    /// A process that forked has this object and none of the threads.
    fn running(&self) -> PyResult<&Arc<Running>> {
        match self.process == std::process::id() {
            true => Ok(&self.running),
            false => Err(PyRuntimeError::new_err(
                "this gateway runs in the process that was forked; start one in this process",
            )),
        }
    }
}

#[pymethods]
impl Gateway {
    /// Where SIP is taken: transport, address and port, with the ports that the system chose.
    #[getter]
    fn addresses(&self) -> Vec<(String, String, u16)> {
        let addresses = self.running.addresses.iter();
        addresses
            .map(|(transport, at)| (transport.to_lowercase(), at.ip().to_string(), at.port()))
            .collect()
    }

    /// Where HTTP is served: address and port.
    #[getter]
    fn http_address(&self) -> Option<(String, u16)> {
        let at = self.running.http?;
        Some((at.ip().to_string(), at.port()))
    }

    /// The next call, alone in a list; an empty list when no more will come; ``None`` where none is
    /// there yet, and the waker is called when there may be.
    fn poll_accept(&self, py: Python<'_>, waker: &Waker) -> PyResult<Option<Vec<Py<Call>>>> {
        let polled = self.running()?.arrivals.poll(waker.waker());
        match polled {
            Poll::Pending => Ok(None),
            Poll::Ready(None) => Ok(Some(Vec::new())),
            Poll::Ready(Some(call)) => Ok(Some(vec![Py::new(py, Call::new(call))?])),
        }
    }

    /// Places a call; the task gives it once it is on its way, or brought by a provider.
    fn dial(
        &self,
        to: &str,
        from_: Option<String>,
        headers: Vec<(String, String)>,
        parameters: Vec<(String, String)>,
    ) -> PyResult<Task> {
        let running = Arc::clone(self.running()?);
        let request = DialRequest {
            to: target(to)?,
            from: from_,
            app: running.app.clone(),
            headers: self::headers(&headers)?,
            parameters: self::parameters(&parameters)?,
        };
        let (promise, dialled) = task();
        running.handle.clone().spawn(async move {
            let call = dialling::dial(&running, request, &promise).await;
            promise.fulfil(call.map(|call| Outcome::Dialled(Box::new(Call::new(call)))));
        });
        Ok(dialled)
    }

    /// Takes no new calls; the task is over when the last one has ended.
    fn drain(&self) -> PyResult<Task> {
        let running = Arc::clone(self.running()?);
        let (promise, drained) = task();
        running.handle.clone().spawn(async move {
            running.control.drain().await;
            promise.fulfil(Ok(Outcome::Done));
        });
        Ok(drained)
    }

    /// Ends every call and then the gateway; :attr:`end` tells when.
    fn stop(&self) -> PyResult<()> {
        self.running()?.stop();
        Ok(())
    }

    /// When it has stopped.
    #[getter]
    fn end(&self) -> End {
        self.running.end.clone()
    }
}

/// A target as typed.
///
/// # Errors
/// ``ValueError`` where it is none.
pub fn target(text: &str) -> PyResult<Target> {
    Target::new(text).ok_or_else(|| {
        PyValueError::new_err(format!(
            "{text:?} is no target: give sip:user@host, a number of a trunk, or a registered device"
        ))
    })
}

/// Headers in their order.
///
/// # Errors
/// ``ValueError`` at the first that is none.
pub fn headers(pairs: &[(String, String)]) -> PyResult<Headers> {
    let mut headers = Headers::default();
    for (name, value) in pairs {
        if !headers.push_asked(name, value) {
            return Err(PyValueError::new_err(format!(
                "{name:?}: {value:?} is no header: a name is a token and none by which SIP itself \
                 works, a value is one line of at most {} bytes, and there are at most {} of them",
                Headers::VALUE_BYTES_MAX,
                Headers::COUNT_MAX,
            )));
        }
    }
    Ok(headers)
}

fn parameters(pairs: &[(String, String)]) -> PyResult<Parameters> {
    let mut parameters = Parameters::default();
    for (name, value) in pairs {
        if !parameters.push(name, value) {
            return Err(PyValueError::new_err(format!(
                "{name:?} is no parameter: names have at most {} bytes, values {}, and there are at \
                 most {} of them",
                Parameters::NAME_BYTES_MAX,
                Parameters::VALUE_BYTES_MAX,
                Parameters::COUNT_MAX,
            )));
        }
    }
    Ok(parameters)
}
