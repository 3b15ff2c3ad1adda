//! Where the peer's media really comes from, and therefore where ours goes (symmetric RTP, RFC 4961).
//!
//! A peer behind a NAT states an address in its SDP that nobody can reach. So the source of its
//! packets counts more than the statement; and because anybody can send packets, what is believed is
//! ruled strictly:
//!
//! * **Before any packet** our media goes to the signalled address.
//! * **Learning.** A packet from the signalled address locks it at once. Any other source must send
//!   [`LEARN_PACKETS`] packets with consecutive sequence numbers and one SSRC; one source at a time
//!   is tried, and until one is locked none of their audio is heard. This is all that a stranger can
//!   ever win (“RTP bleed”), and only where the peer itself says nothing.
//! * **Locked.** Only the locked source with the locked SSRC is heard, and only there we send.
//! * **A new SSRC from the locked source** (music on hold, a transfer behind the same PBX) is taken
//!   after [`NEW_SSRC_PACKETS`] packets in sequence, once the old one was silent for
//!   [`OLD_SILENT_US`].
//! * **A new source with the locked SSRC** is a NAT that changed its binding where its sequence
//!   numbers go on from the last, which a stranger off the path does not know: it is taken after
//!   [`LEARN_PACKETS`] packets, once the old one was silent for [`OLD_SILENT_US`].
//! * **The same host from another port** with a new SSRC is a peer that restarted its media; it is
//!   taken in the same way, once the old one was silent for [`HOST_SILENT_US`].
//! * **A new offer and answer** that states another address begins learning anew; one that states
//!   the same changes nothing.
//!
//! Nothing is ever sent to an address that no peer can have ([`may_send_to`]).

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::rtp::Header;

/// Packets in sequence that make an unexpected source believed.
pub const LEARN_PACKETS: u8 = 3;

/// Packets in sequence that make a new SSRC from the locked source believed.
pub const NEW_SSRC_PACKETS: u8 = 2;

/// How long the old source must have been silent before another takes its place.
pub const OLD_SILENT_US: i64 = 50_000;

/// How long it must have been silent before another port of its host, with another SSRC, does.
pub const HOST_SILENT_US: i64 = 2_000_000;

/// How far ahead of the last sequence number a moved source may go on: two seconds of packets.
const CONTINUES_WITHIN: u16 = 100;

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the peer's.
    Take,
    /// It is the peer's, and the first of a source that counts anew.
    TakeAnew,
    /// It is nobody's we know, at least not yet.
    Ignore,
}

#[derive(Clone, Copy, Debug)]
struct Locked {
    source: SocketAddr,
    ssrc: u32,
    sequence: u16,
    heard_us: i64,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    source: SocketAddr,
    ssrc: u32,
    sequence: u16,
    packets: u8,
}

/// Learns and then holds the peer's media address. See the [module](self).
#[derive(Clone, Debug)]
pub struct Latch {
    signalled: SocketAddr,
    locked: Option<Locked>,
    candidate: Option<Candidate>,
}

impl Latch {
    /// Begins with the address from the SDP.
    pub fn new(signalled: SocketAddr) -> Self {
        Self {
            signalled: canonical(signalled),
            locked: None,
            candidate: None,
        }
    }

    /// A new offer and answer states this address.
    pub fn signal(&mut self, signalled: SocketAddr) {
        let signalled = canonical(signalled);
        // Hold the old way (RFC 2543) states no address: nobody moved.
        if signalled == self.signalled || signalled.ip().is_unspecified() {
            return;
        }
        *self = Self::new(signalled);
    }

    /// Where our media goes, if anywhere.
    pub fn destination(&self) -> Option<SocketAddr> {
        let destination = self.locked.map_or(self.signalled, |locked| locked.source);
        may_send_to(destination).then_some(destination)
    }

    /// The source that is locked.
    pub fn locked(&self) -> Option<SocketAddr> {
        self.locked.map(|locked| locked.source)
    }

    /// Judges a well-formed packet with an agreed payload type.
    pub fn judge(&mut self, now_us: i64, source: SocketAddr, header: &Header) -> Verdict {
        let source = canonical(source);
        let Some(locked) = &mut self.locked else {
            return self.learn(now_us, source, header);
        };
        if locked.source == source && locked.ssrc == header.ssrc {
            if is_newer(header.sequence, locked.sequence) {
                locked.sequence = header.sequence;
            }
            locked.heard_us = now_us;
            return Verdict::Take;
        }
        let locked = *locked;
        let silent_us = now_us - locked.heard_us;
        let (silence_needed, packets_needed) =
            match (locked.source == source, locked.ssrc == header.ssrc) {
                (true, _) => (OLD_SILENT_US, NEW_SSRC_PACKETS),
                (_, true) if continues(header.sequence, locked.sequence) => {
                    (OLD_SILENT_US, LEARN_PACKETS)
                }
                (_, false) if locked.source.ip() == source.ip() => (HOST_SILENT_US, LEARN_PACKETS),
                _ => return Verdict::Ignore,
            };
        let packets = self.count(source, header);
        if packets < packets_needed || silent_us < silence_needed || !may_send_to(source) {
            return Verdict::Ignore;
        }
        self.lock(now_us, source, header);
        match locked.ssrc == header.ssrc {
            true => Verdict::Take,
            false => Verdict::TakeAnew,
        }
    }

    fn learn(&mut self, now_us: i64, source: SocketAddr, header: &Header) -> Verdict {
        let expected = source == self.signalled;
        if !may_send_to(source) || !expected && self.count(source, header) < LEARN_PACKETS {
            return Verdict::Ignore;
        }
        self.lock(now_us, source, header);
        Verdict::TakeAnew
    }

    /// How many packets in sequence this source has sent, the present one included.
    fn count(&mut self, source: SocketAddr, header: &Header) -> u8 {
        let packets = match self.candidate {
            Some(candidate)
                if candidate.source == source
                    && candidate.ssrc == header.ssrc
                    && header.sequence == candidate.sequence.wrapping_add(1) =>
            {
                candidate.packets.saturating_add(1)
            }
            _ => 1,
        };
        self.candidate = Some(Candidate {
            source,
            ssrc: header.ssrc,
            sequence: header.sequence,
            packets,
        });
        packets
    }

    fn lock(&mut self, now_us: i64, source: SocketAddr, header: &Header) {
        self.candidate = None;
        self.locked = Some(Locked {
            source,
            ssrc: header.ssrc,
            sequence: header.sequence,
            heard_us: now_us,
        });
    }
}

/// Whether an address can be a peer's: a unicast address with a port, and not link-local, where
/// clouds keep their metadata services.
pub fn may_send_to(address: SocketAddr) -> bool {
    /// The metadata service of a large cloud, on an address that otherwise looks private.
    const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let reachable = match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            let class_e = ip.octets()[0] >= 240 || ip == Ipv4Addr::BROADCAST;
            let this_network = ip.octets()[0] == 0;
            !this_network && !class_e && !ip.is_multicast() && !ip.is_link_local()
        }
        IpAddr::V6(ip) => {
            !ip.is_unspecified()
                && !ip.is_multicast()
                && !ip.is_unicast_link_local()
                && ip != METADATA_V6
        }
    };
    reachable && address.port() != 0
}

/// An IPv4 address in IPv6 clothes is the IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn is_newer(sequence: u16, than: u16) -> bool {
    (sequence.wrapping_sub(than) as i16) > 0
}

fn continues(sequence: u16, last: u16) -> bool {
    (1..=CONTINUES_WITHIN).contains(&sequence.wrapping_sub(last))
}
