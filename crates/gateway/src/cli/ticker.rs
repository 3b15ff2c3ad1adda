//! Says on a terminal how long something slow has been going on.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(500);

/// A line on standard error that counts seconds until it is dropped; nothing where standard error
/// is no terminal.
pub struct Ticker(Option<(Sender<()>, JoinHandle<()>)>);

impl Ticker {
    /// Begins to count. `expected` is how long it will take, if that is known.
    pub fn start(what: &'static str, expected: Option<Duration>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let begun = Instant::now();
            let of = expected.map_or(String::new(), |of| format!(" of {:.0}", of.as_secs_f64()));
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let seconds = begun.elapsed().as_secs();
                let _ = write!(std::io::stderr(), "\r{what}: {seconds}{of} s ");
            }
            // Back to the start of an empty line.
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        });
        Self(Some((stop, thread)))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
