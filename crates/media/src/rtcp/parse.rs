//! Compound packets, read in place.

use super::{ReportBlock, kind};

/// Why a datagram is not RTCP (RFC 3550 appendix A.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A packet is longer than what is left of the datagram, or shorter than its own fields.
    Truncated,
    /// The version is not 2.
    Version,
    /// The first packet is neither a sender nor a receiver report.
    First,
    /// A packet that is not the last has padding, or there is more padding than packet.
    Padding,
}

/// A datagram whose packets were all checked: their lengths add up to its length.
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a>(&'a [u8]);

/// What a sender says about its sending (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP time, 32.32 bits.
    pub ntp: u64,
    /// The RTP timestamp of the same moment.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of their payloads.
    pub bytes: u32,
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug)]
pub enum Packet<'a> {
    /// SR
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// On its sending.
        info: SenderInfo,
        /// On what it hears.
        blocks: Blocks<'a>,
    },
    /// RR
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// On what it hears.
        blocks: Blocks<'a>,
    },
    /// BYE: sources that are no more, so it says.
    Goodbye,
    /// Source description, application-defined, feedback, extended reports.
    Other(u8),
}

/// The report blocks of one packet.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(ReportBlock::from_bytes(block))
    }
}

impl<'a> Compound<'a> {
    /// Checks a datagram from end to end.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = datagram;
        let mut first = true;
        while !rest.is_empty() {
            let (raw, after) = Raw::split(rest)?;
            if first && !matches!(raw.kind, kind::SENDER_REPORT | kind::RECEIVER_REPORT) {
                return Err(Malformed::First);
            }
            if raw.padded && !after.is_empty() {
                return Err(Malformed::Padding);
            }
            raw.read()?;
            first = false;
            rest = after;
        }
        if first {
            Err(Malformed::Truncated)
        } else {
            Ok(Self(datagram))
        }
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let (raw, rest) = Raw::split(self.0).ok()?;
        self.0 = rest;
        raw.read().ok()
    }
}

/// One packet: the common header and what follows it, without padding.
struct Raw<'a> {
    count: u8,
    kind: u8,
    padded: bool,
    body: &'a [u8],
}

impl<'a> Raw<'a> {
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Malformed> {
        let ([flags, kind, high, low], after) =
            bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        if flags >> 6 != 2 {
            return Err(Malformed::Version);
        }
        let length = usize::from(u16::from_be_bytes([*high, *low])) * 4;
        let (mut body, rest) = after.split_at_checked(length).ok_or(Malformed::Truncated)?;
        let padded = flags & 0x20 != 0;
        if padded {
            let count = usize::from(*body.last().ok_or(Malformed::Padding)?);
            let end = body.len().checked_sub(count).filter(|_| count > 0);
            body = end
                .and_then(|end| body.get(..end))
                .ok_or(Malformed::Padding)?;
        }
        let raw = Self {
            count: flags & 0x1f,
            kind: *kind,
            padded,
            body,
        };
        Ok((raw, rest))
    }

    fn read(&self) -> Result<Packet<'a>, Malformed> {
        let mut body = self.body;
        Ok(match self.kind {
            kind::SENDER_REPORT => {
                let ssrc = word(&mut body)?;
                let ntp = u64::from(word(&mut body)?) << 32 | u64::from(word(&mut body)?);
                let info = SenderInfo {
                    ntp,
                    timestamp: word(&mut body)?,
                    packets: word(&mut body)?,
                    bytes: word(&mut body)?,
                };
                let blocks = self.blocks(body)?;
                Packet::SenderReport { ssrc, info, blocks }
            }
            kind::RECEIVER_REPORT => {
                let ssrc = word(&mut body)?;
                let blocks = self.blocks(body)?;
                Packet::ReceiverReport { ssrc, blocks }
            }
            kind::GOODBYE => {
                for _ in 0..self.count {
                    word(&mut body)?;
                }
                Packet::Goodbye
            }
            other => Packet::Other(other),
        })
    }

    fn blocks(&self, body: &'a [u8]) -> Result<Blocks<'a>, Malformed> {
        let length = usize::from(self.count) * ReportBlock::BYTES;
        body.get(..length).map(Blocks).ok_or(Malformed::Truncated)
    }
}

fn word(bytes: &mut &[u8]) -> Result<u32, Malformed> {
    let (word, rest) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
    *bytes = rest;
    Ok(u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RECEIVER_REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 9];

    #[test]
    fn lengths_that_do_not_add_up_are_malformed() {
        assert!(Compound::parse(&RECEIVER_REPORT).is_ok());
        for (bytes, error) in [
            (vec![], Malformed::Truncated),
            (vec![0x80, 201], Malformed::Truncated),
            (vec![0x80, 201, 0, 0], Malformed::Truncated),
            (vec![0x81, 201, 0, 1, 0, 0, 0, 9], Malformed::Truncated),
            (vec![0x80, 201, 255, 255, 0, 0, 0, 9], Malformed::Truncated),
            (vec![0x40, 201, 0, 1, 0, 0, 0, 9], Malformed::Version),
            (vec![0x80, 203, 0, 0], Malformed::First),
            (vec![0xa0, 201, 0, 1, 0, 0, 0, 9], Malformed::Padding),
            (vec![0xa0, 201, 0, 0], Malformed::Padding),
            (
                [RECEIVER_REPORT.as_slice(), &[0x82, 203, 0, 1, 0, 0, 0, 1]].concat(),
                Malformed::Truncated,
            ),
            (
                [
                    &[0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4],
                    RECEIVER_REPORT.as_slice(),
                ]
                .concat(),
                Malformed::Padding,
            ),
        ] {
            assert_eq!(Compound::parse(&bytes).map(|_| ()), Err(error), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | *first & 0x3f;
            }
            if let Some(kind) = bytes.get_mut(1) {
                *kind = 200 + *kind % 5;
            }
            if let Some(length) = bytes.get_mut(2) {
                *length = 0;
            }
            if let Ok(compound) = Compound::parse(&bytes) {
                for packet in compound {
                    if let Packet::ReceiverReport { blocks, .. } | Packet::SenderReport { blocks, .. } = packet {
                        prop_assert!(blocks.count() <= 31);
                    }
                }
            }
        }
    }
}
