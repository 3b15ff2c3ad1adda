//! The media sockets of one call.

use super::key::{Socket, token};
use crate::net;
use mio::{Interest, Registry};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use trunkline_legs::Port;

/// Room for a datagram of 20 ms at 64 kbit/s; a longer one makes its own.
const HELD_BYTES: usize = 192;

/// RTP, and RTCP once it is needed.
pub struct MediaSockets {
    rtp: mio::net::UdpSocket,
    rtcp: Option<mio::net::UdpSocket>,
    rtcp_address: SocketAddr,
    /// The datagram that leaves at the end of the wake-up, if `waits` says to whom.
    held: Vec<u8>,
    waits: Option<(Port, SocketAddr)>,
    /// Datagrams that the system did not take.
    unsent: u64,
}

impl MediaSockets {
    /// Registers a bound RTP socket.
    ///
    /// # Errors
    /// Those of the poller.
    pub fn new(
        rtp: UdpSocket,
        rtcp_address: SocketAddr,
        registry: &Registry,
        place: usize,
    ) -> io::Result<Self> {
        let mut rtp = mio::net::UdpSocket::from_std(rtp);
        registry.register(&mut rtp, token(place, Socket::Rtp), Interest::READABLE)?;
        Ok(Self {
            rtp,
            rtcp: None,
            rtcp_address,
            held: Vec::with_capacity(HELD_BYTES),
            waits: None,
            unsent: 0,
        })
    }

    /// Opens the RTCP port, for a call that does not mux it. Where the port is taken the call
    /// goes on without RTCP: no sound depends on it.
    pub fn open_rtcp(&mut self, registry: &Registry, place: usize) {
        if self.rtcp.is_some() {
            return;
        }
        let Ok(socket) = net::bind(self.rtcp_address) else {
            return;
        };
        let mut socket = mio::net::UdpSocket::from_std(socket);
        if registry
            .register(&mut socket, token(place, Socket::Rtcp), Interest::READABLE)
            .is_ok()
        {
            self.rtcp = Some(socket);
        }
    }

    /// Takes a datagram for sending. It leaves with [`flush`](Self::flush), or when another one
    /// wants its place: a call rarely has two in one wake-up.
    pub fn send(&mut self, port: Port, destination: SocketAddr, bytes: &[u8]) {
        self.flush();
        self.held.clear();
        self.held.extend_from_slice(bytes);
        self.waits = Some((port, destination));
    }

    /// Whether a datagram waits to leave.
    pub fn has_waiting(&self) -> bool {
        self.waits.is_some()
    }

    /// Lets the waiting datagram go. The network may lose it, and so may we: it is counted.
    pub fn flush(&mut self) {
        let Some((port, destination)) = self.waits.take() else {
            return;
        };
        let bytes = &self.held;
        let socket = match port {
            Port::Rtp => Some(&self.rtp),
            Port::Rtcp => self.rtcp.as_ref(),
        };
        let sent = socket.is_some_and(|socket| socket.send_to(bytes, destination).is_ok());
        self.unsent += u64::from(!sent);
    }

    /// The descriptor behind a port, if it is open.
    pub fn descriptor(&self, port: Port) -> Option<BorrowedFd<'_>> {
        match port {
            Port::Rtp => Some(self.rtp.as_fd()),
            Port::Rtcp => self.rtcp.as_ref().map(AsFd::as_fd),
        }
    }

    /// Takes the sockets out of the poller, after the last datagram.
    pub fn deregister(&mut self, registry: &Registry) {
        self.flush();
        let _ = registry.deregister(&mut self.rtp);
        if let Some(rtcp) = &mut self.rtcp {
            let _ = registry.deregister(rtcp);
        }
    }
}
