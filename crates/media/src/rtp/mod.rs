//! RTP packets, read and written in place (RFC 3550 §5.1).

mod reception;
mod sequence;

pub use reception::{Arrival, Reception};
pub use sequence::{SequenceUnwrapper, TimestampUnwrapper};

use std::ops::Range;

/// Bytes of the fixed header, which is all that this gateway ever writes.
pub const HEADER_BYTES: usize = 12;

/// The largest datagram a session reads. Sixty milliseconds of G.711 with every header extension in
/// use stay below it; nothing larger is audio.
pub const DATAGRAM_BYTES_MAX: usize = 2048;

const VERSION: u8 = 2;

/// Why a datagram is not RTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends inside the header, the contributing sources, the extension or the padding.
    Truncated,
    /// The version is not 2: STUN, DTLS, or noise.
    Version,
    /// The padding count is zero or more than what follows the header (RFC 3550 §5.1).
    Padding,
    /// It is larger than [`DATAGRAM_BYTES_MAX`].
    TooLarge,
}

/// The fields of the fixed header that carry meaning for audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet after a silence, or of a telephone event (RFC 3551 §4.1, RFC 4733 §2.2).
    pub marker: bool,
    /// Seven bits: which format of the answer this is.
    pub payload_type: u8,
    /// Counts packets, wraps at 2^16.
    pub sequence: u16,
    /// Counts ticks of the payload's clock, wraps at 2^32.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// The header as it goes on the wire: no padding, extension or contributing sources.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[0] = VERSION << 6;
        out[1] = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        out
    }
}

/// A datagram read as RTP. The payload is a slice of the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// What is left after contributing sources, extension and padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads one datagram. Every length that the packet states is checked against what is there.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        if datagram.len() > DATAGRAM_BYTES_MAX {
            return Err(Malformed::TooLarge);
        }
        let (fixed, rest) = datagram
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(Malformed::Truncated)?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if flags >> 6 != VERSION {
            return Err(Malformed::Version);
        }
        let contributing = usize::from(flags & 0x0f) * 4;
        let mut payload = rest.get(contributing..).ok_or(Malformed::Truncated)?;
        if flags & 0x10 != 0 {
            payload = after_extension(payload)?;
        }
        if flags & 0x20 != 0 {
            payload = before_padding(payload)?;
        }
        let header = Header {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Ok(Self { header, payload })
    }
}

/// RFC 3550 §5.3.1: two octets for the profile, two for the length in words.
fn after_extension(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let ([_, _, high, low], rest) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
    let words = usize::from(u16::from_be_bytes([*high, *low]));
    rest.get(words * 4..).ok_or(Malformed::Truncated)
}

/// RFC 3550 §5.1: the last octet counts the padding, itself included.
fn before_padding(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let count = usize::from(*bytes.last().ok_or(Malformed::Padding)?);
    match bytes.len().checked_sub(count) {
        Some(end) if count > 0 => bytes.get(..end).ok_or(Malformed::Padding),
        _ => Err(Malformed::Padding),
    }
}

/// RFC 5761 §4: on a port that carries both, these second octets are RTCP.
const RTCP_PACKET_TYPES: Range<u8> = 192..224;

/// Whether a datagram on a port shared by RTP and RTCP is RTCP (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram
        .get(1)
        .is_some_and(|kind| RTCP_PACKET_TYPES.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            marker: true,
            payload_type: 8,
            sequence: 65_535,
            timestamp: 7,
            ssrc: 0xdead_beef,
        }
    }

    fn packet(flags: u8, after: &[u8]) -> Vec<u8> {
        let mut bytes = header().to_bytes().to_vec();
        bytes[0] |= flags;
        bytes.extend_from_slice(after);
        bytes
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = packet(0, b"payload");
        let read = Packet::parse(&bytes).unwrap();
        assert_eq!(read.header, header());
        assert_eq!(read.payload, b"payload");
    }

    #[test]
    fn contributing_sources_extension_and_padding_are_left_out_of_the_payload() {
        let mut after = vec![0; 8]; // two contributing sources
        after.extend_from_slice(&[0xbe, 0xde, 0, 1, 1, 2, 3, 4]); // one word of extension
        after.extend_from_slice(b"ab");
        after.extend_from_slice(&[0, 0, 3]); // three octets of padding
        assert_eq!(Packet::parse(&packet(0x32, &after)).unwrap().payload, b"ab");
    }

    #[test]
    fn lengths_that_reach_past_the_end_are_malformed() {
        assert_eq!(
            Packet::parse(&packet(0x01, &[0; 3])),
            Err(Malformed::Truncated)
        );
        assert_eq!(
            Packet::parse(&packet(0x10, &[0, 0, 0])),
            Err(Malformed::Truncated)
        );
        assert_eq!(
            Packet::parse(&packet(0x10, &[0, 0, 255, 255])),
            Err(Malformed::Truncated)
        );
        assert_eq!(Packet::parse(&packet(0x20, &[])), Err(Malformed::Padding));
        assert_eq!(Packet::parse(&packet(0x20, &[0])), Err(Malformed::Padding));
        assert_eq!(Packet::parse(&packet(0x20, &[9])), Err(Malformed::Padding));
        assert_eq!(Packet::parse(&[0x80; 11]), Err(Malformed::Truncated));
        assert_eq!(Packet::parse(&[0x40; 12]), Err(Malformed::Version));
        assert_eq!(Packet::parse(&[0x80; 2049]), Err(Malformed::TooLarge));
    }

    #[test]
    fn rtcp_on_a_shared_port_is_told_by_its_packet_type() {
        assert!(is_rtcp(&[0x80, 200]));
        assert!(!is_rtcp(&[0x80, 0]));
        assert!(!is_rtcp(&[0x80, 0x80 | 13]));
        assert!(!is_rtcp(&[0x80]));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..96)) {
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert!(packet.payload.len() <= bytes.len() - HEADER_BYTES);
            }
        }
    }
}
