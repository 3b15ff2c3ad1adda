//! Which of our addresses a peer sees: what the routing table says, never a guess.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long an answer of the routing table is good for.
const GOOD_FOR: Duration = Duration::from_secs(10);
/// How many peers are remembered; past that all are forgotten.
const PEERS_MAX: usize = 1_024;

/// Finds and remembers the local address that faces a peer.
#[derive(Debug, Default)]
pub struct Facing {
    known: HashMap<IpAddr, (IpAddr, Instant)>,
}

impl Facing {
    /// The local address from which this peer is reached. Nothing is sent: connecting a datagram
    /// socket only asks the routing table.
    ///
    /// # Errors
    /// Where there is no route to the peer.
    pub fn toward(&mut self, peer: IpAddr, now: Instant) -> io::Result<IpAddr> {
        if let Some((local, since)) = self.known.get(&peer)
            && now.saturating_duration_since(*since) < GOOD_FOR
        {
            return Ok(*local);
        }
        if self.known.len() >= PEERS_MAX {
            self.known.clear();
        }
        let local = ask(peer)?;
        self.known.insert(peer, (local, now));
        Ok(local)
    }
}

fn ask(peer: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match peer {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(SocketAddr::new(peer, 9))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_faces_loopback() {
        let mut facing = Facing::default();
        let now = Instant::now();
        let v4: IpAddr = Ipv4Addr::LOCALHOST.into();
        assert_eq!(facing.toward(v4, now).unwrap(), v4);
        let v6: IpAddr = Ipv6Addr::LOCALHOST.into();
        // A container often has no IPv6, not even on loopback.
        if UdpSocket::bind((v6, 0)).is_ok() {
            assert_eq!(facing.toward(v6, now).unwrap(), v6);
        }
    }
}
