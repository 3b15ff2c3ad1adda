//! The hashes, and the keyed one nonces are signed with.

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};

/// A hash of RFC 7616, plain or in its session variant. Ordered by strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `MD5`, the default when a challenge names none.
    Md5,
    /// `MD5-sess`
    Md5Session,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Session,
    /// `SHA-512-256`: SHA-512/256 with its own initial values, not SHA-512 cut short, which is
    /// what the example printed in RFC 7616 §3.9.2 shows.
    Sha512_256,
    /// `SHA-512-256-sess`
    Sha512_256Session,
}

impl Algorithm {
    const ALL: [Algorithm; 6] = [
        Algorithm::Md5,
        Algorithm::Md5Session,
        Algorithm::Sha256,
        Algorithm::Sha256Session,
        Algorithm::Sha512_256,
        Algorithm::Sha512_256Session,
    ];

    /// Reads the `algorithm` parameter; `None` when it is one we do not know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    }

    /// The token on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Md5Session => "MD5-sess",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha256Session => "SHA-256-sess",
            Algorithm::Sha512_256 => "SHA-512-256",
            Algorithm::Sha512_256Session => "SHA-512-256-sess",
        }
    }

    pub(super) const fn is_session(self) -> bool {
        use Algorithm::{Md5Session, Sha256Session, Sha512_256Session};
        matches!(self, Md5Session | Sha256Session | Sha512_256Session)
    }

    /// The hash of the parts one after the other.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Algorithm::Md5 | Algorithm::Md5Session => digest::<Md5>(parts),
            Algorithm::Sha256 | Algorithm::Sha256Session => digest::<Sha256>(parts),
            Algorithm::Sha512_256 | Algorithm::Sha512_256Session => digest::<Sha512_256>(parts),
        }
    }
}

fn digest<H: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = H::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// HMAC-SHA-256 (RFC 2104) under a key of 32 bytes.
pub(super) fn keyed(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut inner = [0x36; 64];
    let mut outer = [0x5c; 64];
    for (at, byte) in key.iter().enumerate() {
        inner[at] ^= byte;
        outer[at] ^= byte;
    }
    let inside = Sha256::new()
        .chain_update(inner)
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(outer)
        .chain_update(inside)
        .finalize()
        .into()
}

/// Compares without telling by its time where the first difference is.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyed_hash_is_that_of_rfc_4231() {
        // Test case 1: its 20-byte key, padded with zeros to 32 as HMAC itself pads it to 64.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex(&keyed(&key, b"Hi There")), expected);
    }

    #[test]
    fn only_equal_texts_are_the_same() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
