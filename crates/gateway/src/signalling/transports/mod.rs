//! The sockets of SIP: datagrams read in place, a task a TCP connection.

mod datagrams;
mod streams;
mod trace;

pub use streams::StreamEvent;

use crate::net::{CannotListen, Facing};
use crate::settings::{ExternalAddress, Listen};
use datagrams::DatagramSocket;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;
use streams::Connections;
use tokio::sync::mpsc;
use trunkline_sip::dialog::is_private;
use trunkline_sip::endpoint::{Path, Transmit, Transport};

/// Every SIP socket of the gateway.
pub struct Transports {
    datagrams: Vec<DatagramSocket>,
    connections: Connections,
    /// Where TCP is taken.
    listening: Vec<SocketAddr>,
    facing: Facing,
    external: ExternalAddress,
    /// Datagrams that the system did not take.
    unsent: u64,
}

impl Transports {
    /// Binds every socket. Each TCP listener gets a task that ends with its [`Transports`].
    ///
    /// # Errors
    /// The first that cannot be bound, with its address.
    pub fn bind(
        listen: &[Listen],
        external: ExternalAddress,
        events: mpsc::Sender<StreamEvent>,
    ) -> Result<Self, CannotListen> {
        let mut transports = Self {
            datagrams: Vec::new(),
            connections: Connections::new(events),
            listening: Vec::new(),
            facing: Facing::default(),
            external,
            unsent: 0,
        };
        for place in listen {
            let bound = transports.bind_one(place.transport, place.address);
            bound.map_err(|source| CannotListen {
                scheme: place.scheme(),
                address: place.address,
                key: "--sip-port or sip.listen",
                source,
            })?;
        }
        Ok(transports)
    }

    fn bind_one(&mut self, transport: Transport, address: SocketAddr) -> io::Result<()> {
        if transport == Transport::Udp {
            self.datagrams.push(DatagramSocket::bind(address)?);
        } else {
            self.listening.push(self.connections.listen(address)?);
        }
        Ok(())
    }

    /// Where each transport is taken, with the ports that the system chose.
    pub fn addresses(&self) -> impl Iterator<Item = (Transport, SocketAddr)> {
        let udp = self
            .datagrams
            .iter()
            .map(|socket| (Transport::Udp, socket.bound()));
        udp.chain(
            self.listening
                .iter()
                .map(|&address| (Transport::Tcp, address)),
        )
    }

    /// The transports that are taken, preferred first.
    pub fn kinds(&self) -> Vec<Transport> {
        let mut kinds: Vec<_> = self.addresses().map(|(transport, _)| transport).collect();
        kinds.dedup();
        kinds
    }

    /// The port at which TCP is taken, if it is.
    pub fn tcp_port(&self) -> Option<u16> {
        self.listening.first().map(SocketAddr::port)
    }

    /// The next datagram, and the way it came. `buffer` holds its bytes.
    pub async fn receive(&mut self, buffer: &mut [u8]) -> (usize, Path) {
        let (index, length, remote) = datagrams::receive(&self.datagrams, buffer).await;
        let port = self.datagrams[index].bound().port();
        let path = Path::udp(self.local(remote, port), remote);
        trace::received(&path, buffer.get(..length).unwrap_or_default());
        (length, path)
    }

    /// A further datagram, if one waits.
    pub fn receive_now(&mut self, buffer: &mut [u8]) -> Option<(usize, Path)> {
        let (index, length, remote) =
            self.datagrams
                .iter()
                .enumerate()
                .find_map(|(index, socket)| {
                    let (length, remote) = socket.receive_now(buffer)?;
                    Some((index, length, remote))
                })?;
        let port = self.datagrams[index].bound().port();
        let path = Path::udp(self.local(remote, port), remote);
        trace::received(&path, buffer.get(..length).unwrap_or_default());
        Some((length, path))
    }

