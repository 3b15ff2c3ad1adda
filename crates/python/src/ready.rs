//! How threads of the gateway wake Python without taking its lock.

use pyo3::prelude::*;
use std::io::{Read, Write};
use std::mem;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::time::{Duration, Instant};

/// How long a blocked thread of Python leaves a signal (Ctrl-C) unseen.
const SIGNALS_EVERY: Duration = Duration::from_millis(100);

/// Adds this module's classes.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Waker>()?;
    module.add_class::<Ready>()?;
    module.add_class::<Parker>()
}

/// Wakes whoever waits; given to whatever is polled.
#[pyclass(frozen, module = "trunkline._core")]
pub struct Waker(std::task::Waker);

impl Waker {
    /// As Rust's own.
    pub fn waker(&self) -> &std::task::Waker {
        &self.0
    }
}

/// What became ready, for one event loop. Its file descriptor can be read while something has.
#[pyclass(frozen, module = "trunkline._core")]
pub struct Ready {
    list: Arc<List>,
    reader: UnixStream,
}

struct List {
    numbers: Mutex<Vec<u64>>,
    writer: UnixStream,
}

impl List {
    fn lock(&self) -> MutexGuard<'_, Vec<u64>> {
        // Numbers are pushed and taken whole, so a panic elsewhere leaves a good list.
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Ready {
    #[new]
    fn new() -> PyResult<Self> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        let list = Arc::new(List {
            numbers: Mutex::default(),
            writer,
        });
        Ok(Self { list, reader })
    }

    /// The descriptor to be watched for reading.
    fn fileno(&self) -> i32 {
        self.reader.as_raw_fd()
    }

    /// The numbers of the wakers that were called since the last time, in their order.
    fn take(&self) -> Vec<u64> {
        let mut bytes = [0; 64];
        while matches!((&self.reader).read(&mut bytes), Ok(1..)) {}
        mem::take(&mut self.list.lock())
    }

    /// A waker that puts this number on the list.
    fn waker(&self, number: u64) -> Waker {
        let list = Arc::clone(&self.list);
        Waker(Arc::new(Knock { list, number }).into())
    }
}

/// Puts one number on a list.
struct Knock {
    list: Arc<List>,
    number: u64,
}

impl Wake for Knock {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut numbers = self.list.lock();
        let is_first = numbers.is_empty();
        numbers.push(self.number);
        drop(numbers);
        if is_first {
            // Where there is no room, a byte is there already.
            let _ = (&self.list.writer).write(&[1]);
        }
    }
}

/// Lets a thread without an event loop wait.
#[pyclass(frozen, module = "trunkline._core")]
pub struct Parker(Arc<Bell>);

#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.lock() = true;
        self.changed.notify_one();
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it rang within this time.
    fn wait(&self, limit: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), limit, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut rung)
    }
}

#[pymethods]
impl Parker {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    /// The waker that ends :meth:`wait`.
    fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.0).into())
    }

    /// Waits, without Python's lock, until the waker was called, at most so many seconds. Whether
    /// it was. Raises what a signal's handler raises.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let limit =
            timeout.map(|s| Duration::try_from_secs_f64(s.max(0.0)).unwrap_or(Duration::MAX));
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let left = until.map_or(SIGNALS_EVERY, |at| {
                at.saturating_duration_since(Instant::now())
            });
            if py.detach(|| self.0.wait(left.min(SIGNALS_EVERY))) {
                return Ok(true);
            }
            py.check_signals()?;
            if left.is_zero() {
                return Ok(false);
            }
        }
    }
}
