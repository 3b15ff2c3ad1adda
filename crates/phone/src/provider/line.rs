//! A simulated call over a real connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use trunkline_streams::stream::sound::UnsupportedFormat;
use trunkline_streams::{CloseCode, Frame, MESSAGE_BYTES_MAX};
use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::error::ProtocolError;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tungstenite::http::{HeaderName, HeaderValue, Request};
use tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use super::{Input, Output, Plan, Report, Simulator};

/// How long the handshake of WebSocket may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// How often it is looked whether the caller is to hang up.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What may wait for a server that does not read.
const WRITE_BUFFER_BYTES_MAX: usize = 1 << 20;
/// How much of a refusal's body is shown.
const REFUSAL_CHARS: usize = 300;

/// A connection with TCP below it.
pub trait Transport: Read + Write {
    /// The socket below.
    fn tcp(&self) -> &TcpStream;
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn tcp(&self) -> &TcpStream {
        (**self).tcp()
    }
}

/// How the WebSocket is asked for.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// `ws://host/path`, or `wss://`.
    pub url: String,
    /// Further headers, by which a provider proves itself.
    pub headers: Vec<(String, String)>,
}

/// Why there was no call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The URL or a header cannot be said in HTTP.
    #[error("{0} is no URL that can be opened: write ws://host:port/path")]
    Url(String),
    /// The server turned the stream away.
    #[error("the server refused the stream with {status}, where 101 opens it: {body}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// The beginning of its body, escaped.
        body: String,
    },
    /// What came is no handshake, or none in time.
    #[error("no WebSocket handshake: {0}")]
    Handshake(Box<Error>),
    /// The system's.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The call's audio cannot be made.
    #[error(transparent)]
    Format(#[from] UnsupportedFormat),
}

/// Simulates a call over a connection that is open and has said nothing yet. It is over when the
/// plan is, when the server ends it, or after `stop` was set.
///
/// # Errors
/// Where there was no call; whatever goes wrong in one is in the report.
pub fn call<T: Transport>(
    stream: T,
    opening: &Opening,
    plan: Plan,
    stop: &AtomicBool,
) -> Result<Report, CallError> {
    let request = request(opening, plan.dialect.manners.subprotocol())?;
    let mut simulator = Simulator::new(plan)?;
    stream.tcp().set_nodelay(true)?;
    stream.tcp().set_read_timeout(Some(HANDSHAKE_MAX))?;
    let mut line = Line::new(handshake(stream, request)?)?;
    simulator.handle_input(Instant::now(), Input::Opened);
    while let Some(due) = line.drain(&mut simulator) {
        line.wait(due)?;
        if stop.load(Ordering::Relaxed) {
            simulator.handle_input(Instant::now(), Input::HangUp);
        }
        line.receive(&mut simulator);
        simulator.handle_input(Instant::now(), Input::Timeout);
    }
    Ok(simulator.into_report())
}

fn request(opening: &Opening, subprotocol: Option<&'static str>) -> Result<Request<()>, CallError> {
    let bad = || CallError::Url(opening.url.clone());
    let mut request = opening
        .url
        .as_str()
        .into_client_request()
        .map_err(|_| bad())?;
    for (name, value) in &opening.headers {
        let name = HeaderName::try_from(name).map_err(|_| bad())?;
        let value = HeaderValue::try_from(value).map_err(|_| bad())?;
        request.headers_mut().insert(name, value);
    }
    if let Some(name) = subprotocol {
        let name = HeaderValue::from_static(name);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
    }
    Ok(request)
}

fn handshake<T: Transport>(stream: T, request: Request<()>) -> Result<WebSocket<T>, CallError> {
    let config = WebSocketConfig::default()
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    match client_with_config(request, stream, Some(config)) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(answer))) => {
            let body = answer.body().as_deref().unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            let body = body.chars().take(REFUSAL_CHARS);
            Err(CallError::Refused {
                status: answer.status().as_u16(),
                body: body.flat_map(char::escape_debug).collect(),
            })
        }
        Err(HandshakeError::Failure(error)) => Err(CallError::Handshake(Box::new(error))),
        // The read timeout has passed.
        Err(HandshakeError::Interrupted(_)) => {
            let late = io::Error::from(io::ErrorKind::TimedOut);
            Err(CallError::Handshake(Box::new(Error::Io(late))))
        }
    }
}

