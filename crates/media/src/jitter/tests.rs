use super::*;
use proptest::prelude::*;

/// A peer and a network in virtual time: packets are handed in as they arrive and frames taken when
/// they are due, as a driver would.
struct Run {
    buffer: JitterBuffer,
    now_us: i64,
    /// When each frame left, and what it was.
    frames: Vec<(i64, Frame)>,
    wakes: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Frame {
    /// The bytes of a frame that was complete.
    Heard(Vec<u8>),
    Concealed,
    Silent,
}

impl Run {
    fn new() -> Self {
        Self {
            buffer: JitterBuffer::default(),
            now_us: 0,
            frames: Vec::new(),
            wakes: 0,
        }
    }

    fn drain(&mut self) -> i64 {
        loop {
            let step = self.buffer.step(self.now_us);
            if let Step::Wait(until) = step {
                assert!(until > self.now_us);
                return until;
            }
            let mut bytes = Vec::new();
            let mut ticks = 0;
            let mut silent = true;
            let concealed = self.buffer.take(step, |piece| match piece {
                Piece::Audio(_, audio) => {
                    bytes.extend_from_slice(audio);
                    ticks += audio.len();
                    silent = false;
                }
                Piece::Missing(n) => {
                    ticks += n;
                    silent = false;
                }
                Piece::Silence(n) => ticks += n,
            });
            assert_eq!(ticks as i64, FRAME_TICKS);
            let frame = match (concealed, silent) {
                (true, _) => Frame::Concealed,
                (_, true) => Frame::Silent,
                _ => Frame::Heard(bytes),
            };
            if step != Step::Drop {
                self.frames.push((self.now_us, frame));
            }
        }
    }

    /// Lets time pass, waking up at every deadline.
    fn until(&mut self, to_us: i64) {
        loop {
            let deadline = self.drain();
            if deadline > to_us {
                break;
            }
            self.now_us = deadline;
            self.wakes += 1;
        }
        self.now_us = to_us;
    }

    fn packet(&mut self, at_us: i64, timestamp: u32, payload: &[u8]) -> Fate {
        self.until(at_us);
        let fate = self
            .buffer
            .insert(at_us, timestamp, Content::Audio(Codec::Pcmu), payload);
        self.drain();
        fate
    }

    fn heard(&self) -> impl Iterator<Item = &[u8]> {
        self.frames.iter().filter_map(|(_, frame)| match frame {
            Frame::Heard(bytes) => Some(bytes.as_slice()),
            _ => None,
        })
    }

    fn concealed(&self) -> usize {
        self.frames
            .iter()
            .filter(|(_, frame)| *frame == Frame::Concealed)
            .count()
    }
}

/// The payload of packet `n`: its number in every byte.
fn payload(n: i64, ticks: usize) -> Vec<u8> {
    vec![n as u8; ticks]
}

#[test]
fn on_a_quiet_network_every_packet_is_a_frame_at_once_and_no_timer_fires() {
    let mut run = Run::new();
    for n in 0..500 {
        let jitter = (n * 7919) % 800; // microseconds
        run.packet(
            7_000 + n * 20_000 + jitter,
            (n * 160) as u32,
            &payload(n, 160),
        );
    }
    assert_eq!(run.wakes, 0);
    assert_eq!(run.frames.len(), 500);
    for (n, (at, frame)) in run.frames.iter().enumerate() {
        let n = n as i64;
        assert_eq!(*at, 7_000 + n * 20_000 + (n * 7919) % 800);
        assert_eq!(*frame, Frame::Heard(payload(n, 160)));
    }
    assert_eq!(run.buffer.depth_max_us(), 0);
}

#[test]
fn before_the_first_packet_there_is_a_silent_frame_every_20_ms() {
    let mut run = Run::new();
    run.until(200_000);
    assert_eq!(run.frames.len(), 10);
    assert!(
        run.frames
            .iter()
            .all(|(at, frame)| at % 20_000 == 0 && *frame == Frame::Silent)
    );
}

#[test]
fn packets_of_any_length_come_out_as_whole_frames_evenly() {
    for ms in [10, 20, 30, 40, 50, 60] {
        let mut run = Run::new();
        let ticks = ms as usize * 8;
        for n in 0..6000 / ms {
            run.packet(
                3_000 + n * ms * 1000,
                (n * ms * 8) as u32,
                &payload(n, ticks),
            );
        }
        run.until(6_000_000);
        assert_eq!(run.frames.len(), 300, "{ms} ms");
        assert_eq!(run.concealed(), 0, "{ms} ms");
        assert_eq!(run.buffer.slips(), Slips::default());
        for pair in run.frames.windows(2).take(290) {
            let spacing = pair[1].0 - pair[0].0;
            assert!((15_000..=30_000).contains(&spacing), "{ms} ms: {spacing}");
        }
    }
}

#[test]
fn a_lost_packet_is_one_concealed_frame() {
    let mut run = Run::new();
    for n in (0..100).filter(|n| *n != 50) {
        run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160));
    }
    assert_eq!(run.concealed(), 1);
    assert_eq!(run.frames[50].1, Frame::Concealed);
    assert_eq!(run.frames[51].1, Frame::Heard(payload(51, 160)));
    assert_eq!(run.buffer.slips(), Slips::default());
}

