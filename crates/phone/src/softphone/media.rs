//! The two sockets of a call's media.

use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use trunkline_legs::Port;

/// How often a pair is tried for: the odd port above a free even one may be taken.
const TRIES: usize = 64;

/// An even port for RTP and the odd one above it for RTCP (RFC 3550 §11).
pub(super) struct MediaSockets {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    /// Where RTP comes.
    pub(super) address: SocketAddr,
}

impl MediaSockets {
    /// A free pair at this address.
    pub(super) fn bind(ip: IpAddr) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let rtp = UdpSocket::bind(SocketAddr::new(ip, 0))?;
            let address = rtp.local_addr()?;
            if address.port() % 2 == 1 {
                continue;
            }
            match UdpSocket::bind(SocketAddr::new(ip, address.port() + 1)) {
                Ok(rtcp) => return Ok(Self { rtp, rtcp, address }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) fn socket(&self, port: Port) -> &UdpSocket {
        match port {
            Port::Rtp => &self.rtp,
            Port::Rtcp => &self.rtcp,
        }
    }
}
