//! An application on a WebSocket, as a user would write one.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tungstenite::{Error, Message, WebSocket};

use super::{eventually, is_pause, sound};

/// The rate at which a gateway speaks to its applications unless told otherwise.
pub const RATE_HZ: u32 = 16_000;

/// What an application does with the audio it hears.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Sends it back, except while it is told that the caller has put the call on hold.
    Echo,
    /// Sends a second of a 1000 Hz tone at the start and again for every second it hears.
    Tone,
    /// Nothing.
    Silent,
}

/// What it has heard and been told.
#[derive(Default)]
struct Heard {
    samples: Vec<i16>,
    events: Vec<Value>,
}

impl Heard {
    /// Whether the caller has put the call on hold, by the last that was told.
    fn is_on_hold(&self) -> bool {
        let mut latest = self.events.iter().rev();
        let told = latest.find(|event| event["type"] == "held" || event["type"] == "resumed");
        told.is_some_and(|event| event["type"] == "held")
    }
}

/// A WebSocket server on loopback that takes one call.
pub struct Application {
    port: u16,
    heard: Arc<Mutex<Heard>>,
    commands: Option<Sender<Value>>,
    thread: Option<JoinHandle<()>>,
}

impl Application {
    /// Starts one; its address is [`Application::url`].
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        listener
            .set_nonblocking(true)
            .expect("a listener that can be left");
        let (commands, to_send) = channel();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let theirs = Arc::clone(&heard);
        let thread = std::thread::spawn(move || {
            if let Some(stream) = accept(&listener, &to_send) {
                talk(stream, manner, &theirs, &to_send);
            }
        });
        Self {
            port,
            heard,
            commands: Some(commands),
            thread: Some(thread),
        }
    }

    /// Where it waits for calls.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/ws/sip/{{call_id}}", self.port)
    }

    /// Sends one JSON object of the protocol.
    pub fn send(&self, command: Value) {
        let commands = self.commands.as_ref().expect("open until dropped");
        commands
            .send(command)
            .expect("the application still has its call");
    }

    /// Waits for an event of this type and gives the first.
    pub fn wait_for(&self, kind: &str) -> Value {
        eventually(&format!("the application is told {kind}"), || {
            self.events()
                .into_iter()
                .find(|event| event["type"] == kind)
        })
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<Value> {
        self.lock().events.clone()
    }

    /// Everything heard so far, at [`RATE_HZ`].
    pub fn samples(&self) -> Vec<i16> {
        self.lock().samples.clone()
    }

    /// How many samples it has heard so far.
    pub fn heard(&self) -> usize {
        self.lock().samples.len()
    }

    /// Waits until it has heard so many 20 ms frames of a tone since sample `from`.
    pub fn wait_for_tone(&self, hz: f64, from: usize, frames: usize) {
        eventually(
            &format!("the application hears {frames} frames of {hz} Hz"),
            || {
                let samples = self.samples();
                let since = samples.get(from..).unwrap_or_default();
                (sound::frames_of_tone(hz, RATE_HZ, since) >= frames).then_some(())
            },
        );
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // The thread ends when nobody can give it commands any more.
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How long the thread waits for a message before it looks for commands.
const TURN: Duration = Duration::from_millis(5);

fn accept(listener: &TcpListener, commands: &Receiver<Value>) -> Option<WebSocket<TcpStream>> {
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // Commands wait for the call; only the end of the test ends the waiting.
                if is_disconnected(commands) {
                    return None;
                }
                std::thread::sleep(TURN);
            }
            Err(_) => return None,
        }
    };
    stream.set_nonblocking(false).ok()?;
    let socket = tungstenite::accept(stream).ok()?;
    socket.get_ref().set_read_timeout(Some(TURN)).ok()?;
    Some(socket)
}

/// Whether the test has dropped its side. A command that came too early is an error of the test.
fn is_disconnected(commands: &Receiver<Value>) -> bool {
    match commands.try_recv() {
        Ok(command) => panic!("{command} was sent before there was a call"),
        Err(std::sync::mpsc::TryRecvError::Disconnected) => true,
        Err(std::sync::mpsc::TryRecvError::Empty) => false,
    }
}

fn talk(
    mut socket: WebSocket<TcpStream>,
    manner: Manner,
    heard: &Mutex<Heard>,
    commands: &Receiver<Value>,
) {
    let second: Vec<u8> = sound::tone(1000.0, RATE_HZ, RATE_HZ as usize)
        .into_iter()
        .flat_map(i16::to_le_bytes)
        .collect();
    // How many bytes of tone are still ahead of what was heard.
    let mut ahead = 0;
    loop {
        match commands.try_recv() {
            Ok(command) => {
                if socket.send(Message::text(command.to_string())).is_err() {
                    return;
                }
            }
            Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                let _ = socket.close(None);
                return;
            }
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
        let bytes = match socket.read() {
            Ok(message) => take(message, &mut socket, manner, heard),
            Err(Error::Io(error)) if is_pause(&error) => Ok(0),
            Err(_) => return,
        };
        let Ok(bytes) = bytes else { return };
        if manner == Manner::Tone && bytes > ahead {
            if socket.send(Message::binary(second.clone())).is_err() {
                return;
            }
            ahead += second.len();
        }
        ahead = ahead.saturating_sub(bytes);
    }
}

/// Keeps what a message says; the number of bytes of audio in it.
fn take(
    message: Message,
    socket: &mut WebSocket<TcpStream>,
    manner: Manner,
    heard: &Mutex<Heard>,
) -> Result<usize, Error> {
    let mut heard = heard
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    match message {
        Message::Binary(audio) => {
            let samples = audio.chunks_exact(2);
            heard
                .samples
                .extend(samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
            let bytes = audio.len();
            if manner == Manner::Echo && !heard.is_on_hold() {
                socket.send(Message::Binary(audio))?;
            }
            Ok(bytes)
        }
        Message::Text(text) => {
            heard.events.extend(serde_json::from_str::<Value>(&text));
            Ok(0)
        }
        _ => Ok(0),
    }
}
