//! WebSocket frames (RFC 6455 section 5.2) as a client writes and reads them.

use crate::standin::unmask;

/// The longest payload that is read.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const CONTINUATION: u8 = 0;

/// What a frame is.
pub mod opcode {
    /// A text message.
    pub const TEXT: u8 = 1;
    /// A binary message.
    pub const BINARY: u8 = 2;
    /// The last frame of a side.
    pub const CLOSE: u8 = 8;
    /// A question whether the other side is there.
    pub const PING: u8 = 9;
    /// Its answer.
    pub const PONG: u8 = 10;
}

/// The first frame of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum First<'a> {
    /// More bytes are needed.
    Unfinished,
    /// One frame.
    Frame {
        /// What it is.
        opcode: u8,
        /// What it carries.
        payload: &'a [u8],
        /// Its length with all that is before the payload.
        bytes: usize,
    },
    /// Nothing that a server may send, or more than is read here.
    Broken(&'static str),
}

/// Appends a frame, masked as a client must (section 5.3).
pub fn write(opcode: u8, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    out.push(FIN | opcode);
    match (payload.len(), u16::try_from(payload.len())) {
        (short @ 0..126, _) => out.push(MASKED | short as u8),
        (_, Ok(length)) => {
            out.push(MASKED | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        (length, Err(_)) => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    let begin = out.len();
    out.extend_from_slice(payload);
    unmask(out.get_mut(begin..).unwrap_or_default(), mask);
}

/// Looks at the frame at the start of `bytes`.
pub fn read(bytes: &[u8]) -> First<'_> {
    let [first, second, rest @ ..] = bytes else {
        return First::Unfinished;
    };
    if second & MASKED != 0 {
        return First::Broken("a masked frame, which no server may send");
    }
    if first & 0x70 != 0 {
        return First::Broken("an extension that was not agreed");
    }
    let opcode = first & 0x0F;
    if first & FIN == 0 || opcode == CONTINUATION {
        return First::Broken("a message in parts, which is not read here");
    }
    let (length_bytes, length) = match (second, rest) {
        (126, [high, low, ..]) => (2, usize::from(u16::from_be_bytes([*high, *low]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            (8, usize::try_from(length).unwrap_or(usize::MAX))
        }
        (126.., _) => return First::Unfinished,
        (short, _) => (0, usize::from(*short)),
    };
    if length > PAYLOAD_BYTES_MAX {
        return First::Broken("a message longer than is read here");
    }
    match rest.get(length_bytes..length_bytes + length) {
        Some(payload) => First::Frame {
            opcode,
            payload,
            bytes: 2 + length_bytes + length,
        },
        None => First::Unfinished,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::Role;
    use tungstenite::{Message, WebSocket};

    #[test]
    fn what_is_written_is_read_by_a_server_at_every_spelling_of_the_length() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let text = "a".repeat(length);
            let mut wire = Vec::new();
            write(opcode::TEXT, text.as_bytes(), [1, 2, 3, 4], &mut wire);
            let mut server =
                WebSocket::from_raw_socket(std::io::Cursor::new(wire), Role::Server, None);
            assert_eq!(server.read().unwrap(), Message::text(text));
        }
    }

    #[test]
    fn what_a_server_writes_is_read_once_it_is_whole() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let sent = vec![7; length];
            let wire = std::io::Cursor::new(Vec::new());
            let mut server = WebSocket::from_raw_socket(wire, Role::Server, None);
            server.send(Message::binary(sent.clone())).unwrap();
            let wire = server.get_ref().get_ref();
            assert_eq!(read(&wire[..wire.len() - 1]), First::Unfinished);
            let whole = First::Frame {
                opcode: opcode::BINARY,
                payload: &sent,
                bytes: wire.len(),
            };
            assert_eq!(read(wire), whole);
        }
    }

    #[test]
    fn what_no_server_may_send_is_broken() {
        for bytes in [
            &[0x82, 0x81, 0, 0, 0, 0, 7][..],
            &[0xC2, 1, 7],
            &[0x02, 1, 7],
            &[0x80, 1, 7],
            &[0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0],
        ] {
            assert!(matches!(read(bytes), First::Broken(_)), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let First::Frame { payload, bytes: length, .. } = read(&bytes) {
                prop_assert!(length <= bytes.len() && payload.len() < length);
            }
        }
    }
}
