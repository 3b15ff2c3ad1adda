//! One session against a scripted peer in virtual time.

mod keys;
mod signalling;
mod turns;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use trunkline_audio::{AudioFrame, g711::ulaw};

use super::*;
use crate::codec::Codec;
use crate::negotiation::PayloadTypes;
use crate::rtp::{Header, Packet};
use crate::sdp::Direction;

const PEER: &str = "192.0.2.1:4000";
const PEER_RTCP: &str = "192.0.2.1:4001";
const EVENT_TYPE: u8 = 101;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn agreed(codec: Codec, ptime_ms: u8) -> Agreed {
    Agreed {
        remote: address(PEER),
        remote_rtcp: address(PEER_RTCP),
        rtcp_mux: false,
        codec,
        payload: PayloadTypes::symmetric(codec.static_payload_type()),
        receive: vec![(codec.static_payload_type(), codec)],
        ptime_ms,
        dtmf: Some(PayloadTypes::symmetric(EVENT_TYPE)),
        comfort_noise: None,
        direction: Direction::SendRecv,
        held_by_peer: false,
    }
}

/// What a driver saw, and when in microseconds since answer.
#[derive(Default)]
struct Log {
    rtp: Vec<(i64, Vec<u8>)>,
    rtcp: Vec<(i64, Vec<u8>)>,
    frames: Vec<(i64, AudioFrame, u64, bool)>,
    told: Vec<(i64, Output<'static>)>,
}

struct Run {
    session: Session,
    start: Instant,
    now_us: i64,
    deadline_us: i64,
    log: Log,
    wakes: usize,
    /// Plays what it hears before the next output is taken.
    echo: bool,
}

impl Run {
    fn new(agreed: &Agreed) -> Self {
        // Tests own their clock; any start will do.
        #[allow(clippy::disallowed_methods)]
        let start = Instant::now();
        let mut run = Self {
            session: Session::new(start, agreed, [7; 32], Settings::default()),
            start,
            now_us: 0,
            deadline_us: 0,
            log: Log::default(),
            wakes: 0,
            echo: false,
        };
        run.drain();
        run
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.start + Duration::from_micros(self.now_us as u64);
        self.session.handle_input(now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let now = self.start + Duration::from_micros(self.now_us as u64);
        loop {
            match self.session.poll_output() {
                Output::Timeout(at) => {
                    self.deadline_us = at.duration_since(self.start).as_micros() as i64;
                    assert!(at > now, "a deadline in the past");
                    return;
                }
                Output::Transmit { port, bytes, .. } => {
                    let log = match port {
                        Port::Rtp => &mut self.log.rtp,
                        Port::Rtcp => &mut self.log.rtcp,
                    };
                    log.push((self.now_us, bytes.to_vec()));
                }
                Output::Audio {
                    frame,
                    at,
                    concealed,
                } => {
                    if self.echo {
                        self.session.handle_input(now, Input::Play(frame.samples()));
                    }
                    self.log.frames.push((self.now_us, frame, at, concealed));
                }
                Output::Dtmf { digit, duration_ms } => {
                    self.log
                        .told
                        .push((self.now_us, Output::Dtmf { digit, duration_ms }));
                }
                Output::MarkPlayed { mark, at_ms } => {
                    self.log
                        .told
                        .push((self.now_us, Output::MarkPlayed { mark, at_ms }));
                }
                Output::Cleared { at_ms, unplayed } => {
                    self.log
                        .told
                        .push((self.now_us, Output::Cleared { at_ms, unplayed }));
                }
                Output::Paused { at_ms } => {
                    self.log.told.push((self.now_us, Output::Paused { at_ms }));
                }
                Output::Refused(refusal) => {
                    self.log.told.push((self.now_us, Output::Refused(refusal)));
                }
                Output::RtpSilent { silence } => {
                    self.log
                        .told
                        .push((self.now_us, Output::RtpSilent { silence }));
                }
                Output::Found(finding) => {
                    self.log.told.push((self.now_us, Output::Found(finding)));
                }
                Output::QueueHigh { .. } | Output::QueueLow { .. } => {}
            }
        }
    }

    fn until(&mut self, to_us: i64) {
        while self.deadline_us <= to_us {
            self.now_us = self.deadline_us;
            self.wakes += 1;
            self.input(Input::Timeout);
        }
        self.now_us = to_us;
    }

    fn packet(&mut self, at_us: i64, header: Header, payload: &[u8]) {
        self.until(at_us);
        let bytes = [header.to_bytes().as_slice(), payload].concat();
        self.input(Input::Packet {
            port: Port::Rtp,
            source: address(PEER),
            bytes: &bytes,
        });
    }

    /// The packets we sent, read again.
    fn sent(&self) -> Vec<(i64, Header, Vec<u8>)> {
        let read = |(at, bytes): &(i64, Vec<u8>)| {
            let packet = Packet::parse(bytes).unwrap();
            (*at, packet.header, packet.payload.to_vec())
        };
        self.log.rtp.iter().map(read).collect()
    }

    fn told(&self) -> Vec<String> {
        self.log
            .told
            .iter()
            .map(|(_, told)| format!("{told:?}"))
            .collect()
    }
}

fn header(n: i64, payload_type: u8) -> Header {
    Header {
        marker: n == 0,
        payload_type,
        sequence: n as u16,
        timestamp: (n * 160) as u32,
        ssrc: 0x1234,
    }
}

/// 20 ms of µ-law at a constant level.
fn level(sample: i16) -> [u8; 160] {
    [ulaw::encode(sample); 160]
}

#[test]
fn from_answer_on_both_sides_get_something_every_20_ms_though_nobody_speaks() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    run.until(10_000_000);
    assert_eq!(run.log.rtp.len(), 501);
    assert_eq!(run.log.frames.len(), 500);
    for (n, (at, frame, position, concealed)) in run.log.frames.iter().enumerate() {
        assert_eq!((*at, *position), ((n as i64 + 1) * 20_000, n as u64 * 320));
        assert!(!concealed && frame.samples().iter().all(|sample| *sample == 0));
    }
    let sent = run.sent();
    for (n, (at, header, payload)) in sent.iter().enumerate() {
        assert_eq!(*at, n as i64 * 20_000);
        assert_eq!(header.marker, n == 0);
        assert_eq!(header.sequence, sent[0].1.sequence.wrapping_add(n as u16));
        assert_eq!(
            header.timestamp,
            sent[0].1.timestamp.wrapping_add(n as u32 * 160)
        );
        assert_eq!(payload.as_slice(), [0xff; 160]);
    }
    assert!(
        run.wakes <= 510,
        "one wake-up serves both directions: {}",
        run.wakes
    );
}

#[test]
fn an_echo_answers_in_the_wake_up_of_the_packet_and_needs_no_timer() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    run.echo = true;
    for n in 0..100 {
        run.packet(13_000 + n * 20_000, header(n, 0), &level(1000));
    }
    run.wakes = 0;
    let reports = run.log.rtcp.len();
    for n in 100..1000 {
        let jitter = n * 7919 % 600;
        run.packet(13_000 + n * 20_000 + jitter, header(n, 0), &level(1000));
        assert_eq!(run.log.rtp.last().unwrap().0, run.now_us, "packet {n}");
    }
    assert_eq!(run.wakes, run.log.rtcp.len() - reports, "only for reports");
    let sent = run.sent();
    assert!(
        sent.iter()
            .skip(200)
            .all(|(_, _, payload)| payload == &level(1000))
    );
    assert_eq!(run.session.statistics().samples_concealed, 0);
}

