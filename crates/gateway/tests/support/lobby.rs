//! Applications that do nothing but what a test tells them, message by message.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tungstenite::http::HeaderMap;
use tungstenite::{Error, Message, WebSocket};

use super::{eventually, is_pause, turning};

/// How long a session waits for a message before it looks at its deadline.
const TURN: Duration = Duration::from_millis(5);

/// Where the gateway's connections arrive, as many as there are calls.
pub struct Lobby {
    listener: TcpListener,
}

impl Lobby {
    /// Opens one on loopback.
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("a listener that can be left");
        Self { listener }
    }

    /// What an application's entry says.
    pub fn url(&self) -> String {
        format!("ws://{}/ws/sip/{{call_id}}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound address")
    }

    /// The listener itself, for its socket options.
    pub fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// The next connection of the gateway, before any word of WebSocket.
    pub fn accept_tcp(&self) -> TcpStream {
        let stream = eventually("the gateway connects to its application", || {
            self.listener.accept().ok().map(|(stream, _)| stream)
        });
        stream.set_nonblocking(false).expect("a blocking stream");
        stream
    }

    /// The next call.
    pub fn accept(&self) -> Session {
        self.accept_asked().0
    }

    /// The next call, and the headers with which the gateway asked.
    pub fn accept_asked(&self) -> (Session, HeaderMap) {
        let mut asked = HeaderMap::new();
        let look = Look(&mut asked);
        let socket = tungstenite::accept_hdr(self.accept_tcp(), look);
        let session = Session::new(socket.expect("the gateway's WebSocket handshake"));
        (session, asked)
    }
}

/// Keeps the headers of a handshake.
struct Look<'a>(&'a mut HeaderMap);

impl Callback for Look<'_> {
    fn on_request(self, asked: &Request, answer: Response) -> Result<Response, ErrorResponse> {
        self.0.clone_from(asked.headers());
        Ok(answer)
    }
}

/// How a session came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// With a close frame of this code.
    Frame(u16),
    /// Without one.
    Broken,
}

/// One call of one application.
pub struct Session {
    socket: WebSocket<TcpStream>,
    /// Everything heard, 16 kHz.
    pub heard: Vec<i16>,
    /// Every event in its order.
    pub events: Vec<Value>,
    /// Events that no `wait_for` has given yet.
    fresh: VecDeque<Value>,
    /// The end, once it has come.
    pub closed: Option<Closed>,
}

impl Session {
    fn new(socket: WebSocket<TcpStream>) -> Self {
        socket
            .get_ref()
            .set_read_timeout(Some(TURN))
            .expect("a timeout that is not zero");
        Self {
            socket,
            heard: Vec::new(),
            events: Vec::new(),
            fresh: VecDeque::new(),
            closed: None,
        }
    }

    /// Comes to a call that waits at the gateway; the status where it is refused.
    pub fn come(http_port: u16, call_id: &str) -> Result<Self, u16> {
        Self::come_by(http_port, &format!("/ws/sip/{call_id}"))
    }

    /// The same by any path.
    pub fn come_by(http_port: u16, path: &str) -> Result<Self, u16> {
        let url = format!("ws://127.0.0.1:{http_port}{path}");
        let stream = TcpStream::connect(("127.0.0.1", http_port)).expect("the gateway's HTTP");
        match tungstenite::client(url, stream) {
            Ok((socket, _)) => Ok(Self::new(socket)),
            Err(tungstenite::HandshakeError::Failure(Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("no WebSocket handshake: {error}"),
        }
    }

    /// Sends one JSON object.
    pub fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    /// Sends any text.
    pub fn send_text(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .expect("the gateway reads");
    }

    /// Says this, in one message.
    pub fn say(&mut self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.socket
            .send(Message::binary(bytes))
            .expect("the gateway reads");
    }

    /// Closes with a code; `None` sends a close frame without one.
    pub fn close(&mut self, code: Option<u16>) {
        let frame = code.map(|code| tungstenite::protocol::CloseFrame {
            code: code.into(),
            reason: "".into(),
        });
        let _ = self.socket.close(frame);
        let _ = self.socket.flush();
    }

    /// The TCP connection below.
    pub fn stream(&self) -> &TcpStream {
        self.socket.get_ref()
    }

    /// The connection below, for what no WebSocket library would do.
    pub fn into_stream(self) -> TcpStream {
        self.socket.get_ref().try_clone().expect("a descriptor")
    }

    /// Takes one message, if there is one soon.
    pub fn turn(&mut self) {
        if self.closed.is_some() {
            std::thread::sleep(TURN);
            return;
        }
        match self.socket.read() {
            Ok(Message::Binary(bytes)) => {
                let pairs = bytes.chunks_exact(2);
                self.heard
                    .extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
            }
            Ok(Message::Text(text)) => {
                let event: Value = serde_json::from_str(&text).expect("the gateway sends JSON");
                self.events.push(event.clone());
                self.fresh.push_back(event);
            }
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                self.closed = Some(Closed::Frame(code));
                let _ = self.socket.flush();
            }
            Ok(_) => {}
            Err(Error::Io(error)) if is_pause(&error) => {}
            Err(_) => self.closed = Some(Closed::Broken),
        }
    }

    /// Takes messages until `look` finds something, and panics with `what` if it never does.
    pub fn until<T>(&mut self, what: &str, look: impl FnMut(&mut Self) -> Option<T>) -> T {
        turning(self, what, look, Self::turn, |session| {
            format!("{:?}", session.events)
        })
    }

    /// The next event of this type that was not given before; earlier ones are passed over.
    pub fn wait_for(&mut self, kind: &str) -> Value {
        self.until(&format!("the application is told {kind}"), |session| {
            let at = session.fresh.iter().position(|e| e["type"] == kind)?;
            session.fresh.drain(..=at).next_back()
        })
    }

    /// Waits until so many further 20 ms frames were heard.
    pub fn listen(&mut self, frames: usize) {
        let enough = self.heard.len() + frames * 320;
        self.until(
            &format!("the application hears {frames} frames"),
            |session| (session.heard.len() >= enough).then_some(()),
        );
    }

    /// Waits until the connection is closed; how.
    pub fn wait_closed(&mut self) -> Closed {
        self.until("the connection is closed", |session| session.closed)
    }
}
