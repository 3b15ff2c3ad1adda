//! An application of the lightest kind: every binary message of a WebSocket goes back as it came.
//!
//! It stands in for a real one where a gateway is measured, so it does nothing that can be left
//! out: frames are answered in the buffer they came in, and what a read brought is answered by one
//! write. It serves the `trunkline` protocol and Asterisk's `chan_websocket` alike: both carry
//! audio as binary messages both ways, and need nothing said to begin.

mod connection;
mod frame;
mod priority;
mod upgrade;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use connection::{Connection, Standing};
pub(crate) use frame::unmask;
#[cfg(test)]
pub(crate) use upgrade::answer;

/// The most connections at once.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Events taken from the poller at once.
const EVENTS: usize = 256;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
const FIRST: usize = 2;

/// A running stand-in; it ends when this is dropped.
pub struct StandIn {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts one on a thread of its own; port 0 takes a free one.
    ///
    /// # Errors
    /// Where the address cannot be bound.
    pub fn start(address: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let stop = Arc::new(AtomicBool::new(false));
        let server = Server {
            poll,
            listener,
            connections: HashMap::new(),
            next: FIRST,
            stop: Arc::clone(&stop),
        };
        let name = std::thread::Builder::new().name("stand-in".to_owned());
        let thread = name.spawn(move || server.run())?;
        Ok(Self {
            address,
            stop,
            waker,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    connections: HashMap<usize, Connection>,
    next: usize,
    stop: Arc<AtomicBool>,
}

impl Server {
    fn run(mut self) {
        priority::step_back();
        let mut events = Events::with_capacity(EVENTS);
        while !self.stop.load(Ordering::Relaxed) {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
                Ok(()) => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    WAKER => {}
                    Token(place) => self.serve(place),
                }
            }
        }
    }

    fn accept(&mut self) {
        while let Ok((mut stream, _)) = self.listener.accept() {
            if self.connections.len() >= CONNECTIONS_MAX {
                continue;
            }
            let place = self.next;
            self.next += 1;
            let both = Interest::READABLE | Interest::WRITABLE;
            // Small messages that must not wait for each other (RFC 1122 §4.2.3.4).
            let ready = stream.set_nodelay(true).and_then(|()| {
                self.poll
                    .registry()
                    .register(&mut stream, Token(place), both)
            });
            if ready.is_ok() {
                self.connections.insert(place, Connection::new(stream));
            }
        }
    }

    fn serve(&mut self, place: usize) {
        let Some(connection) = self.connections.get_mut(&place) else {
            return;
        };
        if connection.serve() == Standing::Closed {
            self.connections.remove(&place);
        }
    }
}