#[test]
fn every_codec_and_packet_time_carries_audio_both_ways_without_a_gap() {
    for codec in Codec::ALL {
        for ptime in [10_u8, 20, 30, 40, 60] {
            let mut here = Run::new(&agreed(codec, ptime));
            let mut there = Run::new(&agreed(codec, ptime));
            let tone: Vec<i16> = (0..16_000 * 3)
                .map(|n| ((n as f64 * 0.2).sin() * 8000.0) as i16)
                .collect();
            here.until(5_000);
            here.input(Input::Play(&tone));
            here.until(2_000_000);
            for (at, bytes) in here.log.rtp.clone() {
                there.until(at + 1_000);
                let source = address(PEER);
                there.input(Input::Packet {
                    port: Port::Rtp,
                    source,
                    bytes: &bytes,
                });
            }
            let heard: Vec<i16> = there
                .log
                .frames
                .iter()
                .flat_map(|(_, frame, ..)| frame.samples().to_vec())
                .skip(16_000 / 4)
                .collect();
            let power =
                heard.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / heard.len() as f64;
            let expected = 8000.0_f64.powi(2) / 2.0;
            assert!(
                (power / expected - 1.0).abs() < 0.1,
                "{codec} {ptime}: {}",
                power / expected
            );
            let statistics = there.session.statistics();
            assert_eq!(statistics.samples_concealed, 0, "{codec} {ptime}");
            assert_eq!(statistics.packets_lost, 0);
        }
    }
}

#[test]
fn marks_clear_and_pause_count_application_audio_on_the_wire() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    run.input(Input::Play(&[1; 320 * 5]));
    run.input(Input::Mark(MarkId(1)));
    run.input(Input::Play(&[1; 320 * 10]));
    run.input(Input::Mark(MarkId(2)));
    run.until(125_000);
    run.input(Input::Pause);
    run.until(500_000);
    run.input(Input::Continue);
    run.until(545_000);
    run.input(Input::Clear);
    run.input(Input::Mark(MarkId(3)));
    assert_eq!(
        run.told(),
        [
            "MarkPlayed { mark: MarkId(1), at_ms: 100 }",
            "Paused { at_ms: 140 }",
            "Cleared { at_ms: 200, unplayed: [MarkId(2)] }",
            "MarkPlayed { mark: MarkId(3), at_ms: 200 }",
        ]
    );
}

#[test]
fn loss_lowers_the_estimated_quality_and_is_counted() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    for n in (0..1000).filter(|n| n % 20 != 7) {
        run.packet(n * 20_000, header(n, 0), &level(500));
    }
    let statistics = run.session.statistics();
    assert_eq!(statistics.packets_lost, 50);
    assert_eq!(statistics.samples_concealed, 50 * 320);
    let mos = statistics.quality.unwrap().mos;
    assert!((3.3..4.0).contains(&mos), "5 % of loss: {mos}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_datagrams_never_panic_and_never_stop_the_clock(
        datagrams in proptest::collection::vec(
            (any::<bool>(), 0_i64..60_000, proptest::collection::vec(any::<u8>(), 0..80)), 0..60),
    ) {
        let mut run = Run::new(&agreed(Codec::Pcmu, 20));
        let mut now = 0;
        for (rtp, gap, mut bytes) in datagrams {
            now += gap;
            run.until(now);
            if let [first, second, ..] = bytes.as_mut_slice() {
                *first = 0x80 | *first & 0x3f;
                *second = if rtp { [0, 13, EVENT_TYPE][usize::from(*second) % 3] } else { 200 + *second % 5 };
            }
            let port = if rtp { Port::Rtp } else { Port::Rtcp };
            run.input(Input::Packet { port, source: address(PEER), bytes: &bytes });
        }
        run.until(now + 1_000_000);
        let frames = run.log.frames.len() as i64;
        prop_assert!((frames - (now + 1_000_000) / 20_000).abs() <= 2);
    }
}
