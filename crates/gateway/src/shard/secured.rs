//! TLS on a socket that never waits: what rustls keeps between two turns of the call.

use rustls::ClientConnection;
use std::io::{self, ErrorKind, Read, Write};

/// What of ours may lie encrypted and unsent: one record, the most that TLS has (RFC 8446 section
/// 5.1). Whatever else there is to say waits above, where it is counted and dropped when it is old.
const UNSENT_BYTES_MAX: usize = 16 * 1024;

/// A session whose handshake is done.
#[derive(Debug)]
pub struct Secured {
    session: ClientConnection,
    /// Bytes of ours in a record that the socket has not taken whole.
    waiting: usize,
}

impl Secured {
    /// Takes over a session.
    pub fn new(mut session: ClientConnection) -> Self {
        session.set_buffer_limit(Some(UNSENT_BYTES_MAX));
        Self {
            session,
            waiting: 0,
        }
    }

    /// Reads what the far end said; nothing where it has said that it will say no more.
    ///
    /// # Errors
    /// `WouldBlock` where a record is not whole yet, `UnexpectedEof` where the connection ends
    /// without the far end having said so, `InvalidData` where it breaks the rules of TLS.
    pub fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            // At the end of the connection the reader knows whether it was announced.
            self.session.read_tls(socket)?;
            let processed = self.session.process_new_packets();
            // Alerts, and new keys where the far end asks for them; a full socket gets them later.
            let _ = self.flush(socket);
            processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        }
    }

    /// Takes bytes of ours, as many as fit a record. Each record leaves whole before the next is
    /// made.
    ///
    /// # Errors
    /// `WouldBlock` where the last record has not left yet, and those of the socket.
    pub fn write(&mut self, socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        self.flush(socket)?;
        self.waiting = self.session.writer().write(bytes)?;
        let taken = self.waiting;
        match self.flush(socket) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Sends what is encrypted already.
    ///
    /// # Errors
    /// `WouldBlock` where some of it has to wait, and those of the socket.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        while self.session.wants_write() {
            if self.session.write_tls(socket)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        self.waiting = 0;
        Ok(())
    }

    /// Bytes that were taken and may not have left.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Says that nothing more will be said (RFC 8446 section 6.1), if the socket takes it.
    pub fn finish(&mut self, socket: &mut impl Write) {
        self.session.send_close_notify();
        let _ = self.flush(socket);
    }
}

#[cfg(test)]
mod tests;
