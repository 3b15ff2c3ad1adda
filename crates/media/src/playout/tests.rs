use super::*;
use proptest::prelude::*;

const FRAME: usize = 320;

/// A playout of 20 ms packets whose driver wakes up at every deadline.
struct Run {
    playout: Playout<u64>,
    now_us: i64,
    /// When each packet left, and its samples.
    packets: Vec<(i64, Vec<i16>)>,
    marks: Vec<(u64, u64)>,
    wakes: usize,
    /// Samples of the application that a receiver has counted: none of them is 0.
    counted: u64,
}

impl Run {
    fn new() -> Self {
        Self {
            counted: 0,
            playout: Playout::new(0, 20),
            now_us: 0,
            packets: Vec::new(),
            marks: Vec::new(),
            wakes: 0,
        }
    }

    fn drain(&mut self) -> i64 {
        loop {
            while let Some(mark) = self.playout.next_mark() {
                self.marks.push(mark);
            }
            if let Step::Wait(until) = self.playout.step(self.now_us, false) {
                return until;
            }
            let mut packet = vec![-1; self.playout.packet_samples()];
            self.playout.take(self.now_us, &mut packet);
            self.counted += packet.iter().filter(|sample| **sample != 0).count() as u64;
            self.packets.push((self.now_us, packet));
        }
    }

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

    fn play(&mut self, at_us: i64, samples: &[i16]) {
        self.until(at_us);
        assert!(self.playout.push(at_us, samples));
        self.drain();
    }

    fn spacings(&self) -> impl Iterator<Item = i64> {
        self.packets.windows(2).map(|pair| pair[1].0 - pair[0].0)
    }
}

#[test]
fn from_answer_on_there_is_a_packet_every_20_ms() {
    let mut run = Run::new();
    run.until(1_000_000);
    assert_eq!(run.packets.len(), 51);
    assert!(run.spacings().all(|spacing| spacing == 20_000));
}

#[test]
fn the_first_sample_leaves_at_once_and_decides_the_phase() {
    let mut run = Run::new();
    run.until(20_000);
    run.play(33_000, &[7; FRAME * 10]);
    run.until(33_000 + 9 * 20_000);
    let speech: Vec<_> = run
        .packets
        .iter()
        .filter(|(_, p)| p[0] == 7)
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(
        speech,
        (0..10).map(|n| 33_000 + n * 20_000).collect::<Vec<_>>()
    );
}

#[test]
fn samples_that_come_on_time_need_no_timer() {
    let mut run = Run::new();
    run.until(100_000);
    run.play(113_000, &[1; FRAME]);
    run.wakes = 0;
    for n in 1..1000 {
        let jitter = n * 7919 % 1_800 - 900;
        run.play(113_000 + n * 20_000 + jitter, &[1; FRAME]);
    }
    assert_eq!(run.wakes, 0);
    assert_eq!(run.playout.slips(), 0);
}

#[test]
fn what_is_less_than_a_frame_is_waited_for_and_then_filled_up() {
    let mut run = Run::new();
    run.until(100_000);
    run.play(105_000, &[5; 200]);
    run.play(109_000, &[5; 200]);
    let (at, packet) = run.packets.last().unwrap();
    assert_eq!(
        (*at, packet.as_slice()),
        (109_000, [5; FRAME].as_slice()),
        "as soon as it is full"
    );
    run.until(140_000);
    let (at, packet) = &run.packets[run.packets.len() - 1];
    assert_eq!(*at, 125_000 + WAIT_US);
    assert_eq!(packet.iter().filter(|s| **s == 5).count(), 80);
    assert_eq!(run.playout.played(), 400);
}

#[test]
fn a_late_sample_costs_one_packet_of_silence_and_the_wire_keeps_its_clock() {
    let mut run = Run::new();
    for n in 0..10 {
        run.play(5_000 + n * 20_000, &[1; FRAME]);
    }
    for n in 10..100 {
        run.play(20_000 + n * 20_000, &[1; FRAME]);
    }
    run.until(2_500_000);
    assert_eq!(run.playout.slips(), 1);
    assert_eq!(run.counted, 100 * FRAME as u64);
    assert!(
        (125..=127).contains(&run.packets.len()),
        "{}",
        run.packets.len()
    );
}

