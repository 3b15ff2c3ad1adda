//! SIP over UDP.

use socket2::{Domain, Protocol, Socket, Type};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// What the system may hold for us while we are busy: a second of a few thousand calls a second.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// One bound socket.
pub struct DatagramSocket {
    socket: UdpSocket,
    bound: SocketAddr,
}

impl DatagramSocket {
    /// Binds a socket; one on `::` takes IPv6 only, so that `0.0.0.0` may stand beside it.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // A smaller buffer than asked for is still one.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let bound = socket.local_addr()?;
        Ok(Self { socket, bound })
    }

    /// Where it is bound.
    pub fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// A datagram that waits already.
    pub fn receive_now(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.socket.try_recv_from(buffer).ok()
    }

    /// Sends a datagram; `false` where the system does not take it.
    pub fn send(&self, bytes: &[u8], remote: SocketAddr) -> bool {
        self.socket.try_send_to(bytes, remote).is_ok()
    }
}

/// The next datagram of any of the sockets: which, how long, from whom.
pub async fn receive(sockets: &[DatagramSocket], buffer: &mut [u8]) -> (usize, usize, SocketAddr) {
    poll_fn(|context| {
        for (index, socket) in sockets.iter().enumerate() {
            loop {
                let mut room = ReadBuf::new(buffer);
                match socket.socket.poll_recv_from(context, &mut room) {
                    Poll::Ready(Ok(remote)) => {
                        return Poll::Ready((index, room.filled().len(), remote));
                    }
                    // The refusal of something we sent earlier; the socket is as good as before.
                    Poll::Ready(Err(_)) => {}
                    Poll::Pending => break,
                }
            }
        }
        Poll::Pending
    })
    .await
}