/// An open WebSocket, and the poller that watches it.
struct Line<T> {
    socket: WebSocket<T>,
    poll: Poll,
    events: Events,
    /// A failed write, told by the next read.
    failed: Option<Failed>,
    ended: bool,
}

#[derive(Clone, Copy)]
enum Failed {
    Gone,
    NotReading,
}

impl<T: Transport> Line<T> {
    fn new(socket: WebSocket<T>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let tcp = socket.get_ref().tcp();
        tcp.set_nonblocking(true)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(&mut SourceFd(&tcp.as_raw_fd()), Token(0), both)?;
        Ok(Self {
            socket,
            poll,
            events: Events::with_capacity(8),
            failed: None,
            ended: false,
        })
    }

    /// Sends what the simulator has to say, and says when it wants to go on.
    fn drain(&mut self, simulator: &mut Simulator) -> Option<Instant> {
        loop {
            match simulator.poll_output() {
                Output::Timeout(due) => {
                    let flushed = self.socket.flush();
                    self.note(flushed);
                    return due;
                }
                Output::Send(frame) => {
                    let message = match frame {
                        Frame::Text(text) => Message::text(text),
                        Frame::Binary(bytes) => Message::binary(bytes.to_vec()),
                        Frame::Ping => Message::Ping(Vec::new().into()),
                    };
                    let written = self.socket.write(message);
                    self.note(written);
                }
                Output::Close(code) => {
                    let closing = self.socket.close(Some(CloseFrame {
                        code: WireCode::from(code),
                        reason: "".into(),
                    }));
                    self.note(closing);
                }
            }
        }
    }

    fn note(&mut self, done: Result<(), Error>) {
        match done {
            Ok(()) | Err(Error::ConnectionClosed | Error::Protocol(_)) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(Error::WriteBufferFull(_)) => self.failed = Some(Failed::NotReading),
            // What the server said before it left is read first.
            Err(_) => self.failed = self.failed.or(Some(Failed::Gone)),
        }
    }

    fn wait(&mut self, due: Instant) -> io::Result<()> {
        let left = due.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(left.min(LOOK_EVERY))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives the simulator everything that has come.
    fn receive(&mut self, simulator: &mut Simulator) {
        while !self.ended && !simulator.is_over() {
            let read = self.socket.read();
            let now = Instant::now();
            match read {
                Ok(Message::Text(text)) => {
                    simulator.handle_input(now, Input::Received(Frame::Text(&text)));
                }
                Ok(Message::Binary(bytes)) => {
                    simulator.handle_input(now, Input::Received(Frame::Binary(&bytes)));
                }
                Ok(Message::Close(frame)) => {
                    let (code, words) = frame.as_ref().map_or((1005, ""), |frame| {
                        (u16::from(frame.code), frame.reason.as_str())
                    });
                    self.ended = true;
                    simulator.handle_input(now, Input::Closed(CloseCode::Frame(code), words));
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    self.ended = true;
                    simulator.handle_input(now, ending(&error));
                }
            }
            self.drain(simulator);
        }
        if let (Some(failed), false) = (self.failed, self.ended) {
            self.ended = true;
            let input = match failed {
                Failed::Gone => Input::Closed(CloseCode::Abnormal, ""),
                Failed::NotReading => Input::NotReading,
            };
            simulator.handle_input(Instant::now(), input);
        }
    }
}

/// What an error of reading means.
fn ending(error: &Error) -> Input<'static> {
    match error {
        // The server has gone without a close frame: that breaks no frame.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Input::Closed(CloseCode::Abnormal, "")
        }
        Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_) => Input::BrokenFraming,
        _ => Input::Closed(CloseCode::Abnormal, ""),
    }
}
