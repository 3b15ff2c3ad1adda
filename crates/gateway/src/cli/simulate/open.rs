//! The connection below a simulated stream: TCP, with or without TLS.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use trunkline_phone::provider::Transport;
use trunkline_providers::url::Url;

use super::super::Failure;
use crate::tls::{Trust, handshake_waiting};

/// How long each address of a server may take to be there, and the server for each step of TLS.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// TLS over TCP.
struct Secured(StreamOwned<ClientConnection, TcpStream>);

impl Read for Secured {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Secured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Transport for Secured {
    fn tcp(&self) -> &TcpStream {
        self.0.get_ref()
    }
}

/// Connects to the server of a `ws://` or `wss://` URL.
pub fn connect(text: &str, trust: &Trust) -> Result<Box<dyn Transport>, Failure> {
    let bad = || {
        Failure::Usage(format!(
            "{text} is no URL of a stream: write ws://host:port/path"
        ))
    };
    let url = Url::parse(text).ok_or_else(bad)?;
    let host = url.host().trim_matches(['[', ']']);
    let place = (host, url.port_or_default());
    match url.scheme {
        "ws" => Ok(Box::new(reach(place)?)),
        "wss" => {
            let shaken = handshake_waiting(reach(place)?, host, trust.client(), CONNECT_MAX);
            let stream = shaken.map_err(|why| Failure::Failed(format!("{text}: {why}")))?;
            Ok(Box::new(Secured(stream)))
        }
        _ => Err(bad()),
    }
}

/// The first of a host's addresses that takes a connection.
fn reach((host, port): (&str, u16)) -> Result<TcpStream, Failure> {
    let failed = |error: io::Error| {
        let remedy = "is the server running, and is the port right?";
        Failure::Failed(format!("cannot reach {host}:{port}: {error}; {remedy}"))
    };
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    for address in (host, port).to_socket_addrs().map_err(failed)? {
        match TcpStream::connect_timeout(&address, CONNECT_MAX) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}
