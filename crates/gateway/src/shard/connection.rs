//! The connection of one application or provider, as its call's shard keeps it.

use super::key::{Socket, token};
use super::messages::Messages;
use bytes::BytesMut;
use mio::{Interest, Registry};
use std::io;
use trunkline_legs::Input;
use trunkline_streams::{AppInput, CloseCode, Frame, MESSAGE_BYTES_MAX};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, Utf8Bytes};

/// What is read at once. The room is cleared before each read, so more than a frame of 20 ms at
/// 16 kHz costs time for every frame; longer messages are read in several goes.
const READ_BUFFER_BYTES: usize = 1024;
/// What may wait for a slow application before the connection counts as lost. The wire drops
/// its oldest audio long before.
const WRITE_BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// A message of this size or less is gathered with others of the same wake-up.
const GATHER_BYTES: usize = 16 * 1024;

/// The settings of every application's WebSocket.
pub fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(GATHER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// What reading a connection brought.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Message),
    /// The answer to a ping.
    Pong,
    /// It was closed.
    Closed(CloseCode),
    /// It broke the rules of WebSocket.
    Broken,
    /// Nothing more now.
    Nothing,
}

impl Incoming {
    /// The same for an application's wire.
    pub fn for_application(&self) -> Option<AppInput<'_>> {
        Some(match self {
            Self::Message(message) => AppInput::Received(frame(message)?),
            Self::Pong => AppInput::Pong,
            Self::Broken => AppInput::BrokenFraming,
            Self::Closed(code) => AppInput::Closed(*code),
            Self::Nothing => return None,
        })
    }

    /// The same for a leg.
    pub fn for_leg(&self) -> Option<Input<'_>> {
        Some(match self {
            Self::Message(message) => Input::Received(frame(message)?),
            Self::Pong => Input::Pong,
            Self::Broken => Input::BrokenFraming,
            Self::Closed(code) => Input::Closed(*code),
            Self::Nothing => return None,
        })
    }
}

/// The text or bytes of a message; control frames are the connection's own.
pub fn frame(message: &Message) -> Option<Frame<'_>> {
    match message {
        Message::Text(text) => Some(Frame::Text(text)),
        Message::Binary(bytes) => Some(Frame::Binary(bytes)),
        _ => None,
    }
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    socket: Messages,
    which: Socket,
    scratch: BytesMut,
    queued: u64,
    dirty: bool,
    closing: bool,
    /// A failed write, told by the next read.
    failed: bool,
}

impl Connection {
    /// Takes over an open connection and registers it.
    ///
    /// # Errors
    /// Where the socket cannot be registered.
    pub fn new(
        mut socket: Messages,
        registry: &Registry,
        place: usize,
        which: Socket,
    ) -> io::Result<Self> {
        socket.stream_mut().hand_over()?;
        let scratch = BytesMut::new();
        let mut connection = Self {
            socket,
            which,
            scratch,
            queued: 0,
            dirty: false,
            closing: false,
            failed: false,
        };
        connection.register(registry, place)?;
        Ok(connection)
    }

    /// Lets the poller watch the socket on behalf of the call in this place.
    ///
    /// # Errors
    /// Those of the poller.
    pub fn register(&mut self, registry: &Registry, place: usize) -> io::Result<()> {
        let Some(stream) = self.socket.stream_mut().socket() else {
            return Ok(());
        };
        let token = token(place, self.which);
        registry.register(stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// The poller says that there is something to read.
    pub fn readable(&mut self) {
        self.socket.stream_mut().readable();
    }

    /// The next thing the far end sent.
    pub fn read(&mut self) -> Incoming {
        if self.failed {
            return Incoming::Closed(CloseCode::Abnormal);
        }
        loop {
            match self.socket.read() {
                Ok(Message::Ping(_)) => self.dirty = true,
                Ok(Message::Pong(_)) => return Incoming::Pong,
                Ok(Message::Close(frame)) => {
                    self.dirty = true;
                    return Incoming::Closed(CloseCode::Frame(
                        frame.map_or(1005, |frame| frame.code.into()),
                    ));
                }
                Ok(message) => return Incoming::Message(message),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Incoming::Nothing;
                }
                // The peer has gone without a close frame: that breaks no frame.
                Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                    return Incoming::Closed(CloseCode::Abnormal);
                }
                Err(Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_)) if !self.closing => {
                    return Incoming::Broken;
                }
                Err(_) => return Incoming::Closed(CloseCode::Abnormal),
            }
        }
    }

    /// Takes a message for sending. It leaves with [`flush`](Self::flush).
    pub fn write(&mut self, frame: Frame<'_>) {
        let message = match frame {
            Frame::Binary(bytes) => {
                // The last frame's buffer is free again by now, so nothing is allocated.
                self.scratch.extend_from_slice(bytes);
                Message::Binary(self.scratch.split().freeze())
            }
            Frame::Text(text) => {
                self.scratch.extend_from_slice(text.as_bytes());
                // What was a string is one still.
                let text = Utf8Bytes::try_from(self.scratch.split().freeze());
                Message::Text(text.unwrap_or_default())
            }
            Frame::Ping => Message::Ping(Bytes::new()),
        };
        self.queued += message.len() as u64;
        self.put(message);
    }

    /// Sends a close frame after everything else.
    pub fn close(&mut self, code: u16) {
        self.closing = true;
        let frame = CloseFrame {
            code: WireCode::from(code),
            reason: "".into(),
        };
        self.socket.close(frame);
        self.dirty = true;
    }

    fn put(&mut self, message: Message) {
        self.dirty = true;
        match self.socket.write(message) {
            Ok(()) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.failed = true,
        }
    }

    /// Whether something was gathered.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Sends what was gathered, as far as the kernel takes it.
    pub fn flush(&mut self) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        match self.socket.flush() {
            // Everything left, so the headers that `queued` does not count are forgotten.
            Ok(()) => self.queued = self.socket.stream().taken(),
            Err(Error::ConnectionClosed) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => self.dirty = true,
            Err(_) => self.failed = true,
        }
    }

    /// Bytes of messages that the kernel has not taken yet, within the few of their headers.
    pub fn backlog(&self) -> usize {
        let waiting = self.queued.saturating_sub(self.socket.stream().taken());
        usize::try_from(waiting).unwrap_or(usize::MAX)
    }

    /// Whether a failed write has ended the connection.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Tells the far end that nothing follows, where TLS has a word for it.
    pub fn say_closed(&mut self) {
        self.socket.stream_mut().say_closed();
    }

    /// Takes the socket out of the poller.
    pub fn deregister(&mut self, registry: &Registry) {
        if let Some(stream) = self.socket.stream_mut().socket() {
            let _ = registry.deregister(stream);
        }
    }
}
