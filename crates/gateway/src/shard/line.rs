//! What the way in of a call needs of the system.

use super::connection::Connection;
use super::key::Socket;
use super::link::Link;
use super::messages::Messages;
use super::sockets::MediaSockets;
use mio::Registry;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::BorrowedFd;
use std::time::Instant;
use trunkline_legs::Port;

/// The way in of a call that is about to begin.
pub enum NewLine {
    /// RTP.
    Rtp {
        /// Bound to the port that the leg's description names.
        rtp: UdpSocket,
        /// Where RTCP is received if it turns out to need a port of its own.
        rtcp: SocketAddr,
    },
    /// Messages on an open connection.
    Stream(Messages),
}

/// The way in of a call on its shard.
pub enum Line {
    /// RTP.
    Rtp(MediaSockets),
    /// Messages.
    Stream(Box<Link>),
}

impl Line {
    /// Registers what the call needs.
    ///
    /// # Errors
    /// Those of the poller.
    pub fn new(line: NewLine, registry: &Registry, place: usize) -> io::Result<Self> {
        match line {
            NewLine::Rtp { rtp, rtcp } => {
                MediaSockets::new(rtp, rtcp, registry, place).map(Self::Rtp)
            }
            NewLine::Stream(socket) => Connection::new(socket, registry, place, Socket::Line)
                .map(|connection| Self::Stream(Box::new(Link::over(connection)))),
        }
    }

    /// Sends a datagram of the leg.
    pub fn transmit(
        &mut self,
        port: Port,
        destination: SocketAddr,
        bytes: &[u8],
        registry: &Registry,
        place: usize,
    ) {
        if let Self::Rtp(sockets) = self {
            if port == Port::Rtcp {
                sockets.open_rtcp(registry, place);
            }
            sockets.send(port, destination, bytes);
        }
    }

    /// The descriptor behind a port, if it is open.
    pub fn descriptor(&self, port: Port) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Rtp(sockets) => sockets.descriptor(port),
            Self::Stream(_) => None,
        }
    }

    /// The connection, where messages are the way in.
    pub fn link(&mut self) -> Option<&mut Link> {
        match self {
            Self::Rtp(_) => None,
            Self::Stream(link) => Some(link),
        }
    }

    /// Whether something waits to be sent.
    pub fn has_waiting(&self) -> bool {
        match self {
            Self::Rtp(sockets) => sockets.has_waiting(),
            Self::Stream(link) => link.has_waiting(),
        }
    }

    /// Sends it. How many bytes have to stay, where that is worth telling.
    pub fn flush(&mut self) -> Option<usize> {
        match self {
            Self::Rtp(sockets) => {
                sockets.flush();
                None
            }
            Self::Stream(link) => link.flush(),
        }
    }

    /// Whether a connection is still there.
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Stream(link) if link.is_there())
    }

    /// When it wants to be looked at.
    pub fn due(&self) -> Option<Instant> {
        match self {
            Self::Rtp(_) => None,
            Self::Stream(link) => link.due(),
        }
    }

    /// Takes everything out of the poller.
    pub fn deregister(&mut self, registry: &Registry) {
        match self {
            Self::Rtp(sockets) => sockets.deregister(registry),
            Self::Stream(link) => link.let_go(registry),
        }
    }
}
