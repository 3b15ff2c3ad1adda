//! Against a server of rustls, over sockets that take and give as much as a test lets them.

use super::*;
use crate::tls::Trust;
use proptest::prelude::*;
use rustls::ServerConnection;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use trunkline_testkit::Authority;

/// A pipe each way. What was written by one end is read by the other.
#[derive(Default)]
struct Wire {
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// How many bytes of ours the socket has room for.
    room: usize,
    /// How many of the server's may be read now.
    arrived: usize,
    is_ended: bool,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.to_client.len()).min(self.arrived);
        if count == 0 && !self.is_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        for (place, byte) in buffer.iter_mut().zip(self.to_client.drain(..count)) {
            *place = byte;
        }
        self.arrived -= count;
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room);
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.to_server.extend(&bytes[..count]);
        self.room -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Both ends after their handshake, and the wire between them.
struct Pair {
    ours: Secured,
    server: ServerConnection,
    wire: Wire,
}

const OPEN: usize = usize::MAX / 2;

impl Pair {
    fn new() -> Self {
        static AUTHORITY: OnceLock<(Arc<rustls::ServerConfig>, Trust)> = OnceLock::new();
        let (config, trust) = AUTHORITY.get_or_init(|| {
            let authority = Authority::new("ours");
            let trust = Trust::with_pem(authority.pem().as_bytes()).unwrap();
            (authority.server(&["bot.example"]), trust)
        });
        let mut server = ServerConnection::new(Arc::clone(config)).unwrap();
        let name = "bot.example".try_into().unwrap();
        let mut client = ClientConnection::new(trust.client(), name).unwrap();
        let mut bytes = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            bytes.clear();
            server.write_tls(&mut bytes).unwrap();
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets().unwrap();
            bytes.clear();
        }
        Self {
            ours: Secured::new(client),
            server,
            wire: Wire {
                room: OPEN,
                arrived: OPEN,
                ..Wire::default()
            },
        }
    }

    /// What the server has received whole.
    fn heard(&mut self) -> Vec<u8> {
        let mut bytes: &[u8] = self.wire.to_server.make_contiguous();
        let mut heard = Vec::new();
        while !bytes.is_empty() {
            self.server.read_tls(&mut bytes).unwrap();
            self.server.process_new_packets().unwrap();
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = self.server.reader().read(&mut piece) {
                heard.extend_from_slice(&piece[..count]);
            }
        }
        self.wire.to_server.clear();
        heard
    }

    fn say(&mut self, bytes: &[u8]) {
        self.server.writer().write_all(bytes).unwrap();
        while self.server.wants_write() {
            let mut sent = Vec::new();
            self.server.write_tls(&mut sent).unwrap();
            self.wire.to_client.extend(sent);
        }
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = [0; 1024];
        let count = self.ours.read(&mut self.wire, &mut piece)?;
        Ok(piece[..count].to_vec())
    }
}

fn is_blocked<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn a_record_that_the_socket_takes_by_half_leaves_whole_before_the_next() {
    let mut pair = Pair::new();
    pair.wire.room = 100;
    assert_eq!(pair.ours.write(&mut pair.wire, &[1; 640]).unwrap(), 640);
    assert_eq!(pair.ours.waiting(), 640, "it counts while any of it waits");
    assert!(pair.heard().is_empty());
    assert!(is_blocked(&pair.ours.write(&mut pair.wire, &[2; 640])));
    assert!(is_blocked(&pair.ours.flush(&mut pair.wire)));
    pair.wire.room = OPEN;
    pair.ours.flush(&mut pair.wire).unwrap();
    assert_eq!(pair.ours.waiting(), 0);
    assert_eq!(pair.heard(), [1; 640], "the second was not taken");
}

#[test]
fn no_more_than_a_record_is_taken_while_the_socket_is_full() {
    let mut pair = Pair::new();
    pair.wire.room = 0;
    let much = vec![7; 1024 * 1024];
    let taken = pair.ours.write(&mut pair.wire, &much).unwrap();
    assert!((1..=UNSENT_BYTES_MAX).contains(&taken), "{taken}");
    assert!(is_blocked(&pair.ours.write(&mut pair.wire, &much)));
}

#[test]
fn an_end_that_was_announced_is_none_that_was_not() {
    let mut pair = Pair::new();
    pair.say(b"last words");
    pair.server.send_close_notify();
    pair.say(b"");
    assert_eq!(pair.read().unwrap(), b"last words");
    assert!(pair.read().unwrap().is_empty());

    let mut pair = Pair::new();
    pair.say(&[5; 640]);
    pair.wire.to_client.truncate(300);
    assert!(is_blocked(&pair.read()), "half a record says nothing");
    pair.wire.is_ended = true;
    let error = pair.read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_record_that_was_tampered_with_is_an_error() {
    let mut pair = Pair::new();
    pair.say(&[5; 640]);
    pair.wire.to_client[300] ^= 1;
    assert_eq!(pair.read().unwrap_err().kind(), ErrorKind::InvalidData);
}

#[test]
fn the_far_end_is_told_that_nothing_follows() {
    let mut pair = Pair::new();
    pair.ours.write(&mut pair.wire, b"goodbye").unwrap();
    pair.ours.finish(&mut pair.wire);
    assert_eq!(pair.heard(), b"goodbye");
    let mut nothing = [0];
    assert_eq!(pair.server.reader().read(&mut nothing).unwrap(), 0);
}

#[test]
fn new_keys_are_taken_as_the_far_end_asks() {
    let mut pair = Pair::new();
    pair.server.refresh_traffic_keys().unwrap();
    pair.say(b"with new keys");
    assert_eq!(pair.read().unwrap(), b"with new keys");
    pair.ours.write(&mut pair.wire, b"and ours").unwrap();
    assert_eq!(pair.heard(), b"and ours");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_the_socket_takes_and_gives_arrives_in_order(
        messages in prop::collection::vec(1..3_000_usize, 1..20),
        rooms in prop::collection::vec(0..2_000_usize, 1..40),
    ) {
        let mut pair = Pair::new();
        (pair.wire.room, pair.wire.arrived) = (0, 0);
        let said: Vec<u8> = messages.iter().enumerate()
            .flat_map(|(number, &length)| vec![number as u8; length]).collect();
        pair.say(&said);
        let (mut left, mut at_server, mut at_client) = (said.as_slice(), Vec::new(), Vec::new());
        let mut rooms = rooms.into_iter();
        while at_server.len() < said.len() || at_client.len() < said.len() {
            let room = rooms.next().unwrap_or(OPEN);
            (pair.wire.room, pair.wire.arrived) = (room, room);
            while !left.is_empty() {
                let Ok(taken) = pair.ours.write(&mut pair.wire, left) else { break };
                prop_assert!(taken > 0, "nothing taken is told by an error");
                left = &left[taken..];
            }
            let _ = pair.ours.flush(&mut pair.wire);
            at_server.extend(pair.heard());
            while let Ok(read) = pair.read() {
                at_client.extend(read);
            }
        }
        prop_assert_eq!(&at_server, &said);
        prop_assert_eq!(&at_client, &said);
    }
}