#[test]
fn a_swapped_pair_costs_one_frame_and_then_none() {
    let mut run = Run::new();
    for n in 0..100 {
        // Packets 20 and 21 swap places, and from 40 on all pairs do.
        let other = if n >= 40 || n == 20 || n == 21 {
            n ^ 1
        } else {
            n
        };
        run.packet(n * 20_000, (other * 160) as u32, &payload(other, 160));
    }
    assert!(run.concealed() <= 3, "{}", run.concealed());
    let last: Vec<_> = run.heard().skip(60).collect();
    assert!(
        last.windows(2).all(|pair| pair[1][0] == pair[0][0] + 1),
        "in order"
    );
}

#[test]
fn a_burst_after_a_stall_is_played_whole_and_the_depth_goes_back_within_3_s() {
    let mut run = Run::new();
    for n in 0..50 {
        run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160));
    }
    for n in 50..56 {
        run.packet(1_100_000, (n * 160) as u32, &payload(n, 160));
    }
    assert!(run.buffer.depth_us() >= 80_000);
    for n in 56..250 {
        run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160));
        if n * 20_000 >= 1_100_000 + 3_000_000 {
            assert_eq!(run.buffer.depth_us(), 0);
            assert_eq!(
                run.frames.last().unwrap().0,
                n * 20_000,
                "straight through again"
            );
        }
    }
    let heard: Vec<_> = run.heard().map(|bytes| bytes[0]).collect();
    assert!(
        (50..56).all(|n| heard.contains(&n)),
        "the late audio was played"
    );
    let slips = run.buffer.slips();
    assert_eq!(slips.inserted, slips.dropped, "back in step");
}

#[test]
fn frames_keep_the_calls_clock_and_slips_account_for_every_tick_of_drift() {
    for ppm in [-300_i64, -50, 50, 300] {
        let mut run = Run::new();
        let packets = 3 * 3600 * 50; // three hours by the peer's clock
        for n in 0..packets {
            let sent = n * 20_000 - n * 20_000 * ppm / 1_000_000;
            run.packet(4_000 + sent, (n as u32).wrapping_mul(160), &payload(n, 160));
            run.frames.drain(..run.frames.len().saturating_sub(1));
        }
        let slips = run.buffer.slips();
        // What the peer sent less what was left out, plus what was put in, is what was handed on.
        let handed_on = run.buffer.position() as i64 / 2;
        let expected = packets * 160 - slips.dropped as i64 + slips.inserted as i64;
        assert_eq!(handed_on, expected, "{ppm} ppm: {slips:?}");
        let drift = packets * 160 * ppm / 1_000_000;
        let slipped = slips.dropped as i64 - slips.inserted as i64;
        assert!(
            (slipped - drift).abs() <= 2 * 160,
            "{ppm} ppm: {slipped} for {drift}"
        );
        assert_eq!(
            slips.dropped.min(slips.inserted),
            0,
            "{ppm} ppm: {slips:?} only one way"
        );
        assert_eq!(run.buffer.depth_max_us(), 0);
    }
}

