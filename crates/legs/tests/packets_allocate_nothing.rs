//! Once a call is up, a media packet costs no allocation, whichever way it goes: a thousand each
//! way through a leg and an echo.

mod world;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_audio::AudioFrame;
use trunkline_call::{CallCommand, CallEvent};
use trunkline_legs::sip::SipLeg;
use trunkline_legs::{Input, Leg, Output, Port};
use trunkline_testkit::Counting;
use world::{ALICE, BOB, World};

#[global_allocator]
static COUNTING: Counting = Counting::each_thread();

const PACKETS: u16 = 1_000;

/// Packets of µ-law from the far end, one every 20 ms, made without an allocation.
struct FarEnd {
    packet: [u8; 172],
    sequence: u16,
    source: SocketAddr,
}

impl FarEnd {
    fn new(payload_type: u8) -> Self {
        let mut packet = [0x20; 172];
        packet[0] = 0x80;
        packet[1] = payload_type;
        packet[8..12].copy_from_slice(&7_u32.to_be_bytes());
        Self {
            packet,
            sequence: 0,
            source: ([10, 0, 0, 1], 10_000).into(),
        }
    }

    fn next(&mut self) -> &[u8] {
        self.sequence = self.sequence.wrapping_add(1);
        self.packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        let timestamp = u32::from(self.sequence) * 160;
        self.packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
        &self.packet
    }
}

/// Does everything the leg wants, and says back what it hears. Returns packets sent.
fn drain(leg: &mut SipLeg, now: Instant, due: &mut Option<Instant>) -> usize {
    let mut sent = 0;
    loop {
        let heard: AudioFrame = match leg.poll_output() {
            Output::Timeout(at) => {
                *due = at;
                return sent;
            }
            Output::Transmit { port, bytes, .. } => {
                sent += usize::from(port == Port::Rtp && bytes.len() == 172);
                continue;
            }
            Output::Event(CallEvent::Audio { frame, .. }) => frame,
            other => panic!("{other:?}"),
        };
        let samples = heard.samples().as_slice().into();
        leg.handle_input(now, Input::Command(CallCommand::Play(samples)));
    }
}

#[test]
fn a_thousand_packets_each_way_allocate_nothing() {
    let mut world = World::up();
    let mut leg = world.ends[BOB].leg.take().unwrap();
    let codec = leg.describe().codec.unwrap();
    let mut far_end = FarEnd::new(codec.static_payload_type());
    let mut now = world.now;
    let mut due = None;
    let mut round = || {
        let mut sent = 0;
        for _ in 0..PACKETS {
            let next = now + Duration::from_millis(20);
            while let Some(at) = due.filter(|at| *at < next) {
                now = now.max(at);
                leg.handle_input(now, Input::Timeout);
                sent += drain(&mut leg, now, &mut due);
            }
            now = next;
            let (port, source) = (Port::Rtp, far_end.source);
            let bytes = far_end.next();
            leg.handle_input(
                now,
                Input::Packet {
                    port,
                    source,
                    bytes,
                },
            );
            sent += drain(&mut leg, now, &mut due);
        }
        sent
    };
    // The first round lets every buffer find its size.
    round();
    let before = Counting::so_far();
    let sent = round();
    assert_eq!(Counting::so_far() - before, 0, "allocations");
    assert!(
        sent.abs_diff(usize::from(PACKETS)) <= 2,
        "{sent} packets were sent"
    );
    assert!(world.ends[ALICE].leg.is_some());
}

#[test]
fn the_counter_counts() {
    let before = Counting::so_far();
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(Counting::so_far() - before, 1);
}
