use proptest::prelude::*;

use super::*;

/// What an application does, and how long it waits after it.
#[derive(Clone, Debug)]
enum Deed {
    Play(usize),
    Pause,
    Continue,
}

/// A provider that plays what it gets, a millisecond at a time, and answers marks.
struct Provider {
    ahead: Ahead,
    now_us: i64,
    queue: VecDeque<i16>,
    played: Vec<i16>,
    /// Marks, and what is to be played before each.
    marks: VecDeque<(usize, u64)>,
    /// Milliseconds that it takes to begin, longer than anybody expects.
    stuck_ms: i64,
    /// Frames of each message.
    messages: Vec<usize>,
    begun: usize,
}

impl Provider {
    fn new() -> Self {
        Self::of(1)
    }

    fn of(frames: u8) -> Self {
        Self {
            ahead: Ahead::new(true, frames),
            now_us: 0,
            queue: VecDeque::new(),
            played: Vec::new(),
            marks: VecDeque::new(),
            stuck_ms: 0,
            messages: Vec::new(),
            begun: 0,
        }
    }

    fn take(&mut self) {
        let mut frame = [0; FRAME_SAMPLES];
        while let Some(saying) = self.ahead.next(self.now_us, &mut frame) {
            match saying {
                Saying::Frame { more } => {
                    self.queue.extend(frame);
                    self.begun += 1;
                    if !more {
                        self.messages.push(std::mem::take(&mut self.begun));
                    }
                }
                Saying::Mark(number) => {
                    let behind = self.played.len() + self.queue.len();
                    self.marks.push_back((behind, number));
                }
                Saying::Played(..) | Saying::Level(_) => {}
            }
        }
    }

    fn run(&mut self, ms: i64) {
        for _ in 0..ms {
            self.now_us += 1_000;
            self.play_one_ms();
            self.take();
        }
    }

    fn play_one_ms(&mut self) {
        if self.stuck_ms > 0 {
            self.stuck_ms -= 1;
            return;
        }
        let count = self.queue.len().min(16);
        self.played.extend(self.queue.drain(..count));
        while let Some((_, number)) = self.marks.pop_front_if(|(at, _)| *at <= self.played.len()) {
            self.ahead.on_answer(self.now_us, number);
        }
    }

    /// Forgets what it has.
    fn forget(&mut self) {
        self.queue.clear();
        self.marks.clear();
    }

    fn heard_ms(&self) -> u64 {
        self.ahead.heard(self.now_us) / SAMPLES_PER_MS
    }

    fn run_dry(&mut self) {
        self.ahead.resume();
        while self.ahead.unsent() > 0 || !self.queue.is_empty() {
            self.run(20);
        }
    }
}

/// Samples that are told apart: none is 0, which only fills frames up.
fn numbered(from: usize, count: usize) -> Vec<i16> {
    (from..from + count)
        .map(|n| (n % 30_000) as i16 + 1)
        .collect()
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => (1_usize..5_000).prop_map(Deed::Play),
        1 => Just(Deed::Pause),
        1 => Just(Deed::Continue),
    ]
}

proptest! {
    #[test]
    fn what_was_queued_comes_out_once_and_in_order(
        pieces in prop::collection::vec((1_usize..5_000, 0_i64..200), 1..30)
    ) {
        let mut provider = Provider::new();
        let mut total = 0;
        for (count, wait_ms) in pieces {
            prop_assert!(provider.ahead.push(provider.now_us, &numbered(total, count)));
            total += count;
            provider.take();
            provider.run(wait_ms);
            let given_us = provider.queue.len() as i64 * 1_000 / 16;
            prop_assert!(given_us <= AHEAD_US + EARLY_MAX_US, "{given_us}");
        }
        provider.run_dry();
        provider.played.retain(|sample| *sample != 0);
        prop_assert_eq!(provider.played, numbered(0, total));
    }

    /// What was taken back by a pause may be heard again for as long as a frame that was filled
    /// up, and nothing is ever left out.
    #[test]
    fn a_pause_loses_nothing(
        deeds in prop::collection::vec((deed(), 0_i64..200), 1..30)
    ) {
        let mut provider = Provider::new();
        let mut total = 0;
        for (deed, wait_ms) in deeds {
            match deed {
                Deed::Play(count) => {
                    prop_assert!(provider.ahead.push(provider.now_us, &numbered(total, count)));
                    total += count;
                }
                Deed::Pause => {
                    provider.ahead.pause(provider.now_us, true);
                    provider.forget();
                }
                Deed::Continue => provider.ahead.resume(),
            }
            provider.take();
            provider.run(wait_ms);
        }
        provider.run_dry();
        let mut next = 0;
        for sample in provider.played.iter().filter(|sample| **sample != 0) {
            let back = (0..=FRAME_SAMPLES).find(|back| {
                next >= *back && numbered(next - back, 1)[0] == *sample
            });
            prop_assert!(back.is_some(), "{sample} after {next}");
            next = next - back.unwrap_or(0) + 1;
        }
        prop_assert_eq!(next, total);
    }
}

