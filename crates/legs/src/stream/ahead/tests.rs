use proptest::prelude::*;

use super::*;

/// What an application does, and how long it waits after it.
#[derive(Clone, Debug)]
enum Deed {
    Play(usize),
    Pause,
    Continue,
}

/// A provider that plays what it gets, a millisecond at a time.
struct Provider {
    ahead: Ahead,
    now_us: i64,
    queue: VecDeque<i16>,
    played: Vec<i16>,
}

impl Provider {
    fn new() -> Self {
        Self {
            ahead: Ahead::new(true),
            now_us: 0,
            queue: VecDeque::new(),
            played: Vec::new(),
        }
    }

    fn take(&mut self) {
        let mut frame = [0; FRAME_SAMPLES];
        while let Some(saying) = self.ahead.next(self.now_us, &mut frame) {
            if saying == Saying::Frame {
                self.queue.extend(frame);
            }
        }
    }

    fn run(&mut self, ms: i64) {
        for _ in 0..ms {
            self.now_us += 1_000;
            let count = self.queue.len().min(16);
            self.played.extend(self.queue.drain(..count));
            self.take();
        }
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
                    provider.queue.clear();
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
    provider.queue.clear();
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
