//! Asterisk's AudioSocket on its TCP connection: cuts what arrives into messages and gathers what
//! leaves, with the verbs that a WebSocket has.

use super::stream::AppStream;
use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, Read, Write};
use trunkline_streams::audiosocket::{MESSAGE_BYTES_MAX, message_len};
use tungstenite::{Error, Message};

/// What is read at once: some frames of 20 ms at 8 kHz.
const READ_BYTES: usize = 2048;
/// What may wait for a slow Asterisk before the connection counts as lost: half a minute of
/// 16 kHz. The leg stops long before.
const WAITING_BYTES_MAX: usize = 1024 * 1024;

/// One connection. A message of it is a [`Message::Binary`] with its head.
#[derive(Debug)]
pub struct AudioSocketStream {
    stream: AppStream,
    /// Less than one message between reads, and never more than one and a read.
    arrived: BytesMut,
    waiting: BytesMut,
    closing: bool,
}

impl AudioSocketStream {
    /// Nothing of the connection has been read yet.
    pub fn new(stream: AppStream) -> Self {
        Self {
            stream,
            arrived: BytesMut::with_capacity(READ_BYTES),
            waiting: BytesMut::with_capacity(READ_BYTES),
            closing: false,
        }
    }

    /// The next message; [`Message::Close`] where Asterisk has closed, which is its way to hang up.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn read(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(message) = self.cut() {
                return Ok(Message::Binary(message));
            }
            let mut piece = [0; READ_BYTES];
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return Ok(Message::Close(None));
            }
            self.arrived
                .extend_from_slice(piece.get(..count).unwrap_or_default());
        }
    }

    fn cut(&mut self) -> Option<Bytes> {
        let length = message_len(&self.arrived)?;
        let whole = self.arrived.len() >= length;
        whole.then(|| self.arrived.split_to(length).freeze())
    }

    /// Takes a message for sending. There are no pings here, and no text.
    ///
    /// # Errors
    /// Where too much waits already.
    pub fn write(&mut self, message: Message) -> Result<(), Error> {
        let Message::Binary(bytes) = message else {
            return Ok(());
        };
        if self.waiting.len() + bytes.len() > WAITING_BYTES_MAX {
            return Err(Error::WriteBufferFull(Box::new(Message::Binary(bytes))));
        }
        self.waiting.extend_from_slice(&bytes);
        Ok(())
    }

    /// Sends what was taken, as far as the kernel takes it.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn flush(&mut self) -> Result<(), Error> {
        while !self.waiting.is_empty() {
            let count = self.stream.write(&self.waiting)?;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::WriteZero).into());
            }
            self.waiting.advance(count);
        }
        if self.closing {
            self.stream.finish()?;
        }
        Ok(())
    }

    /// Says nothing further after what was taken.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// The connection itself.
    pub fn stream(&self) -> &AppStream {
        &self.stream
    }

    /// The connection itself.
    pub fn stream_mut(&mut self) -> &mut AppStream {
        &mut self.stream
    }
}

const _: () = assert!(WAITING_BYTES_MAX > MESSAGE_BYTES_MAX);
