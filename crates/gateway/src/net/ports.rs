//! The RTP ports: even, each with the odd one above it (RFC 3550 §11).

use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// How long a closed call's pair rests, so that a late packet of the old call does not reach a
/// new one. Best effort: the pair that rested longest is taken before a call is refused.
const REST: Duration = Duration::from_secs(30);

/// Room for seconds of a call's own traffic, and for a hundred packets or two of a flood: what does
/// not fit is lost by the kernel, at this call alone. Linux takes twice this for its bookkeeping.
const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;

/// Every pair of the range is taken, by us or by other programs.
#[derive(Debug, thiserror::Error)]
#[error("every RTP port pair of {first}-{last} is in use; widen sip.rtp_ports")]
pub struct PortsExhausted {
    first: u16,
    last: u16,
}

/// A bound RTP socket and its number.
#[derive(Debug)]
pub struct MediaPort {
    /// The even port.
    pub rtp: u16,
    /// Bound to it, non-blocking.
    pub socket: UdpSocket,
}

/// Hands out bound ports, the one that was free longest first.
#[derive(Debug)]
pub struct PortPool {
    range: RangeInclusive<u16>,
    free: VecDeque<u16>,
    resting: VecDeque<(u16, Instant)>,
    taken: usize,
}

impl PortPool {
    /// A pool of the even ports in a range whose odd neighbour is in it too. `start` is any
    /// number: it decides which pair is first, so that a restarted process does not hand out
    /// the ports its peers may still be sending to.
    pub fn new(range: RangeInclusive<u16>, start: u64) -> Self {
        let (first, last) = (*range.start(), *range.end());
        let mut free: VecDeque<u16> = (first..last).filter(|port| port % 2 == 0).collect();
        if !free.is_empty() {
            let turn = start % free.len() as u64;
            free.rotate_left(usize::try_from(turn).unwrap_or(0));
        }
        Self {
            range,
            free,
            resting: VecDeque::new(),
            taken: 0,
        }
    }

    /// How many pairs are in use.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Binds the next free pair's RTP port at this address. A port that another program holds
    /// goes to the end of the queue.
    ///
    /// # Errors
    /// When each pair was tried.
    pub fn bind(&mut self, address: IpAddr, now: Instant) -> Result<MediaPort, PortsExhausted> {
        self.wake_rested(now);
        let mut squatted = Vec::new();
        let found = loop {
            let next = self
                .free
                .pop_front()
                .or_else(|| self.resting.pop_front().map(|(p, _)| p));
            let Some(rtp) = next else { break None };
            match bind(SocketAddr::new(address, rtp)) {
                Ok(socket) => break Some(MediaPort { rtp, socket }),
                Err(_) => squatted.push(rtp),
            }
        };
        self.free.extend(squatted);
        self.taken += usize::from(found.is_some());
        found.ok_or(PortsExhausted {
            first: *self.range.start(),
            last: *self.range.end(),
        })
    }

    /// Takes a closed call's pair back. Its sockets must be closed by now.
    pub fn release(&mut self, rtp: u16, now: Instant) {
        self.taken = self.taken.saturating_sub(1);
        self.resting.push_back((rtp, now));
    }

    /// Frees what has rested, and the memory of a time when many did.
    pub fn shrink(&mut self, now: Instant) {
        self.wake_rested(now);
        self.resting.shrink_to_fit();
    }

    fn wake_rested(&mut self, now: Instant) {
        while let Some(&(rtp, since)) = self.resting.front() {
            if now.saturating_duration_since(since) < REST {
                break;
            }
            self.resting.pop_front();
            self.free.push_back(rtp);
        }
    }
}

/// Binds a media socket, non-blocking.
///
/// # Errors
/// Those of bind(2).
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    // A buffer that the system makes smaller is still one.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// Three pairs that nobody else uses now: the system chose the first, and the others are
    /// tried too.
    fn three_pairs() -> (PortPool, Vec<u16>) {
        for _ in 0..64 {
            let probe = UdpSocket::bind((HERE, 0)).unwrap();
            let first = probe.local_addr().unwrap().port() & !1;
            drop(probe);
            let ports = [first, first.saturating_add(2), first.saturating_add(4)];
            if first < 60_000
                && ports
                    .iter()
                    .all(|&p| bind(SocketAddr::new(HERE, p)).is_ok())
            {
                return (PortPool::new(first..=first + 5, 0), ports.to_vec());
            }
        }
        panic!("no three free pairs on this machine");
    }

    #[test]
    fn a_squatted_port_is_passed_over() {
        let (mut pool, ports) = three_pairs();
        let _squatter = bind(SocketAddr::new(HERE, ports[0])).unwrap();
        assert_eq!(pool.bind(HERE, Instant::now()).unwrap().rtp, ports[1]);
    }

    #[test]
    fn a_closed_pair_rests_but_is_better_than_none() {
        let (mut pool, ports) = three_pairs();
        let start = Instant::now();
        let taken: Vec<_> = (0..3).map(|_| pool.bind(HERE, start).unwrap()).collect();
        assert_eq!(pool.taken(), 3);
        assert!(
            pool.bind(HERE, start).is_err(),
            "three pairs are three calls"
        );
        for port in taken {
            drop(port.socket);
            pool.release(port.rtp, start);
        }
        assert_eq!(pool.taken(), 0);
        assert_eq!(
            pool.bind(HERE, start).unwrap().rtp,
            ports[0],
            "the one that rested longest"
        );
    }

    #[test]
    fn an_odd_start_and_a_range_of_one_have_no_pair() {
        assert!(PortPool::new(5..=5, 0).bind(HERE, Instant::now()).is_err());
        let odd = PortPool::new(10_001..=10_004, 0);
        assert_eq!(odd.free, [10_002]);
    }

    #[test]
    fn the_first_pair_depends_on_the_start() {
        assert_ne!(
            PortPool::new(10_000..=10_099, 1).free,
            PortPool::new(10_000..=10_099, 2).free
        );
    }

    #[test]
    fn a_flood_that_nobody_reads_is_bounded_and_a_second_of_a_call_is_not() {
        /// RTP of 20 ms at 64 kbit/s.
        const PACKET: [u8; 172] = [0x80; 172];
        /// Packets of a second.
        const SECOND: usize = 50;
        let socket = bind(SocketAddr::new(HERE, 0)).unwrap();
        let flooder = UdpSocket::bind((HERE, 0)).unwrap();
        let there = socket.local_addr().unwrap();
        let kept_of = |count: usize| {
            (0..count).for_each(|_| assert!(flooder.send_to(&PACKET, there).is_ok()));
            let mut room = [0; 200];
            std::iter::from_fn(|| socket.recv(&mut room).ok()).count()
        };
        assert_eq!(kept_of(SECOND), SECOND);
        let kept = kept_of(20_000);
        assert!((SECOND..2_000).contains(&kept), "{kept} of a flood wait");
    }
}
