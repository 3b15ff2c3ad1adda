//! The thread on which a gateway in Python lives.

use pyo3::prelude::*;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll};
use std::thread;
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::watch;
use trunkline::config::Refused;
use trunkline::control::Control;
use trunkline::service::Service;

use crate::arrivals::Arrivals;
use crate::configuration::{Configuration, Source, configure};
use crate::gateway::{ConfigurationError, DIDConfigError, Gateway, GatewayError};
use crate::ready::Waker;
use crate::task::{Failure, Outcome, Promise};

/// A gateway that runs, from outside of its thread.
pub struct Running {
    /// Whom to ask.
    pub control: Control,
    /// Where SIP is taken: transport, address.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    /// Where HTTP is served.
    pub http: Option<SocketAddr>,
    /// Calls for Python.
    pub arrivals: Arc<Arrivals>,
    /// The application of calls that Python places.
    pub app: String,
    /// Where its errands run.
    pub handle: Handle,
    /// Its end.
    pub end: End,
    /// Dropped, or told: the gateway is to stop.
    stop: watch::Sender<bool>,
}

impl Running {
    /// Ends every call and then the thread.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Adds this module's classes.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<End>()
}

/// The end of a gateway. It keeps nothing alive.
#[pyclass(frozen, module = "trunkline._core")]
#[derive(Clone, Default)]
pub struct End(Arc<Mutex<(bool, Vec<task::Waker>)>>);

#[pymethods]
impl End {
    /// Whether the gateway has stopped.
    #[getter]
    fn is_over(&self) -> bool {
        self.lock().0
    }

    /// Whether the gateway has stopped; where not, the waker is called when it has.
    fn poll(&self, waker: &Waker) -> bool {
        self.poll_over(waker.waker()).is_ready()
    }
}

impl End {
    fn lock(&self) -> MutexGuard<'_, (bool, Vec<task::Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ready when the thread is at its end.
    fn poll_over(&self, waker: &task::Waker) -> Poll<()> {
        let mut state = self.lock();
        if state.0 {
            return Poll::Ready(());
        }
        if !state.1.iter().any(|known| known.will_wake(waker)) {
            state.1.push(waker.clone());
        }
        Poll::Pending
    }
}

/// Reaches the end of the thread however that comes, by a panic too.
struct Reach(End, Arc<Arrivals>);

impl Drop for Reach {
    fn drop(&mut self) {
        self.1.close();
        let mut state = self.0.lock();
        state.0 = true;
        let waiting = std::mem::take(&mut state.1);
        drop(state);
        waiting.into_iter().for_each(task::Waker::wake);
    }
}

/// Starts the thread; the promise is kept once calls are taken.
///
/// # Errors
/// Where the system has no thread left.
pub fn start(source: Source, promise: Promise) -> io::Result<()> {
    let thread = thread::Builder::new().name("trunkline".to_owned());
    thread.spawn(move || match runtime() {
        Ok(runtime) => live(&runtime, source, promise),
        Err(error) => promise.fulfil(Err(not_started(error.to_string()))),
    })?;
    Ok(())
}

fn runtime() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

/// The thread's whole life.
fn live(runtime: &Runtime, source: Source, promise: Promise) {
    let (end, arrivals) = (End::default(), Arc::<Arrivals>::default());
    let _reach = Reach(end.clone(), Arc::clone(&arrivals));
    runtime.block_on(async {
        let started = begin(source, &arrivals).await;
        let (service, app) = match started {
            Ok(started) => started,
            Err(failure) => return promise.fulfil(Err(failure)),
        };
        let (stop, mut stopping) = watch::channel(false);
        let addresses = service.addresses().iter();
        let running = Running {
            control: service.control().clone(),
            addresses: addresses
                .map(|(transport, address)| (transport.via(), *address))
                .collect(),
            http: service.http_address(),
            arrivals: Arc::clone(&arrivals),
            app,
            handle: Handle::current(),
            end: end.clone(),
            stop,
        };
        promise.fulfil(Ok(Outcome::Started(Box::new(Gateway::new(running)))));
        // An error says that Python has dropped its gateway.
        let _ = stopping.wait_for(|stop| *stop).await;
        service.stop().await;
    });
}

async fn begin(source: Source, arrivals: &Arc<Arrivals>) -> Result<(Service, String), Failure> {
    let configured = configure(source, arrivals);
    let Configuration {
        settings,
        has_http,
        app,
    } = configured.map_err(|refused| -> Failure { Box::new(move || wrong(&refused)) })?;
    let service = Service::start(settings, has_http).await;
    let service = service.map_err(|error| not_started(error.to_string()))?;
    Ok((service, app))
}

/// What is wrong with telephone numbers alone has a name of its own.
fn wrong(refused: &Refused) -> PyErr {
    let mut problems = refused.problems.iter();
    match problems.all(|problem| problem.message.starts_with("dids")) {
        true => DIDConfigError::new_err(refused.to_string()),
        false => ConfigurationError::new_err(refused.to_string()),
    }
}

fn not_started(why: String) -> Failure {
    Box::new(move || GatewayError::new_err(why))
}