    /// The way from us to a peer that has not written to us; `None` where this transport is not
    /// taken, or not in the peer's address family.
    pub fn path(&mut self, transport: Transport, remote: SocketAddr) -> Option<Path> {
        let family = |address: &SocketAddr| address.is_ipv4() == remote.is_ipv4();
        let port = match transport {
            Transport::Udp => self
                .datagrams
                .iter()
                .map(|s| s.bound())
                .find(family)?
                .port(),
            _ => self.listening.iter().copied().find(family)?.port(),
        };
        let local = self.local(remote, port);
        Some(Path {
            transport,
            local,
            remote,
            connection: None,
        })
    }

    /// The address of ours that a peer is told.
    pub fn told_to(&mut self, peer: IpAddr) -> IpAddr {
        match self.external {
            ExternalAddress::Fixed(address)
                if !is_private(peer) && address.is_ipv4() == peer.is_ipv4() =>
            {
                address
            }
            _ => self.facing(peer),
        }
    }

    /// The address of our own interface that faces a peer.
    pub fn facing(&mut self, peer: IpAddr) -> IpAddr {
        let unspecified: IpAddr = match peer {
            IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        // Without a route nothing reaches the peer anyway.
        self.facing
            .toward(peer, Instant::now())
            .unwrap_or(unspecified)
    }

    fn local(&mut self, remote: SocketAddr, port: u16) -> SocketAddr {
        SocketAddr::new(self.told_to(remote.ip()), port)
    }

    /// Sends a message. A datagram that the system does not take is lost as the network may lose
    /// it; a stream that cannot be had is told as [`StreamEvent::Failed`].
    pub fn send(&mut self, transmit: &Transmit) {
        trace::sent(&transmit.path, transmit.message.as_bytes());
        let Path {
            transport,
            local,
            remote,
            ..
        } = transmit.path;
        if transport != Transport::Udp {
            self.connections.send(transmit);
            return;
        }
        let fits = |socket: &&DatagramSocket| {
            socket.bound().port() == local.port() && socket.bound().is_ipv4() == remote.is_ipv4()
        };
        let sent = self
            .datagrams
            .iter()
            .find(fits)
            .is_some_and(|socket| socket.send(transmit.message.as_bytes(), remote));
        self.unsent += u64::from(!sent);
    }

    /// The TCP connections.
    pub fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTSIDE: &str = "198.51.100.7";

    /// Sockets on loopback, behind this address.
    fn behind(external: ExternalAddress) -> Transports {
        let udp = Listen {
            transport: Transport::Udp,
            address: "127.0.0.1:0".parse().unwrap(),
        };
        let (events, _) = mpsc::channel(1);
        Transports::bind(&[udp], external, events).unwrap()
    }

    #[tokio::test]
    async fn a_peer_outside_is_told_the_external_address_and_a_neighbour_our_own() {
        let external: IpAddr = "203.0.113.9".parse().unwrap();
        let mut transports = behind(ExternalAddress::Fixed(external));
        let outside: IpAddr = OUTSIDE.parse().unwrap();
        assert_eq!(transports.told_to(outside), external);
        // In Via and Contact too: the local address of a path is what messages say of us.
        let there = SocketAddr::new(outside, 5060);
        let path = transports.path(Transport::Udp, there).unwrap();
        let (_, bound) = transports.addresses().next().unwrap();
        assert_eq!(path.local, SocketAddr::new(external, bound.port()));
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(transports.told_to(loopback), loopback);
        for neighbour in ["10.0.0.1", "192.168.7.7", "172.16.0.1", "fd00::1"] {
            let neighbour = neighbour.parse().unwrap();
            assert_ne!(transports.told_to(neighbour), external, "{neighbour}");
        }
        // An address of the other family is of no use to a peer.
        assert_ne!(transports.told_to("2001:db8::1".parse().unwrap()), external);
    }

    #[tokio::test]
    async fn without_an_external_address_everybody_is_told_what_faces_them() {
        let mut transports = behind(ExternalAddress::Auto);
        let outside: IpAddr = OUTSIDE.parse().unwrap();
        assert_eq!(transports.told_to(outside), transports.facing(outside));
    }
}
