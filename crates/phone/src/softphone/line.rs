//! The socket that a phone's SIP goes over.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};
use trunkline_sip::Message;
use trunkline_sip::endpoint::{Input, Path, Transport};
use trunkline_sip::framing::{self, StreamFramer};
use trunkline_sip::message::MESSAGE_BYTES_MAX;

use super::path;

/// How long a TCP connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How often a listener looks whether somebody has come.
const ACCEPT_EVERY: Duration = Duration::from_millis(10);

enum Socket {
    /// Connected to the peer, so that a refusal (ICMP port unreachable) is heard at once; a
    /// waiting phone's is connected to nobody.
    Udp(UdpSocket),
    Tcp(Box<Stream>),
    Listening(TcpListener),
}

struct Stream {
    socket: TcpStream,
    framer: StreamFramer,
    unsent: Vec<u8>,
}

/// A line to one peer.
pub(super) struct Line {
    socket: Socket,
    transport: Transport,
    local: SocketAddr,
    /// Whom it is connected to.
    remote: Option<SocketAddr>,
    buffer: Vec<u8>,
}

impl Line {
    pub(super) fn connect(transport: Transport, remote: SocketAddr) -> io::Result<Self> {
        let (socket, local) = match transport {
            Transport::Udp => {
                let any: SocketAddr = match remote {
                    SocketAddr::V4(_) => ([0; 4], 0).into(),
                    SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(remote)?;
                let local = socket.local_addr()?;
                (Socket::Udp(socket), local)
            }
            _ => {
                let stream = std::net::TcpStream::connect_timeout(&remote, CONNECT_MAX)?;
                let local = stream.local_addr()?;
                (Socket::Tcp(Box::new(Stream::new(stream)?)), local)
            }
        };
        Ok(Self::new(socket, transport, local, Some(remote)))
    }

    pub(super) fn listen(transport: Transport, address: SocketAddr) -> io::Result<Self> {
        let (socket, local) = match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind(address)?;
                let local = socket.local_addr()?;
                (Socket::Udp(socket), local)
            }
            _ => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                let local = listener.local_addr()?;
                (Socket::Listening(listener), local)
            }
        };
        Ok(Self::new(socket, transport, local, None))
    }

    fn new(
        socket: Socket,
        transport: Transport,
        local: SocketAddr,
        remote: Option<SocketAddr>,
    ) -> Self {
        Self {
            socket,
            transport,
            local,
            remote,
            buffer: vec![0; MESSAGE_BYTES_MAX],
        }
    }

    /// Waits for the connection of a TCP listener; nothing is to be waited for otherwise.
    pub(super) fn accept(&mut self, patience: Instant) -> io::Result<()> {
        while let Socket::Listening(listener) = &self.socket {
            match listener.accept() {
                Ok((stream, remote)) => {
                    self.socket = Socket::Tcp(Box::new(Stream::new(stream)?));
                    self.remote = Some(remote);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= patience {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    std::thread::sleep(ACCEPT_EVERY);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.socket {
            Socket::Udp(socket) => registry.register(socket, token, Interest::READABLE),
            Socket::Tcp(stream) => {
                let both = Interest::READABLE | Interest::WRITABLE;
                registry.register(&mut stream.socket, token, both)
            }
            Socket::Listening(_) => Ok(()),
        }
    }

    /// The way of a message to whom the line is connected.
    pub(super) fn path(&self) -> Path {
        path(
            self.transport,
            self.local,
            self.remote.unwrap_or(self.local),
        )
    }

    /// Sends a message. A dialog may move to another address of the far end (its Contact); a
    /// connected datagram socket follows it there.
    pub(super) fn send(&mut self, message: &Message, remote: SocketAddr) -> io::Result<()> {
        match &mut self.socket {
            Socket::Udp(socket) => {
                let Some(connected) = &mut self.remote else {
                    return socket.send_to(message.as_bytes(), remote).map(drop);
                };
                if *connected != remote {
                    socket.connect(remote)?;
                    *connected = remote;
                }
                socket.send(message.as_bytes()).map(drop)
            }
            Socket::Tcp(stream) => {
                stream.unsent.extend_from_slice(message.as_bytes());
                stream.flush()
            }
            Socket::Listening(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Takes what came. An error says that the far end cannot be reached.
    pub(super) fn receive(&mut self, now: Instant) -> io::Result<Vec<Input>> {
        match &mut self.socket {
            Socket::Udp(socket) => {
                let mut inputs = Vec::new();
                loop {
                    match socket.recv_from(&mut self.buffer) {
                        Ok((length, remote)) => inputs.push(Input::Received {
                            message: Message::parse(self.buffer.get(..length).unwrap_or_default()),
                            path: path(self.transport, self.local, remote),
                        }),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            return Ok(inputs);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Socket::Tcp(stream) => {
                let path = path(
                    self.transport,
                    self.local,
                    self.remote.unwrap_or(self.local),
                );
                stream.receive(now, path, &mut self.buffer)
            }
            Socket::Listening(_) => Ok(Vec::new()),
        }
    }
}

impl Stream {
    fn new(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            socket: TcpStream::from_std(stream),
            framer: StreamFramer::default(),
            unsent: Vec::new(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn receive(&mut self, now: Instant, path: Path, buffer: &mut [u8]) -> io::Result<Vec<Input>> {
        self.flush()?;
        let mut inputs = Vec::new();
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Ok(inputs),
                Ok(length) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    self.framer.handle_input(now, framing::Input::Bytes(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(inputs),
                Err(error) => return Err(error),
            }
            loop {
                match self.framer.poll_output() {
                    framing::Output::Message(message) => {
                        inputs.push(Input::Received { message, path });
                    }
                    framing::Output::Pong => self.unsent.extend_from_slice(framing::PONG),
                    framing::Output::Close(_) => return Err(io::ErrorKind::InvalidData.into()),
                    framing::Output::Timeout(_) => break,
                }
            }
        }
    }
}