#[test]
fn an_application_that_is_early_all_the_time_is_followed() {
    let mut run = Run::new();
    run.play(18_000, &[1; FRAME]);
    run.until(30_000);
    for n in 1..200 {
        run.play(18_000 + n * 20_000 - 8_000, &[1; FRAME]);
        if n == 100 {
            run.wakes = 0;
        }
    }
    assert_eq!(run.wakes, 0);
    assert_eq!(run.packets.last().unwrap().0, 18_000 + 199 * 20_000 - 8_000);
}

#[test]
fn a_clock_that_differs_is_slipped_and_never_accumulates() {
    for ppm in [-300, 300] {
        let mut run = Run::new();
        let frames = 3600 * 50;
        for n in 0..frames {
            let at = 3_000 + n * 20_000 - n * 20_000 * ppm / 1_000_000;
            run.until(at);
            // Without a pause there is nothing that could be left out.
            run.playout.push(at, &LOUD);
            run.drain();
            let lead = run.packets.len() as i64 * 20_000 - at;
            assert!(
                (0..=60_000 + EARLY_MAX_US).contains(&lead),
                "{ppm} ppm: {lead}"
            );
        }
        let waiting = run.playout.queued() as i64 * 1000 / 16;
        let drift = frames * 20_000 * ppm / 1_000_000;
        assert!(
            (waiting - drift.max(0)).abs() <= 40_000,
            "{waiting} {drift}"
        );
        let slipped = run.playout.slips() as i64 * 20_000;
        assert!(
            (slipped - (-drift).max(0)).abs() <= 40_000,
            "{slipped} {drift}"
        );
    }
}

#[test]
fn a_driver_that_was_away_skips_packets_and_counts_them() {
    let mut run = Run::new();
    run.until(100_000);
    run.now_us = 5_000_000;
    let skipped = run.playout.catch_up_driver(5_000_000);
    assert_eq!(skipped, 244);
    run.drain();
    assert!(run.packets.len() < 10);
}

#[test]
fn more_than_five_minutes_are_refused_whole_and_memory_is_given_back() {
    let mut run = Run::new();
    let minute = vec![1_i16; 60 * 16_000];
    for n in 1..=5 {
        assert!(run.playout.push(0, &minute));
        let level = run.playout.level_crossed();
        assert_eq!(level, (n == 4).then_some(Level::High));
    }
    let before = run.playout.queued();
    assert!(!run.playout.push(0, &[1; 1]));
    assert_eq!(run.playout.queued(), before);
    run.until(239_990_000);
    assert_eq!(run.playout.level_crossed(), Some(Level::Low));
    run.until(301_000_000);
    assert!(
        run.playout.queued_bytes() < 64_000 + 16_000,
        "{}",
        run.playout.queued_bytes()
    );
}

/// What an application may do next, and how long it takes to.
#[derive(Clone, Debug)]
enum Act {
    Play { frames: u16 },
    Mark,
    Clear,
    Pause,
    Continue,
}

