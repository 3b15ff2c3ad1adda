//! A connection of a call for as long as it is there, and what is remembered of it between turns.

use super::connection::{Connection, Incoming};
use super::run::EARLY_MAX;
use mio::Registry;
use std::time::{Duration, Instant};
use trunkline_streams::Frame;

/// How long the far end has to answer our close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// The connection to an application, or to whoever the call is with; or none.
#[derive(Debug, Default)]
pub struct Link {
    connection: Option<Connection>,
    /// Something waits for the far end to read.
    backlogged: bool,
    /// Until when the far end may answer our close frame.
    closing: Option<Instant>,
}

impl Link {
    /// Over this connection.
    pub fn over(connection: Connection) -> Self {
        Self {
            connection: Some(connection),
            ..Self::default()
        }
    }

    /// Whether there is a connection.
    pub fn is_there(&self) -> bool {
        self.connection.is_some()
    }

    /// The poller says that there is something to read.
    pub fn readable(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.readable();
        }
    }

    /// The next thing the far end sent; `None` without a connection.
    pub fn read(&mut self) -> Option<Incoming> {
        self.connection.as_mut().map(Connection::read)
    }

    /// Takes a message for sending.
    pub fn write(&mut self, frame: Frame<'_>) {
        if let Some(connection) = &mut self.connection {
            connection.write(frame);
        }
    }

    /// Closes with this code after everything else.
    pub fn close(&mut self, code: u16, now: Instant) {
        if let Some(connection) = &mut self.connection {
            connection.close(code);
            self.closing = Some(now + CLOSE_WAIT);
        }
    }

    /// Whether it is being closed by us.
    pub fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether something was gathered.
    pub fn has_waiting(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_dirty)
    }

    /// Sends what was gathered. How many bytes wait, where that is worth telling: while some do,
    /// and once more when they have gone.
    pub fn flush(&mut self) -> Option<usize> {
        let connection = self.connection.as_mut()?;
        connection.flush();
        let bytes = connection.backlog();
        if connection.has_failed() || (bytes == 0 && !self.backlogged) {
            return None;
        }
        self.backlogged = bytes > 0;
        Some(bytes)
    }

    /// When the far end has had its time to answer our close frame.
    pub fn due(&self) -> Option<Instant> {
        self.closing
    }

    /// Gives up a far end that has not answered our close frame in time.
    pub fn look(&mut self, now: Instant, registry: &Registry) {
        if self.closing.is_some_and(|until| until <= now + EARLY_MAX) {
            self.let_go(registry);
        }
    }

    /// Lets the connection go.
    pub fn let_go(&mut self, registry: &Registry) {
        if let Some(mut connection) = self.connection.take() {
            connection.flush();
            connection.say_closed();
            connection.deregister(registry);
        }
        self.closing = None;
    }

    /// Gives the connection to another call.
    pub fn give(&mut self, registry: &Registry) -> Option<Connection> {
        let mut connection = self.connection.take()?;
        connection.deregister(registry);
        Some(connection)
    }
}
