//! The thread on which a gateway in Python lives.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::watch;
use trunkline::control::Control;
use trunkline::service::Service;

use crate::arrivals::Arrivals;
use crate::configuration::{Configuration, Source, configure};
use crate::gateway::{ConfigurationError, Gateway, GatewayError};
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
    pub end: Arc<End>,
    /// Dropped, or told: the gateway is to stop.
    stop: watch::Sender<bool>,
}

impl Running {
    /// Ends every call and then the thread.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Whether the thread has come to its end, and who waits for it.
#[derive(Default)]
pub struct End(Mutex<(bool, Vec<Waker>)>);

impl End {
    fn lock(&self) -> MutexGuard<'_, (bool, Vec<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ready when the thread is at its end.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.0 {
            return Poll::Ready(());
        }
        if !state.1.iter().any(|known| known.will_wake(context.waker())) {
            state.1.push(context.waker().clone());
        }
        Poll::Pending
    }
}

/// Reaches the end of the thread however that comes, by a panic too.
struct Reach(Arc<End>, Arc<Arrivals>);

impl Drop for Reach {
    fn drop(&mut self) {
        self.1.close();
        let mut state = self.0.lock();
        state.0 = true;
        let waiting = std::mem::take(&mut state.1);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
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
    let (end, arrivals) = (Arc::<End>::default(), Arc::<Arrivals>::default());
    let _reach = Reach(Arc::clone(&end), Arc::clone(&arrivals));
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
            end: Arc::clone(&end),
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
    } = configured.map_err(|refused| -> Failure {
        Box::new(move || ConfigurationError::new_err(refused.to_string()))
    })?;
    let service = Service::start(settings, has_http).await;
    let service = service.map_err(|error| not_started(error.to_string()))?;
    Ok((service, app))
}

fn not_started(why: String) -> Failure {
    Box::new(move || GatewayError::new_err(why))
}