fn acts() -> impl Strategy<Value = Vec<(i64, Act)>> {
    let act = prop_oneof![
        4 => (1_u16..12).prop_map(|frames| Act::Play { frames }),
        3 => Just(Act::Mark),
        1 => Just(Act::Clear),
        1 => Just(Act::Pause),
        2 => Just(Act::Continue),
    ];
    proptest::collection::vec((0_i64..120_000, act), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Every frame of speech carries its number in its samples. A receiver counts frames; at each
    /// report it must have counted exactly what the report says, and the frames it hears must be
    /// those that were played and not cleared, in order.
    #[test]
    fn what_a_receiver_counts_is_what_the_reports_say(acts in acts()) {
        let mut run = Run::new();
        // Louder than silence, which a queue that only delays may leave out.
        let mut number = 1_000_i16;
        let mut expected: Vec<i16> = Vec::new();
        let mut queued_marks: Vec<(u64, u64)> = Vec::new();
        let mut now = 0;
        for (id, (gap, act)) in acts.into_iter().enumerate() {
            now += gap;
            run.until(now);
            match act {
                Act::Play { frames } => {
                    for _ in 0..frames {
                        number += 1;
                        prop_assert!(run.playout.push(now, &[number; FRAME]));
                        expected.push(number);
                    }
                }
                Act::Mark => {
                    queued_marks.push((id as u64, expected.len() as u64 * FRAME as u64));
                    run.playout.push_mark(id as u64);
                }
                Act::Clear => {
                    let unplayed = run.playout.clear();
                    let played = run.playout.played();
                    prop_assert_eq!(run.counted, played);
                    expected.truncate(played as usize / FRAME);
                    let reached = queued_marks.len() - unplayed.len();
                    let lost: Vec<_> = queued_marks.drain(reached..).map(|(id, _)| id).collect();
                    prop_assert_eq!(unplayed, lost);
                }
                Act::Pause => {
                    run.playout.pause();
                    prop_assert_eq!(run.counted, run.playout.played());
                }
                Act::Continue => run.playout.resume(now),
            }
            run.drain();
            prop_assert_eq!(run.counted, run.playout.played());
        }
        run.playout.resume(now);
        run.until(now + 10_000_000);
        let mut heard: Vec<i16> = Vec::new();
        for (_, packet) in run.packets.iter().filter(|(_, packet)| packet[0] != 0) {
            prop_assert!(packet.iter().all(|s| *s == packet[0]), "frames stay whole");
            heard.push(packet[0]);
        }
        prop_assert_eq!(heard, expected);
        prop_assert_eq!(&run.marks, &queued_marks);
        let packets = run.packets.len() as i64;
        prop_assert!((packets - (now + 10_000_000) / 20_000).abs() <= 2, "one every 20 ms");
        prop_assert!(run.spacings().all(|spacing| spacing <= 30_000 + EARLY_MAX_US));
    }
}

const LOUD: [i16; FRAME] = [9_000; FRAME];
const QUIET: [i16; FRAME] = [3; FRAME];

/// Plays a frame every 20 ms for so many seconds: half a second loud, half a second quiet.
fn talk(run: &mut Run, from_us: i64, seconds: i64) -> i64 {
    for frame in 0..seconds * 50 {
        let sound = if frame % 50 < 25 { &LOUD } else { &QUIET };
        run.play(from_us + frame * 20_000, sound);
    }
    from_us + seconds * 1_000_000
}

#[test]
fn an_application_that_stalled_once_is_not_late_for_ever() {
    let mut run = Run::new();
    let now = talk(&mut run, 0, 2);
    // 200 ms of nothing, then all of it at once, and on as before.
    let now = now + 200_000;
    for _ in 0..10 {
        run.play(now, &LOUD);
    }
    assert!(run.playout.queued() >= 9 * FRAME);
    let late = talk(&mut run, now, 10);
    run.until(late - 20_000);
    assert!(
        run.playout.queued() <= FRAME,
        "{} samples still wait",
        run.playout.queued()
    );
    let loud = run
        .packets
        .iter()
        .filter(|(_, packet)| packet[..] == LOUD)
        .count();
    assert_eq!(loud, 2 * 25 + 10 + 10 * 25, "every word was sent");
    assert!(run.playout.left_out() >= 8 * FRAME as u64);
}

#[test]
fn an_application_that_speaks_ahead_loses_no_pause() {
    let mut run = Run::new();
    for second in 0..10 {
        // Two seconds at first, then a second in every second.
        for _ in 0..if second == 0 { 100 } else { 50 } {
            run.play(second * 1_000_000, &QUIET);
        }
    }
    run.until(12_000_000);
    assert_eq!(run.playout.left_out(), 0);
    assert_eq!(run.playout.played(), 550 * FRAME as u64);
}

#[test]
fn an_application_that_waits_for_its_queue_to_sink_loses_no_pause() {
    let mut run = Run::new();
    // 200 ms at first, then a frame whenever one was played: such a queue stands there on purpose.
    for frame in 0..500 {
        let at = (frame - 10).max(0) * 20_000;
        run.play(at, &QUIET);
        run.playout.keep_queue();
    }
    run.until(12_000_000);
    assert_eq!(run.playout.left_out(), 0);
    assert_eq!(run.playout.played(), 500 * FRAME as u64);
}
