//! One connection: its upgrade, then frame by frame.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use super::frame::{PAYLOAD_BYTES_MAX, Turned, turn};
use super::upgrade::{self, REQUEST_BYTES_MAX};

/// Bytes read at once: several messages of 20 ms.
const READ_BYTES: usize = 16_384;
/// What a peer may leave unread before it is given up.
const UNSENT_BYTES_MAX: usize = 1 << 20;
/// The most that waits for the rest of a frame.
const PARTIAL_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + 8;

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Open,
    /// It is to be dropped.
    Closed,
}

/// One peer.
pub struct Connection {
    stream: TcpStream,
    upgraded: bool,
    closing: bool,
    /// The start of a request or frame whose rest has not come.
    partial: Vec<u8>,
    /// What the kernel has not taken.
    unsent: Vec<u8>,
}

impl Connection {
    /// A connection that was just accepted.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            upgraded: false,
            closing: false,
            partial: Vec::new(),
            unsent: Vec::new(),
        }
    }

    /// Reads, answers and writes until there is nothing more to do now.
    pub fn serve(&mut self) -> Standing {
        match self.exchange() {
            Ok(()) if self.closing && self.unsent.is_empty() => Standing::Closed,
            Ok(()) => Standing::Open,
            Err(_) => Standing::Closed,
        }
    }

    fn exchange(&mut self) -> io::Result<()> {
        self.flush()?;
        let mut buffer = [0; READ_BYTES];
        while !self.closing {
            let length = match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let bytes = buffer.get_mut(..length).unwrap_or_default();
            if self.partial.is_empty() {
                let used = self.answer(bytes)?;
                self.partial
                    .extend_from_slice(bytes.get(used..).unwrap_or_default());
            } else {
                let mut joined = std::mem::take(&mut self.partial);
                joined.extend_from_slice(bytes);
                let used = self.answer(&mut joined)?;
                joined.drain(..used);
                self.partial = joined;
            }
            self.flush()?;
            // A read that did not fill the buffer took all there was (epoll(7), question 9).
            if length < READ_BYTES {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers what is whole of these bytes, and says how many those were.
    fn answer(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        let mut used = 0;
        if !self.upgraded {
            match upgrade::answer(bytes) {
                None if bytes.len() > REQUEST_BYTES_MAX => return Err(broken()),
                None => return Ok(0),
                Some((length, answer)) => {
                    self.upgraded = answer.starts_with("HTTP/1.1 101");
                    self.closing = !self.upgraded;
                    self.unsent.extend_from_slice(answer.as_bytes());
                    used = length;
                }
            }
        }
        while !self.closing {
            let rest = bytes.get_mut(used..).unwrap_or_default();
            let waiting = rest.len();
            match turn(rest, &mut self.unsent) {
                Turned::Frame(length) => used += length,
                Turned::Close(length) => {
                    used += length;
                    self.closing = true;
                }
                Turned::Unfinished if waiting <= PARTIAL_BYTES_MAX => break,
                Turned::Unfinished | Turned::Broken => return Err(broken()),
            }
        }
        if self.unsent.len() > UNSENT_BYTES_MAX {
            return Err(broken());
        }
        Ok(used)
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(taken) if taken == self.unsent.len() => self.unsent.clear(),
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
