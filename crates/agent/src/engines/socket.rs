//! A WebSocket to an engine: tungstenite's frames over a connection of [`Server`].

use std::io::{self, Read, Write};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use super::EngineError;
use super::http::Server;

/// The longest message, and frame.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// How long it may take to open, once it is connected to.
const OPEN_MAX: Duration = Duration::from_millis(2_500);
/// How long the server may take to read what we send.
const SEND_MAX: Duration = Duration::from_secs(2);
/// What is read at once.
const READ_BYTES: usize = 16 << 10;

/// An open WebSocket.
pub(super) struct Socket {
    place: String,
    stream: TokioIo<Upgraded>,
    frames: WebSocketContext,
    bytes: Between,
}

impl Socket {
    /// Opens one at this path of a server (RFC 6455 section 4.1).
    pub async fn open(server: &Server, path: &str) -> Result<Self, EngineError> {
        let opening = Self::shake_hands(server, path);
        let opened = timeout(OPEN_MAX, opening).await;
        opened.unwrap_or_else(|_| Err(server.broken("no WebSocket in time")))
    }

    async fn shake_hands(server: &Server, path: &str) -> Result<Self, EngineError> {
        let key = generate_key();
        let headers = [
            (CONNECTION, "Upgrade"),
            (UPGRADE, "websocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, key.as_str()),
        ];
        let (stream, answer) = server.upgrade(path, &headers).await?;
        let accepted = answer.headers().get(SEC_WEBSOCKET_ACCEPT);
        if accepted.is_none_or(|key_back| key_back != derive_accept_key(key.as_bytes()).as_str()) {
            return Err(server.broken("it does not speak WebSocket"));
        }
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        Ok(Self {
            place: server.place().to_string(),
            stream,
            frames: WebSocketContext::new(Role::Client, Some(limits)),
            bytes: Between::default(),
        })
    }

    /// Sends a message.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), EngineError> {
        let written = self.frames.write(&mut self.bytes, message.into());
        written.map_err(|error| self.broken(error))?;
        self.flush().await
    }

    /// The next message, text or not; nothing once the server has closed as one does. Whoever drops
    /// this future loses no message.
    pub async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        loop {
            match self.frames.read(&mut self.bytes) {
                Ok(Message::Text(text)) => return Ok(Some(text.into())),
                Ok(Message::Binary(bytes)) => return Ok(Some(bytes)),
                Ok(Message::Close(frame)) => return self.closed(frame),
                // Pings have been answered.
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.flush().await?;
                    self.read_more().await?;
                }
                Err(Error::ConnectionClosed) => return Ok(None),
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    /// Says goodbye, if that can be done at once.
    pub async fn close(mut self) {
        if self.frames.close(&mut self.bytes, None).is_ok() {
            let _ = self.flush().await;
        }
    }

    /// What is wrong with it.
    pub fn broken(&self, what: impl std::fmt::Display) -> EngineError {
        EngineError::Broken {
            place: self.place.clone(),
            what: what.to_string(),
        }
    }

    fn closed(&self, frame: Option<CloseFrame>) -> Result<Option<Bytes>, EngineError> {
        match frame {
            None => Ok(None),
            Some(frame) if frame.code == CloseCode::Normal => Ok(None),
            Some(frame) => {
                let why = frame.reason.replace(char::is_control, " ");
                Err(self.broken(format!("closed with {}: {why}", u16::from(frame.code))))
            }
        }
    }

    async fn flush(&mut self) -> Result<(), EngineError> {
        let flushed = self.frames.flush(&mut self.bytes);
        flushed.map_err(|error| self.broken(error))?;
        let Self { stream, bytes, .. } = self;
        let sending = async {
            // One write at a time, so that nothing is lost where this is dropped between two.
            while !bytes.outgoing.is_empty() {
                let count = stream.write(&bytes.outgoing).await?;
                if count == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                bytes.outgoing.drain(..count);
            }
            stream.flush().await
        };
        let sent = timeout(SEND_MAX, sending).await;
        let sent = sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        sent.map_err(|error| self.broken(error))
    }

    async fn read_more(&mut self) -> Result<(), EngineError> {
        let mut part = vec![0; READ_BYTES];
        let read = self.stream.read(&mut part).await;
        let count = read.map_err(|error| self.broken(error))?;
        self.bytes.incoming.extend_from_slice(&part[..count]);
        self.bytes.is_over = count == 0;
        Ok(())
    }
}

/// What has come and is to be sent, between tungstenite, which never waits, and the connection.
#[derive(Default)]
struct Between {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    is_over: bool,
}

impl Read for Between {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() && !self.is_over {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = place.len().min(self.incoming.len());
        place[..count].copy_from_slice(&self.incoming[..count]);
        self.incoming.drain(..count);
        Ok(count)
    }
}

impl Write for Between {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value as it stands in the query of a URL (RFC 3986 section 2.1).
pub(super) fn in_query(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
