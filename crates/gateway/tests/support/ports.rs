//! Ports that no other test is given, in this program or in one that runs beside it.

use std::net::{TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Where tests take ports: beside what the kernel gives to outgoing connections, so that none of
/// those takes a port between the look at it here and its use.
const PORTS: Range<u16> = 26_000..32_000;

/// How many ports a test program claims at once.
const BLOCK: u16 = 50;

/// A block of ports. The program that holds a socket on the first of them owns the others.
struct Block {
    _claim: UdpSocket,
    left: Range<u16>,
}

/// The block from which this program takes its ports.
static BLOCK_OF_OURS: Mutex<Option<Block>> = Mutex::new(None);

/// A loopback port free for UDP and TCP.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many such ports in a row, an even one.
pub fn free_ports(count: u16) -> u16 {
    assert!(count < BLOCK, "a block has {BLOCK} ports");
    let mut ours = BLOCK_OF_OURS.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(first) = ours.as_mut().and_then(|block| block.take(count)) {
            return first;
        }
        // The claim on a block that is used up is kept until the program ends.
        if let Some(used_up) = ours.replace(Block::claim()) {
            std::mem::forget(used_up);
        }
    }
}

impl Block {
    fn claim() -> Self {
        let blocks = (PORTS.len() / usize::from(BLOCK)) as u16;
        // Programs that start together begin to look at different places.
        let begin = (std::process::id() % u32::from(blocks)) as u16;
        let mut blocks = (0..blocks).map(|n| PORTS.start + (begin + n) % blocks * BLOCK);
        let claimed = blocks.find_map(|first| {
            let claim = UdpSocket::bind(("127.0.0.1", first)).ok()?;
            let left = first + 1..first + BLOCK;
            Some(Self {
                _claim: claim,
                left,
            })
        });
        claimed.expect("a hundred blocks hold one that no other test program has")
    }

    fn take(&mut self, count: u16) -> Option<u16> {
        loop {
            let first = self.left.start.next_multiple_of(2);
            let end = first + count;
            if end > self.left.end {
                return None;
            }
            self.left.start = end;
            if (first..end).all(is_free) {
                return Some(first);
            }
        }
    }
}

/// Whether no program that is none of our tests sits there.
fn is_free(port: u16) -> bool {
    let here = ("127.0.0.1", port);
    UdpSocket::bind(here).is_ok() && TcpListener::bind(here).is_ok()
}
