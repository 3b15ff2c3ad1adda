//! An application's connection, with or without TLS, readable where the asynchronous side opens it
//! and where the shard then keeps it.

use super::secured::Secured;
use rustls::ClientConnection;
use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

/// What the kernel may keep for an application that does not read: about a second of sound. Left
/// to itself it keeps megabytes, and a slow application would hear its caller a minute late
/// instead of losing what is old.
const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// A non-blocking stream that has moved, or will, from the asynchronous side to a shard. The
/// WebSocket above it does not notice the move and keeps what it has buffered.
#[derive(Debug)]
pub struct AppStream {
    socket: Place,
    /// Between the socket and the WebSocket, where the URL asks for it.
    tls: Option<Box<Secured>>,
    /// Bytes that were taken for sending since the shard has it.
    taken: u64,
}

/// The TCP connection, where it is.
#[derive(Debug)]
enum Place {
    /// Owned by the asynchronous side, while the connection is being made.
    Opening(tokio::net::TcpStream),
    /// Owned by a shard.
    Open(ShardSocket),
    /// Between the two, or closed for good.
    Gone,
}

/// A socket that remembers when it was read empty, so that asking again costs no system call
/// before the poller says that there is more.
#[derive(Debug)]
struct ShardSocket {
    socket: mio::net::TcpStream,
    empty: bool,
}

impl AppStream {
    /// A connection that the asynchronous side has.
    pub fn new(stream: tokio::net::TcpStream) -> Self {
        Self {
            socket: Place::Opening(stream),
            tls: None,
            taken: 0,
        }
    }

    /// The same, after the handshake of TLS.
    pub fn secured(stream: tokio::net::TcpStream, session: ClientConnection) -> Self {
        Self {
            tls: Some(Box::new(Secured::new(session))),
            ..Self::new(stream)
        }
    }

    /// Takes the stream off the asynchronous side.
    ///
    /// # Errors
    /// Where the runtime cannot let go of it.
    pub fn hand_over(&mut self) -> io::Result<()> {
        if let Place::Opening(stream) = std::mem::replace(&mut self.socket, Place::Gone) {
            let socket = stream.into_std()?;
            socket.set_nodelay(true)?;
            SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_BYTES)?;
            self.socket = Place::Open(ShardSocket {
                socket: mio::net::TcpStream::from_std(socket),
                empty: false,
            });
            self.taken = 0;
        }
        Ok(())
    }

    /// Waits until there is something to read; for a stream that is still being opened.
    ///
    /// # Errors
    /// Where the stream is broken, or has moved to its shard.
    pub async fn readable_again(&self) -> io::Result<()> {
        match &self.socket {
            Place::Opening(stream) => stream.readable().await,
            _ => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// The socket, to be registered with the shard's poller.
    pub fn socket(&mut self) -> Option<&mut mio::net::TcpStream> {
        match &mut self.socket {
            Place::Open(shard) => Some(&mut shard.socket),
            _ => None,
        }
    }

    /// The poller says that there is something to read.
    pub fn readable(&mut self) {
        if let Place::Open(shard) = &mut self.socket {
            shard.empty = false;
        }
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn finish(&mut self) -> io::Result<()> {
        self.say_closed();
        match &self.socket {
            Place::Opening(stream) => SockRef::from(stream).shutdown(Shutdown::Write),
            Place::Open(shard) => shard.socket.shutdown(Shutdown::Write),
            Place::Gone => Ok(()),
        }
    }

    /// Tells a far end that speaks TLS that what it has heard is all.
    pub fn say_closed(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.finish(&mut self.socket);
        }
    }

    /// How many bytes the kernel took in all. Those of a record of TLS count when all of it is
    /// taken.
    pub fn taken(&self) -> u64 {
        let waiting = self.tls.as_ref().map_or(0, |tls| tls.waiting());
        self.taken.saturating_sub(waiting as u64)
    }
}

impl Read for AppStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buffer),
            Some(tls) => tls.read(&mut self.socket, buffer),
        }
    }
}

impl Write for AppStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match &mut self.tls {
            None => self.socket.write(bytes)?,
            Some(tls) => tls.write(&mut self.socket, bytes)?,
        };
        self.taken += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(tls) => tls.flush(&mut self.socket),
        }
    }
}

impl Read for Place {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Opening(stream) => stream.try_read(buffer),
            Self::Open(shard) => shard.read(buffer),
            Self::Gone => Err(ErrorKind::NotConnected.into()),
        }
    }
}

impl Read for ShardSocket {
    /// A short read has emptied the socket: whatever comes later makes a new edge (epoll(7),
    /// "Questions and answers", 9).
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.empty {
            return Err(ErrorKind::WouldBlock.into());
        }
        let result = self.socket.read(buffer);
        match &result {
            Ok(read) => self.empty = *read > 0 && *read < buffer.len(),
            Err(error) => self.empty = error.kind() == ErrorKind::WouldBlock,
        }
        result
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Opening(stream) => stream.try_write(bytes),
            Self::Open(shard) => shard.socket.write(bytes),
            Self::Gone => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
