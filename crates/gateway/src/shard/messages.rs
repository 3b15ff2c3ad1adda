//! A connection that carries messages, however it cuts them.

use super::audiosocket::AudioSocketStream;
use super::stream::AppStream;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, WebSocket};

/// An open connection. The errors are those of [`WebSocket`].
#[derive(Debug)]
pub enum Messages {
    /// RFC 6455.
    WebSocket(Box<WebSocket<AppStream>>),
    /// Asterisk's AudioSocket.
    AudioSocket(Box<AudioSocketStream>),
}

impl From<WebSocket<AppStream>> for Messages {
    fn from(socket: WebSocket<AppStream>) -> Self {
        Self::WebSocket(Box::new(socket))
    }
}

impl Messages {
    /// The next message.
    ///
    /// # Errors
    /// `WouldBlock` where there is none, and whatever broke the connection.
    pub fn read(&mut self) -> Result<Message, Error> {
        match self {
            Self::WebSocket(socket) => socket.read(),
            Self::AudioSocket(socket) => socket.read(),
        }
    }

    /// Takes a message for sending.
    ///
    /// # Errors
    /// Whatever broke the connection.
    pub fn write(&mut self, message: Message) -> Result<(), Error> {
        match self {
            Self::WebSocket(socket) => socket.write(message),
            Self::AudioSocket(socket) => socket.write(message),
        }
    }

    /// Sends what was taken.
    ///
    /// # Errors
    /// `WouldBlock` where some of it has to wait, and whatever broke the connection.
    pub fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::WebSocket(socket) => socket.flush(),
            Self::AudioSocket(socket) => socket.flush(),
        }
    }

    /// Closes after everything else; a WebSocket tells why.
    pub fn close(&mut self, why: CloseFrame) {
        match self {
            Self::WebSocket(socket) => {
                // A connection that is closed already needs no second word.
                let _ = socket.close(Some(why));
            }
            Self::AudioSocket(socket) => socket.close(),
        }
    }

    /// The TCP connection below.
    pub fn stream(&self) -> &AppStream {
        match self {
            Self::WebSocket(socket) => socket.get_ref(),
            Self::AudioSocket(socket) => socket.stream(),
        }
    }

    /// The TCP connection below.
    pub fn stream_mut(&mut self) -> &mut AppStream {
        match self {
            Self::WebSocket(socket) => socket.get_mut(),
            Self::AudioSocket(socket) => socket.stream_mut(),
        }
    }
}
