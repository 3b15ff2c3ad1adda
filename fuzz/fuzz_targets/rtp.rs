//! Datagrams to a session: cut from the input by length bytes, between steps of virtual time. The
//! clock of the call must go on whatever comes, one frame and one packet every 20 ms.
#![no_main]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Agreed, PayloadTypes};
use trunkline_media::rtp::Packet;
use trunkline_media::sdp::Direction;
use trunkline_media::session::{Input, Output, Port, Session, Settings};

/// Datagrams of one run.
const DATAGRAMS_MAX: u64 = 64;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = Packet::parse(bytes) {
        assert!(packet.payload.len() <= bytes.len() - 12);
    }
    let start = Instant::now();
    let agreed = agreed();
    let mut session = Session::new(start, &agreed, [1; 32], Settings::default());
    let (mut rest, mut elapsed_ms, mut frames, mut sent) = (bytes, 0, 0, 0);
    for _ in 0..DATAGRAMS_MAX {
        let Some(([gap, length], after)) = rest.split_first_chunk() else {
            break;
        };
        let (datagram, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        elapsed_ms += u64::from(gap % 64);
        let now = start + Duration::from_millis(elapsed_ms);
        let input = Input::Packet {
            port: Port::Rtp,
            source: agreed.remote,
            bytes: datagram,
        };
        for input in [Input::Timeout, input] {
            session.handle_input(now, input);
            loop {
                match session.poll_output() {
                    Output::Timeout(at) => {
                        assert!(at > now);
                        break;
                    }
                    Output::Audio { at, .. } => {
                        assert_eq!(at, frames * 320);
                        frames += 1;
                    }
                    Output::Transmit {
                        port: Port::Rtp, ..
                    } => sent += 1,
                    _ => {}
                }
            }
        }
    }
    let slots = elapsed_ms / 20;
    assert!(
        frames.abs_diff(slots) <= 2,
        "{frames} frames in {slots} slots"
    );
    assert!(
        u64::abs_diff(sent, slots) <= 4,
        "{sent} packets in {slots} slots"
    );
});

fn agreed() -> Agreed {
    Agreed {
        remote: SocketAddr::from(([192, 0, 2, 1], 4000)),
        remote_rtcp: SocketAddr::from(([192, 0, 2, 1], 4001)),
        rtcp_mux: true,
        codec: Codec::Pcmu,
        payload: PayloadTypes::symmetric(0),
        receive: vec![(0, Codec::Pcmu), (8, Codec::Pcma), (9, Codec::G722)],
        ptime_ms: 20,
        dtmf: Some(PayloadTypes::symmetric(101)),
        comfort_noise: None,
        direction: Direction::SendRecv,
        held_by_peer: false,
    }
}
