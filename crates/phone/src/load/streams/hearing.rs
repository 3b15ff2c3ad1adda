//! What came back on one stream, and what came back on all of them.
//!
//! A stream's messages carry no sequence numbers toward the provider, so what is missing is told by
//! the pulses: where one lies in what came, against where it lay in what was sent.

use std::collections::VecDeque;
use std::time::Duration;

use crate::load::ear::{Ear, SAMPLE_NS};
use crate::load::histogram::Histogram;
use crate::load::pulse::{FRAME, SILENCE};

/// A pulse that did not come back by then is not waited for.
const WAIT_MAX_NS: i64 = 2_000_000_000;
/// Pulses that were sent and not heard, at most: what goes out in the time they are waited for.
const WAITING_MAX: usize = 8;
/// Pulses may move by so many samples against each other before anything counts as missing.
const PLAY: i64 = FRAME as i64 / 2;

/// What is measured over all streams while it is measured.
#[derive(Default)]
pub struct Figures {
    /// From one message of a stream to its next: how far from the sound in the first.
    pub spacing: Histogram,
    /// From a pulse's message out to its first sample back.
    pub delay: Histogram,
    /// Samples that came.
    pub received: u64,
    /// Samples between pulses that should have come.
    pub expected: u64,
    /// Those of them that did not.
    pub missing: u64,
    /// Pulses that never came back.
    pub unheard: u64,
}

/// A pulse on its way.
#[derive(Clone, Copy)]
struct Pulse {
    /// Samples sent before it.
    place: i64,
    at: i64,
}

/// What is heard on one stream.
pub struct Hearing {
    ear: Ear,
    /// Samples that do not fill a block yet.
    block: [u8; FRAME],
    filled: usize,
    block_at: i64,
    /// Samples that came before the block.
    heard: i64,
    /// When the last message came, and how long its sound is.
    last: Option<(i64, i64)>,
    waiting: VecDeque<Pulse>,
    /// The pulse that was heard last: where it lay when it was sent, and when it came.
    pair: Option<(i64, i64)>,
}

impl Default for Hearing {
    fn default() -> Self {
        Self {
            ear: Ear::default(),
            block: SILENCE,
            filled: 0,
            block_at: 0,
            heard: 0,
            last: None,
            waiting: VecDeque::with_capacity(WAITING_MAX),
            pair: None,
        }
    }
}

impl Hearing {
    /// A pulse goes out, after so many samples of the stream.
    pub fn pulse_sent(&mut self, at: i64, place: u64, figures: &mut Figures) {
        let lost = |pulse: &Pulse| at - pulse.at > WAIT_MAX_NS;
        while self.waiting.len() >= WAITING_MAX || self.waiting.front().is_some_and(lost) {
            self.waiting.pop_front();
            figures.unheard += 1;
        }
        self.waiting.push_back(Pulse {
            place: i64::try_from(place).unwrap_or(i64::MAX),
            at,
        });
    }

    /// A message of audio came, at this time of the kernel's clock.
    pub fn media(&mut self, at: i64, payload: &[u8], figures: &mut Figures) {
        figures.received += payload.len() as u64;
        let sound = payload.len() as i64 * SAMPLE_NS;
        if let Some((last, before)) = self.last.replace((at, sound)) {
            let deviation = (at - last - before).unsigned_abs();
            figures.spacing.add(Duration::from_nanos(deviation));
        }
        let mut rest = payload;
        while !rest.is_empty() {
            if self.filled == 0 {
                self.block_at = at + (payload.len() - rest.len()) as i64 * SAMPLE_NS;
            }
            let (now, later) = rest.split_at(rest.len().min(FRAME - self.filled));
            let room = self.block.iter_mut().skip(self.filled);
            room.zip(now).for_each(|(to, from)| *to = *from);
            self.filled += now.len();
            rest = later;
            if self.filled == FRAME {
                self.filled = 0;
                self.block(figures);
            }
        }
    }

    fn block(&mut self, figures: &mut Figures) {
        if let Some(pulse) = self.ear.hear(self.block_at, &self.block) {
            let place = self.heard - FRAME as i64 + pulse.place;
            self.pulse_came(pulse.at, place, figures);
        }
        self.heard += FRAME as i64;
    }