#[test]
fn a_clear_leaves_no_trace_of_what_was_queued() {
    let mut provider = Provider::new();
    assert!(provider.ahead.push(0, &numbered(0, 10_000)));
    provider.take();
    provider.run(100);
    let (heard, unheard) = provider.ahead.clear(provider.now_us, true);
    provider.forget();
    assert!(heard.is_empty() && unheard.is_empty());
    assert_eq!(provider.ahead.heard(provider.now_us), 1_600);
    assert_eq!(provider.ahead.due(), None);
    provider.run(1_000);
    assert_eq!(provider.played, numbered(0, 1_600));
}

#[test]
fn memory_of_a_long_speech_is_given_back() {
    let mut provider = Provider::new();
    assert!(provider.ahead.push(0, &numbered(0, SAMPLES_MAX)));
    provider.ahead.clear(0, true);
    assert!(provider.ahead.samples.capacity() <= 2 * KEPT_SAMPLES);
}

#[test]
fn what_was_heard_is_known_from_the_provider_and_not_from_the_clock() {
    let mut provider = Provider::new();
    provider.stuck_ms = 700;
    assert!(provider.ahead.push(0, &numbered(0, 32_000)));
    provider.take();
    for _ in 0..100 {
        provider.run(10);
        let played_ms = provider.played.len() as u64 / SAMPLES_PER_MS;
        let heard_ms = provider.heard_ms();
        let within = played_ms..=played_ms + AHEAD_US as u64 / 1_000;
        assert!(within.contains(&heard_ms), "{heard_ms}, not {played_ms}");
    }
    assert_eq!(provider.heard_ms(), 300, "to the millisecond, in the end");
}

#[test]
fn marks_of_our_own_are_five_a_second_and_few_at_once() {
    for stuck_ms in [0, 2_000] {
        let mut provider = Provider::new();
        provider.stuck_ms = stuck_ms;
        let mut most = 0;
        for n in 0..100 {
            let now_us = provider.now_us;
            assert!(provider.ahead.push(now_us, &numbered(n * 320, 320)));
            provider.take();
            provider.run(20);
            most = most.max(provider.marks.len());
        }
        assert!(provider.ahead.numbers <= 11, "{}", provider.ahead.numbers);
        assert!(most <= 8, "{most}");
    }
}

#[test]
fn a_provider_that_answers_no_mark_is_asked_no_more_and_the_clock_must_do() {
    let mut provider = Provider::new();
    let mut asked = 0;
    for n in 0..500 {
        let now_us = provider.now_us;
        assert!(provider.ahead.push(now_us, &numbered(n * 320, 320)));
        provider.take();
        provider.marks.clear();
        provider.run(20);
        if n == 150 {
            asked = provider.ahead.numbers;
        }
    }
    assert_eq!(provider.ahead.numbers, asked);
    assert_eq!(provider.heard_ms(), 10_000);
}

mod messages_of_ten_frames {
    use super::*;

    /// Milliseconds of the application's sound that the provider has got.
    fn sent_ms(provider: &Provider) -> u64 {
        provider.ahead.sent / SAMPLES_PER_MS
    }

    #[test]
    fn a_long_speech_never_runs_dry_and_is_never_sent_in_less() {
        let mut provider = Provider::of(10);
        let said = numbered(0, 16 * 2_050);
        assert!(provider.ahead.push(0, &said));
        provider.take();
        while sent_ms(&provider) < 2_000 {
            assert!(provider.queue.len() >= 16 * 178, "{}", provider.queue.len());
            assert!(provider.queue.len() <= 16 * 382, "{}", provider.queue.len());
            provider.run(1);
        }
        provider.run(500);
        assert_eq!(provider.messages, [10; 11]);
        assert_eq!(provider.played[..said.len()], said);
        assert!(
            provider.played[said.len()..]
                .iter()
                .all(|sample| *sample == 0)
        );
    }

    #[test]
    fn speech_at_the_pace_of_speech_is_gathered_without_a_gap() {
        let mut provider = Provider::of(10);
        for n in 0..100 {
            let now_us = provider.now_us;
            assert!(provider.ahead.push(now_us, &numbered(n * 320, 320)));
            provider.take();
            provider.run(20);
        }
        provider.run(400);
        assert_eq!(provider.messages, [10; 10]);
        assert_eq!(provider.played, numbered(0, 32_000));
    }

    #[test]
    fn the_end_of_a_speech_waits_for_more_but_not_for_long() {
        let mut provider = Provider::of(10);
        assert!(provider.ahead.push(0, &numbered(0, 640)));
        provider.take();
        provider.run(188);
        assert_eq!(sent_ms(&provider), 0, "more may come");
        provider.run(2);
        assert_eq!(
            (sent_ms(&provider), &provider.messages[..]),
            (40, &[10][..])
        );
        provider.run(45);
        assert_eq!(
            provider.heard_ms(),
            40,
            "silence that fills it up is not waited for"
        );
    }

    #[test]
    fn a_mark_at_the_end_says_that_no_more_comes() {
        let mut provider = Provider::of(10);
        assert!(provider.ahead.push(0, &numbered(0, 640)));
        assert!(provider.ahead.push_mark(Mark::new("end").expect("a name")));
        provider.take();
        assert_eq!(
            (sent_ms(&provider), &provider.messages[..]),
            (40, &[10][..])
        );
    }
}
