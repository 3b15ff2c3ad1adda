//! An application's TCP connection, readable where the asynchronous side opens it and where the
//! shard then keeps it.

use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::Shutdown;

/// What the kernel may keep for an application that does not read: about a second of sound. Left
/// to itself it keeps megabytes, and a slow application would hear its caller a minute late
/// instead of losing what is old.
const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// A non-blocking stream that has moved, or will, from the asynchronous side to a shard. The
/// WebSocket above it does not notice the move and keeps what it has buffered.
#[derive(Debug)]
pub enum AppStream {
    /// Owned by the asynchronous side, while the connection is being made.
    Opening(tokio::net::TcpStream),
    /// Owned by a shard.
    Open(ShardStream),
    /// Between the two, or closed for good.
    Gone,
}

/// A stream that remembers when it was read empty, so that asking again costs no system call
/// before the poller says that there is more.
#[derive(Debug)]
pub struct ShardStream {
    socket: mio::net::TcpStream,
    empty: bool,
    taken: u64,
}

impl AppStream {
    /// Takes the stream off the asynchronous side.
    ///
    /// # Errors
    /// Where the runtime cannot let go of it.
    pub fn hand_over(&mut self) -> io::Result<()> {
        if let Self::Opening(stream) = std::mem::replace(self, Self::Gone) {
            let socket = stream.into_std()?;
            socket.set_nodelay(true)?;
            SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_BYTES)?;
            *self = Self::Open(ShardStream {
                socket: mio::net::TcpStream::from_std(socket),
                empty: false,
                taken: 0,
            });
        }
        Ok(())
    }

    /// Waits until there is something to read; for a stream that is still being opened.
    ///
    /// # Errors
    /// Where the stream is broken, or has moved to its shard.
    pub async fn readable_again(&self) -> io::Result<()> {
        match self {
            Self::Opening(stream) => stream.readable().await,
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The socket, to be registered with the shard's poller.
    pub fn socket(&mut self) -> Option<&mut mio::net::TcpStream> {
        match self {
            Self::Open(stream) => Some(&mut stream.socket),
            _ => None,
        }
    }

    /// The poller says that there is something to read.
    pub fn readable(&mut self) {
        if let Self::Open(stream) = self {
            stream.empty = false;
        }
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn finish(&self) -> io::Result<()> {
        match self {
            Self::Opening(stream) => SockRef::from(stream).shutdown(Shutdown::Write),
            Self::Open(stream) => stream.socket.shutdown(Shutdown::Write),
            Self::Gone => Ok(()),
        }
    }

    /// How many bytes the kernel took in all.
    pub fn taken(&self) -> u64 {
        match self {
            Self::Open(stream) => stream.taken,
            _ => 0,
        }
    }
}

impl Read for AppStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Opening(stream) => stream.try_read(buffer),
            Self::Open(stream) => stream.read(buffer),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Read for ShardStream {
    /// A short read has emptied the socket: whatever comes later makes a new edge (epoll(7),
    /// "Questions and answers", 9).
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.empty {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = self.socket.read(buffer);
        match &result {
            Ok(read) => self.empty = *read > 0 && *read < buffer.len(),
            Err(error) => self.empty = error.kind() == io::ErrorKind::WouldBlock,
        }
        result
    }
}

impl Write for AppStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Opening(stream) => stream.try_write(bytes),
            Self::Open(stream) => {
                let written = stream.socket.write(bytes)?;
                stream.taken += written as u64;
                Ok(written)
            }
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