    fn pulse_came(&mut self, at: i64, place: i64, figures: &mut Figures) {
        let Some(index) = self.which(place) else {
            return;
        };
        figures.unheard += index as u64;
        let Some(pulse) = self.waiting.drain(..=index).next_back() else {
            return;
        };
        let delay = u64::try_from(at - pulse.at).unwrap_or(0);
        figures.delay.add(Duration::from_nanos(delay));
        if let Some((sent, came)) = self.pair.replace((pulse.place, place)) {
            let (sent, came) = (pulse.place - sent, place - came);
            figures.expected += sent.unsigned_abs();
            if sent - came >= PLAY {
                figures.missing += (sent - came).unsigned_abs();
            }
        }
    }

    /// Which of the pulses on their way this is, by where it lies. The first to come back is taken
    /// for the last that went out: what a server lost before it began is not known.
    fn which(&self, place: i64) -> Option<usize> {
        let Some((sent, came)) = self.pair else {
            return self.waiting.len().checked_sub(1);
        };
        let apart = |pulse: &Pulse| (place - came - (pulse.place - sent)).abs();
        let waiting = self.waiting.iter().enumerate();
        let nearest = waiting.min_by_key(|(_, pulse)| apart(pulse));
        nearest.map(|(index, _)| index)
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::pulse::PULSE;
    use proptest::prelude::*;

    const MS: i64 = 1_000_000;
    const SECOND: usize = 8_000;

    /// Speaks so many seconds with a pulse at the start of each but the first, and hears them
    /// `delay` later, in messages of this size, without the frames that `keep` does not.
    fn heard(seconds: usize, size: usize, delay: i64, keep: impl Fn(usize) -> bool) -> Figures {
        let (mut hearing, mut figures) = (Hearing::default(), Figures::default());
        let mut stream: Vec<u8> = Vec::new();
        for frame in 0..seconds * SECOND / FRAME {
            let pulse = frame >= 50 && frame % 50 == 0;
            if keep(frame) {
                stream.extend(if pulse { PULSE.as_slice() } else { &SILENCE });
            }
            let at = frame as i64 * 20 * MS;
            if pulse {
                hearing.pulse_sent(at, (frame * FRAME) as u64, &mut figures);
            }
            while stream.len() >= size {
                let message: Vec<u8> = stream.drain(..size).collect();
                hearing.media(at + delay, &message, &mut figures);
            }
        }
        figures
    }

    #[test]
    fn the_delay_is_from_a_pulse_out_to_its_first_sample_back() {
        let figures = heard(5, FRAME, 7 * MS, |_| true);
        let delay = figures.delay.summary();
        assert_eq!(delay.count, 4);
        assert!((delay.max - 7.0).abs() < 0.001, "{delay:?}");
        assert!(figures.spacing.summary().max < 0.001);
        assert_eq!((figures.expected, figures.missing), (3 * 8_000, 0));
        assert_eq!((figures.unheard, figures.received), (0, 40_000));
    }

    #[test]
    fn every_tenth_frame_that_is_missing_is_missed() {
        // Not the pulses themselves.
        let figures = heard(5, FRAME, 7 * MS, |frame| frame % 10 != 3);
        assert_eq!((figures.expected, figures.missing), (24_000, 2_400));
        assert_eq!(figures.unheard, 0);
    }

    #[test]
    fn a_pulse_that_is_lost_is_unheard_and_the_next_ones_are_known() {
        let figures = heard(6, FRAME, 7 * MS, |frame| frame != 150);
        assert_eq!(figures.unheard, 1);
        assert_eq!(figures.missing, FRAME as u64);
        assert!((figures.delay.summary().max - 7.0).abs() < 0.001);
    }

    #[test]
    fn what_never_comes_back_is_unheard() {
        let (mut hearing, mut figures) = (Hearing::default(), Figures::default());
        for second in 1..=10 {
            let at = second * 1_000 * MS;
            hearing.pulse_sent(at, second as u64 * 8_000, &mut figures);
        }
        assert_eq!(figures.unheard, 7, "three are waited for");
    }

    proptest! {
        #[test]
        fn messages_of_any_size_are_heard_to_the_sample(size in 20_usize..1_000) {
            let figures = heard(4, size, 0, |_| true);
            let delay = figures.delay.summary();
            prop_assert_eq!(delay.count, 3);
            // What a message gathers, the first sample in it waits for; nothing is counted early.
            let gathered = (size as f64).max(160.0) / 8.0;
            prop_assert!(delay.max <= gathered + 0.001, "{:?}", delay);
            prop_assert_eq!(figures.missing, 0);
        }
    }
}
