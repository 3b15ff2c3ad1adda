//! A server of WebSockets whose every connection follows a script.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::frame::CloseFrame;
use tungstenite::{Message, WebSocket};

/// What a server does on a connection.
#[derive(Clone, Debug)]
pub enum Step {
    /// Listens for so many ms.
    Waits(u64),
    /// Waits for a text message with this in it.
    Hears(&'static str),
    /// Waits until so many bytes have come in messages that are no text.
    HearsBytes(usize),
    /// Sends text.
    Says(String),
    /// Sends the same as bytes.
    SaysInBytes(String),
    /// Closes, with a code and a reason.
    Closes(u16, &'static str),
    /// Listens until the other side has closed.
    Stays,
}

/// Sends JSON.
pub fn says(value: serde_json::Value) -> Step {
    Step::Says(value.to_string())
}

/// What came on all connections.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// Path and query, and the headers that open it, connection by connection.
    pub opened: Vec<(String, Option<String>)>,
    pub texts: Vec<String>,
    pub bytes: Vec<u8>,
    /// Connections that the other side has closed.
    pub left: usize,
}

#[derive(Default)]
struct Shared(Mutex<Came>);

impl Shared {
    fn note(&self, change: impl FnOnce(&mut Came)) {
        change(&mut self.0.lock().expect("no panic"));
    }
}

/// A server at a port of its own. The last script is for all further connections; once it is through,
/// the connection breaks.
pub struct Sockets {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Sockets {
    pub fn open(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::<Shared>::default();
        let noted = Arc::clone(&shared);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for (count, stream) in listener.incoming().enumerate() {
                let script = scripts.get(count).or(scripts.last());
                let (script, noted) = (script.cloned().unwrap_or_default(), Arc::clone(&noted));
                let stream = stream.expect("a connection");
                std::thread::spawn(move || serve(stream, script, &noted));
            }
        });
        Self { port, shared }
    }

    pub fn came(&self) -> Came {
        self.shared.0.lock().expect("no panic").clone()
    }

    /// What came, once this holds of it.
    pub async fn wait_until(&self, what: &str, holds: impl Fn(&Came) -> bool) -> Came {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let came = self.came();
            if holds(&came) {
                return came;
            }
            assert!(Instant::now() < deadline, "{what}: {:?}", came.texts);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[expect(clippy::result_large_err, reason = "tungstenite's callback is so")]
fn serve(stream: TcpStream, script: Vec<Step>, shared: &Shared) {
    let mut opened = None;
    let note = |request: &Request, response: Response| {
        let headers = request.headers();
        let key = headers
            .get("authorization")
            .or(headers.get("x-goog-api-key"));
        let key = key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        opened = Some((request.uri().to_string(), key));
        Ok(response)
    };
    let Ok(mut socket) = tungstenite::accept_hdr(stream, note) else {
        return;
    };
    shared.note(|came| came.opened.extend(opened));
    for step in script {
        // Who has gone hears nothing more.
        if follow(&mut socket, step, shared).is_none() {
            shared.note(|came| came.left += 1);
            return;
        }
    }
}

/// Nothing once the other side has gone.
fn follow(socket: &mut WebSocket<TcpStream>, step: Step, shared: &Shared) -> Option<()> {
    match step {
        Step::Waits(ms) => listen(socket, Duration::from_millis(ms), shared)?,
        Step::Says(text) => socket.send(Message::text(text)).ok()?,
        Step::SaysInBytes(text) => socket.send(Message::binary(text.into_bytes())).ok()?,
        Step::Hears(word) => while !hear(socket, shared)?.0.contains(word) {},
        Step::HearsBytes(count) => {
            let mut heard = 0;
            while heard < count {
                heard += hear(socket, shared)?.1;
            }
        }
        Step::Closes(code, reason) => {
            let (code, reason) = (code.into(), reason.into());
            let _ = socket.close(Some(CloseFrame { code, reason }));
            while hear(socket, shared).is_some() {}
        }
        Step::Stays => while hear(socket, shared).is_some() {},
    }
    socket.can_read().then_some(())
}

fn listen(socket: &mut WebSocket<TcpStream>, time: Duration, shared: &Shared) -> Option<()> {
    let deadline = Instant::now() + time;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            socket.get_ref().set_read_timeout(None).expect("a time");
            return Some(());
        }
        socket
            .get_ref()
            .set_read_timeout(Some(left))
            .expect("a time");
        match socket.read() {
            Ok(message) => note(message, shared)?,
            Err(tungstenite::Error::Io(error)) if is_timeout(&error) => continue,
            Err(_) => return None,
        };
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}

/// The next message: its text, or how many bytes it has.
fn hear(socket: &mut WebSocket<TcpStream>, shared: &Shared) -> Option<(String, usize)> {
    note(socket.read().ok()?, shared)
}

fn note(message: Message, shared: &Shared) -> Option<(String, usize)> {
    match message {
        Message::Text(text) => {
            let text = text.to_string();
            shared.note(|came| came.texts.push(text.clone()));
            Some((text, 0))
        }
        Message::Binary(bytes) => {
            shared.note(|came| came.bytes.extend_from_slice(&bytes));
            Some((String::new(), bytes.len()))
        }
        Message::Close(_) => None,
        _ => Some((String::new(), 0)),
    }
}
