//! WebSocket frames (RFC 6455 §5.2), turned round where they lie.

/// The longest payload that is taken: Asterisk's largest message.
pub const PAYLOAD_BYTES_MAX: usize = 65_535;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What the first frame of some bytes is.
#[derive(Debug, PartialEq, Eq)]
pub enum Turned {
    /// More bytes are needed.
    Unfinished,
    /// A frame of this many bytes was seen to.
    Frame(usize),
    /// A frame of this many bytes that closes the connection; the answer was written.
    Close(usize),
    /// No frame that a client may send.
    Broken,
}

/// Looks at the frame at the start of `bytes` and appends its answer to `out`: a binary message or
/// a ping goes back, a text message gets none.
pub fn turn(bytes: &mut [u8], out: &mut Vec<u8>) -> Turned {
    let [first, second, ..] = *bytes else {
        return Turned::Unfinished;
    };
    // Clients mask (§5.1); reserved bits belong to extensions, and none was agreed (§5.2).
    if second & MASKED == 0 || first & 0x70 != 0 {
        return Turned::Broken;
    }
    let (length_bytes, length) = match second & 0x7F {
        126 => match bytes.get(2..4) {
            Some(&[high, low]) => (2, usize::from(u16::from_be_bytes([high, low]))),
            _ => return Turned::Unfinished,
        },
        127 => return Turned::Broken,
        short => (0, usize::from(short)),
    };
    let begin = 2 + length_bytes + 4;
    let Some(mask) = bytes
        .get(begin - 4..begin)
        .and_then(|mask| <[u8; 4]>::try_from(mask).ok())
    else {
        return Turned::Unfinished;
    };
    let end = begin + length;
    let Some(payload) = bytes.get_mut(begin..end) else {
        return Turned::Unfinished;
    };
    let opcode = first & 0x0F;
    if opcode == TEXT || opcode == PONG {
        return Turned::Frame(end);
    }
    unmask(payload, mask);
    let answer = if opcode == PING { FIN | PONG } else { first };
    out.push(answer);
    match (length_bytes, u16::try_from(length)) {
        (0, _) => out.push(second & 0x7F),
        (_, length) => {
            out.push(126);
            out.extend_from_slice(&length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
    if opcode == CLOSE {
        Turned::Close(end)
    } else {
        Turned::Frame(end)
    }
}

/// §5.3, eight bytes at a time; the same masks.
pub fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut bytes = vec![first];
        match payload.len() {
            short @ 0..126 => bytes.push(MASKED | short as u8),
            long => {
                bytes.push(MASKED | 126);
                bytes.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        bytes.extend_from_slice(&mask);
        let keyed = payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b);
        bytes.extend(keyed);
        bytes
    }

    proptest! {
        #[test]
        fn a_binary_message_goes_back_unmasked(payload in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut bytes = masked(0x82, &payload);
            let mut out = Vec::new();
            prop_assert_eq!(turn(&mut bytes, &mut out), Turned::Frame(bytes.len()));
            prop_assert!(out.ends_with(&payload));
            prop_assert_eq!(out[0], 0x82);
            let head = if payload.len() < 126 { 2 } else { 4 };
            prop_assert_eq!(out.len(), head + payload.len());
        }

        #[test]
        fn any_bytes_are_taken_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut out = Vec::new();
            match turn(&mut bytes, &mut out) {
                Turned::Frame(length) | Turned::Close(length) => prop_assert!(length <= bytes.len()),
                Turned::Unfinished | Turned::Broken => prop_assert!(out.is_empty()),
            }
        }
    }

    #[test]
    fn pings_are_answered_text_is_not_and_a_close_is_the_last() {
        let mut out = Vec::new();
        assert_eq!(turn(&mut masked(0x89, b"x"), &mut out), Turned::Frame(7));
        assert_eq!(out, [0x8A, 1, b'x']);
        out.clear();
        assert_eq!(turn(&mut masked(0x81, b"{}"), &mut out), Turned::Frame(8));
        assert!(out.is_empty());
        assert_eq!(
            turn(&mut masked(0x88, &[3, 232]), &mut out),
            Turned::Close(8)
        );
        assert_eq!(out, [0x88, 2, 3, 232]);
    }

    #[test]
    fn half_a_frame_waits_for_the_rest() {
        let whole = masked(0x82, &[7; 640]);
        for length in 0..whole.len() {
            let mut half = whole[..length].to_vec();
            assert_eq!(turn(&mut half, &mut Vec::new()), Turned::Unfinished);
        }
    }

    #[test]
    fn what_no_client_may_send_is_broken() {
        let mut out = Vec::new();
        assert_eq!(
            turn(&mut [0x82, 1, 7], &mut out),
            Turned::Broken,
            "not masked"
        );
        assert_eq!(
            turn(&mut [0xC2, 0x81, 0, 0, 0, 0, 7], &mut out),
            Turned::Broken
        );
        assert_eq!(
            turn(&mut [0x82, 0xFF], &mut out),
            Turned::Broken,
            "too long"
        );
    }
}
