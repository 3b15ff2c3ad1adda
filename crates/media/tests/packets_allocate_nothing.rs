//! Once a call is up, a packet costs no allocation, whichever way it goes and whatever the network
//! does to it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Agreed, PayloadTypes};
use trunkline_media::rtp::Header;
use trunkline_media::sdp::Direction;
use trunkline_media::session::{Input, Output, Port, Session, Settings};
use trunkline_testkit::Counting;

#[global_allocator]
static COUNTING: Counting = Counting::each_thread();

const PACKETS: u64 = 1_000;

/// An echo over one session, in virtual time.
struct Call {
    session: Session,
    peer: SocketAddr,
    codec: Codec,
    start: Instant,
    number: u64,
    sent: u64,
    heard: u64,
}

impl Call {
    fn new(codec: Codec) -> Self {
        let peer = SocketAddr::from(([192, 0, 2, 1], 4000));
        let agreed = Agreed {
            remote: peer,
            remote_rtcp: SocketAddr::from(([192, 0, 2, 1], 4001)),
            rtcp_mux: false,
            codec,
            payload: PayloadTypes::symmetric(codec.static_payload_type()),
            receive: vec![(codec.static_payload_type(), codec)],
            ptime_ms: 20,
            dtmf: None,
            comfort_noise: None,
            direction: Direction::SendRecv,
            held_by_peer: false,
        };
        // Virtual time has to start somewhere.
        #[allow(clippy::disallowed_methods)]
        let start = Instant::now();
        Self {
            session: Session::new(start, &agreed, [3; 32], Settings::default()),
            peer,
            codec,
            start,
            number: 0,
            sent: 0,
            heard: 0,
        }
    }

    /// The next packet arrives, if it does: up to 30 ms late, and one in fifty not at all.
    fn packet(&mut self, troubled: bool) {
        let number = self.number;
        self.number += 1;
        let late = if troubled { number * 7919 % 30_000 } else { 0 };
        let now = self.start + Duration::from_micros(number * 20_000 + late);
        let header = Header {
            marker: false,
            payload_type: self.codec.static_payload_type(),
            sequence: number as u16,
            timestamp: number as u32 * 160,
            ssrc: 5,
        };
        let mut bytes = [0x55; 12 + 160];
        bytes[..12].copy_from_slice(&header.to_bytes());
        let lost = troubled && number % 50 == 49;
        let input = match lost {
            true => Input::Timeout,
            false => Input::Packet {
                port: Port::Rtp,
                source: self.peer,
                bytes: &bytes,
            },
        };
        self.session.handle_input(now, input);
        loop {
            match self.session.poll_output() {
                Output::Timeout(_) => return,
                Output::Transmit { .. } => self.sent += 1,
                Output::Audio { frame, .. } => {
                    self.heard += 1;
                    self.session.handle_input(now, Input::Play(frame.samples()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_thousand_packets_each_way_allocate_nothing() {
    for codec in Codec::ALL {
        for troubled in [false, true] {
            let mut call = Call::new(codec);
            // The buffers grow to the size of the call in its first seconds.
            (0..PACKETS).for_each(|_| call.packet(troubled));
            let (sent, heard) = (call.sent, call.heard);
            let before = Counting::so_far();
            (0..PACKETS).for_each(|_| call.packet(troubled));
            assert_eq!(
                Counting::so_far() - before,
                0,
                "{codec}, troubled: {troubled}"
            );
            assert!(call.sent - sent >= PACKETS - 10, "{}", call.sent - sent);
            assert!(call.heard - heard >= PACKETS - 10, "{}", call.heard - heard);
        }
    }
}

#[test]
fn the_counter_counts() {
    let before = Counting::so_far();
    drop(std::hint::black_box(Box::new(1)));
    assert!(Counting::so_far() > before);
}