#[test]
fn a_pause_on_purpose_is_silence_and_speech_after_it_comes_straight_through() {
    let mut run = Run::new();
    for n in 0..10 {
        run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160));
    }
    run.until(200_000);
    run.buffer.insert(200_000, 1600, Content::Pause, &[40]);
    run.until(1_000_000);
    assert_eq!(run.concealed(), 0);
    for n in 50..60 {
        run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160));
        assert_eq!(
            run.frames.last().unwrap(),
            &(n * 20_000, Frame::Heard(payload(n, 160)))
        );
    }
}

#[test]
fn a_jump_of_the_timestamps_is_followed_after_three_packets_and_one_stray_is_not() {
    let mut run = Run::new();
    for n in 0..20 {
        run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160));
    }
    assert_eq!(
        run.packet(390_000, 4_000_000, &payload(0, 160)),
        Fate::Stray
    );
    for n in 20..25 {
        assert_eq!(
            run.packet(n * 20_000, (n * 160) as u32, &payload(n, 160)),
            Fate::Queued
        );
    }
    let fates: Vec<_> = (25..30)
        .map(|n| {
            run.packet(
                n * 20_000,
                3_000_000_000 + (n * 160) as u32,
                &payload(n, 160),
            )
        })
        .collect();
    assert_eq!(
        fates,
        [
            Fate::Stray,
            Fate::Stray,
            Fate::Queued,
            Fate::Queued,
            Fate::Queued
        ]
    );
    assert_eq!(run.frames.last().unwrap().1, Frame::Heard(payload(29, 160)));
}

#[test]
fn a_packet_that_comes_twice_is_heard_once() {
    let mut run = Run::new();
    run.packet(0, 0, &payload(0, 160));
    assert_eq!(run.packet(1_000, 0, &payload(0, 160)), Fate::Late);
    run.packet(2_000, 320, &payload(2, 160));
    assert_eq!(run.packet(3_000, 320, &payload(2, 160)), Fate::Duplicate);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the network does, there is one frame in each slot, and every frame that is heard is
    /// a packet's, in order and at most once.
    #[test]
    fn any_network_gives_one_frame_in_every_slot_in_order(
        delays in proptest::collection::vec((0_i64..250_000, 0_u8..100), 300),
    ) {
        let mut arrivals: Vec<_> = delays
            .iter()
            .enumerate()
            .filter(|(_, (_, luck))| *luck >= 5)
            .flat_map(|(n, (delay, luck))| {
                let n = n as i64;
                let jitter = if *luck < 40 { *delay } else { delay % 3_000 };
                let copies = if *luck == 99 { 2 } else { 1 };
                (0..copies).map(move |copy| (n * 20_000 + jitter + copy * 100, n))
            })
            .collect();
        arrivals.sort_unstable();
        let mut run = Run::new();
        for (at, n) in arrivals {
            run.packet(at, (n * 160) as u32, &[(n >> 8) as u8, n as u8].repeat(80));
        }
        run.until(6_500_000);
        for (slot, (at, _)) in run.frames.iter().enumerate() {
            let opens = slot as i64 * 20_000;
            prop_assert!((opens - EARLY_MAX_US..=opens + 40_000).contains(at), "{slot} at {at}");
        }
        let heard: Vec<_> = run.heard().map(|b| i64::from(b[0]) << 8 | i64::from(b[1])).collect();
        prop_assert!(heard.windows(2).all(|pair| pair[0] < pair[1]), "{heard:?}");
    }

    #[test]
    fn arbitrary_packets_never_break_it(
        packets in proptest::collection::vec(
            (0_i64..100_000, any::<u32>(), 0_usize..2048, any::<bool>()), 0..200),
    ) {
        let mut run = Run::new();
        let mut now = 0;
        for (gap, timestamp, length, pause) in packets {
            now += gap;
            run.until(now);
            let content = if pause { Content::Pause } else { Content::Audio(Codec::Pcma) };
            run.buffer.insert(now, timestamp, content, &vec![0; length]);
            run.drain();
        }
    }
}
