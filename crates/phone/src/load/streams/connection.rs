//! The connection of one stream: opened without waiting, then frame by frame.

use std::io::{self, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::frame;
use super::stamped;
use super::upgrade::{Answer, Upgrade};

/// What the target may leave unread before it is given up.
const UNSENT_BYTES_MAX: usize = 1 << 20;

/// A WebSocket, seen from the end that opened it.
pub struct Connection {
    stream: TcpStream,
    /// The request that is not answered yet.
    upgrade: Option<Upgrade>,
    /// What the kernel has not taken.
    unsent: Vec<u8>,
    /// Sets the masks of frames apart from each other.
    masks: u32,
}

/// Why a stream is no more.
#[derive(Debug)]
pub struct Lost(pub String);

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Where connections go.
pub struct Place<'a> {
    /// The address.
    pub address: SocketAddr,
    /// As HTTP names it.
    pub host: &'a str,
    /// The path, with its query.
    pub path: &'a str,
    /// The subprotocol to ask for.
    pub subprotocol: Option<&'static str>,
}

impl Connection {
    /// Begins to open one, known to the poller by this token.
    ///
    /// # Errors
    /// Those of the system calls.
    pub fn open(place: &Place<'_>, registry: &Registry, token: Token) -> io::Result<Self> {
        let mut stream = TcpStream::connect(place.address)?;
        stamped::stamp(&stream)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let mut unsent = Vec::new();
        let upgrade = Upgrade::ask(place.path, place.host, place.subprotocol, &mut unsent);
        Ok(Self {
            stream,
            upgrade: Some(upgrade),
            unsent,
            masks: u32::try_from(token.0).unwrap_or_default(),
        })
    }

    /// Reads into `buffer`: how many bytes, and when the kernel had them; `None` where there is
    /// nothing now.
    ///
    /// # Errors
    /// Where the connection has ended.
    pub fn read(&self, buffer: &mut [u8]) -> Result<Option<(usize, i64)>, Lost> {
        match stamped::receive(&self.stream, buffer) {
            Ok((0, _)) => Err(Lost("the target has gone without a word".to_owned())),
            Ok(read) => Ok(Some(read)),
            Err(error) if waits(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the answer to the request at the start of `bytes`, if it is not read yet: how many
    /// bytes it was, once the connection is open.
    ///
    /// # Errors
    /// Where the target refuses.
    pub fn opened(&mut self, bytes: &[u8]) -> Result<Option<usize>, Lost> {
        let Some(upgrade) = &self.upgrade else {
            return Ok(Some(0));
        };
        match upgrade.answer(bytes) {
            Answer::Unfinished => Ok(None),
            Answer::Refused(why) => Err(Lost(why)),
            Answer::Open(length) => {
                // Small messages that must not wait for each other (RFC 1122 section 4.2.3.4).
                self.stream.set_nodelay(true)?;
                self.upgrade = None;
                Ok(Some(length))
            }
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// Where the connection has ended, or the target does not read.
    pub fn write(&mut self, opcode: u8, payload: &[u8]) -> Result<(), Lost> {
        self.masks = self.masks.wrapping_add(0x9E37_79B9);
        frame::write(opcode, payload, self.masks.to_be_bytes(), &mut self.unsent);
        self.flush()
    }

    /// Sends what is unsent, as far as the kernel takes it.
    ///
    /// # Errors
    /// Where the connection has ended, or the target does not read.
    pub fn flush(&mut self) -> Result<(), Lost> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(taken) if taken == self.unsent.len() => self.unsent.clear(),
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if waits(&error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        match self.unsent.len() {
            0..=UNSENT_BYTES_MAX => Ok(()),
            _ => Err(Lost("the target does not read".to_owned())),
        }
    }
}

/// Whether the system will be ready later: a connection that is not made yet cannot be written.
fn waits(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, NotConnected, WouldBlock};
    matches!(error.kind(), WouldBlock | NotConnected | Interrupted)
}
