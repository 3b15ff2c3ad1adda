//! What is said to a provider that plays at its own pace: sent a little ahead of time, so that
//! no hiccup of the network is heard, and no further ahead, so that it is known within that much
//! what has been heard, and `Clear` and `Pause` have little to take back.
//!
//! The provider plays from the moment it gets something and goes on for as long as there is
//! more; that is all this file believes of it. A mark that it answers is believed more (`echoes`).
//!
//! What is sent together is a message: one frame, or several where the provider wants more.

use std::collections::VecDeque;

use trunkline_call::{FRAME_SAMPLES, Mark};
use trunkline_media::playout::{HIGH_SAMPLES, LOW_SAMPLES, Level, MARKS_MAX, SAMPLES_MAX};
use trunkline_media::timing::{EARLY_MAX_US, FRAME_US, SAMPLES_PER_MS};

use super::saying::{Frame, Saying};

mod echoes;
#[cfg(test)]
mod tests;

use echoes::Echoes;

/// How much audio the provider is given before it has played it, at messages of one frame. Longer
/// ones are sent by what they are longer before it runs dry.
pub const AHEAD_US: i64 = 200_000;

/// How long samples that fill no frame wait for the rest of it, at least. For a message of several
/// frames it is so much longer, since whoever speaks at the pace of speech needs that to fill it.
const PART_WAIT_US: i64 = 10_000;

/// How long before the provider runs dry such samples go out, filled up with silence.
const PART_LEFT_US: i64 = 40_000;

/// Frames that are there beyond the first message of several, before that goes out.
const IN_HAND: u8 = 2;

/// How long after its time a mark may stay unanswered. Then its audio has been heard for all we
/// know, and the application need not wait for ever.
const ANSWER_MAX_US: i64 = 2_000_000;

/// Capacity that is kept whatever happens: a second.
const KEPT_SAMPLES: usize = 16_000;

/// A mark among the samples.
#[derive(Debug)]
struct Placed {
    /// Samples before it.
    position: u64,
    mark: Mark,
    way: Way,
}

/// How far a mark has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Not sent, or taken back.
    Queued,
    /// Sent under this number.
    Sent(u64),
    /// Answered, or followed by one that was.
    Passed,
}

/// The samples that wait or may not have been heard yet, and the marks between them. Positions
/// count the application's samples since answer.
#[derive(Debug)]
pub(super) struct Ahead {
    /// From `front` to `sent` those that the provider has, then those it has not.
    samples: VecDeque<i16>,
    front: u64,
    sent: u64,
    /// When the provider will have played all it has.
    dry_us: i64,
    /// Samples of silence at the end of that, which fill a message.
    filled: u64,
    /// Frames of a message, and those that the one begun still lacks.
    frames: u8,
    lacking: u8,
    /// Samples in the frame that was said last.
    taken_last: u64,
    /// When the newest samples came.
    pushed_us: i64,
    marks: VecDeque<Placed>,
    numbers: u64,
    /// Whether the provider answers marks.
    answered: bool,
    echoes: Echoes,
    paused: bool,
    /// The provider, or the connection to it, takes nothing now.
    full: bool,
    high: bool,
}

impl Ahead {
    /// For a provider that answers marks or does not, in messages of so many frames.
    pub(super) fn new(answered: bool, frames: u8) -> Self {
        Self {
            samples: VecDeque::new(),
            front: 0,
            sent: 0,
            dry_us: 0,
            filled: 0,
            frames: frames.max(1),
            lacking: 0,
            taken_last: 0,
            pushed_us: 0,
            marks: VecDeque::new(),
            numbers: 0,
            answered,
            echoes: Echoes::new(answered),
            paused: false,
            full: false,
            high: false,
        }
    }

    /// All of the samples or, where they would be too many, none: `false`.
    pub(super) fn push(&mut self, now_us: i64, samples: &[i16]) -> bool {
        let fits = self.unsent() + samples.len() <= SAMPLES_MAX;
        if fits {
            self.samples.extend(samples);
            self.pushed_us = now_us;
        }
        fits
    }

    /// Puts a mark behind everything queued; `false` where there is no room.
    pub(super) fn push_mark(&mut self, mark: Mark) -> bool {
        let fits = self.marks.len() < MARKS_MAX;
        if fits {
            self.marks.push_back(Placed {
                position: self.end(),
                mark,
                way: Way::Queued,
            });
        }
        fits
    }

    /// Forgets what is queued, and, where the provider forgets as well (`cut`), what it has.
    /// What remains to be told of marks: those that were heard come first.
    pub(super) fn clear(&mut self, now_us: i64, cut: bool) -> (Vec<(Mark, u64)>, Vec<Mark>) {
        self.take_back(now_us, cut);
        self.samples.clear();
        self.samples.shrink_to(KEPT_SAMPLES);
        self.front = self.sent;
        let heard = self
            .marks
            .partition_point(|placed| placed.position <= self.sent);
        let unheard = self.marks.split_off(heard);
        let heard = self.marks.drain(..);
        (
            heard.map(|placed| (placed.mark, placed.position)).collect(),
            unheard.into_iter().map(|placed| placed.mark).collect(),
        )
    }

    /// Sends nothing more. Where the provider forgets what it has (`cut`), that is queued again.
    pub(super) fn pause(&mut self, now_us: i64, cut: bool) {
        self.paused = true;
        self.take_back(now_us, cut);
        let unsent = self
            .marks
            .iter_mut()
            .filter(|placed| placed.position > self.sent);
        unsent.for_each(|placed| placed.way = Way::Queued);
    }

    /// Goes on after [`Self::pause`].
    pub(super) fn resume(&mut self) {
        self.paused = false;
    }

    /// Whether the provider takes anything.
    pub(super) fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// The provider answered the mark of this number. All before it were passed as well, whether
    /// or not their answers came.
    pub(super) fn on_answer(&mut self, now_us: i64, number: u64) {
        self.echoes.on_answer(now_us, number);
        let sent = Way::Sent(number);
        let at = self.marks.iter().position(|placed| placed.way == sent);
        let passed = self.marks.iter_mut().take(at.map_or(0, |at| at + 1));
        passed.for_each(|placed| placed.way = Way::Passed);
    }

    /// Samples that were heard, as far as is known.
    pub(super) fn heard(&self, now_us: i64) -> u64 {
        let waiting = (self.dry_us - now_us).max(0) * SAMPLES_PER_MS as i64 / 1_000;
        let spoken = waiting.unsigned_abs().saturating_sub(self.filled);
        self.sent
            .saturating_sub(spoken)
            .min(self.echoes.heard_max(now_us))
            .max(self.front)
    }

    /// When the provider plays the frame that was said last, and how many samples were said before it.
    pub(super) fn latest(&self) -> (i64, u64) {
        (self.dry_us - FRAME_US, self.sent - self.taken_last)
    }

    /// The next thing to say or tell now; a frame is written to `frame`.
    pub(super) fn next(&mut self, now_us: i64, frame: &mut Frame) -> Option<Saying> {
        if let Some(passed) = self.next_passed(now_us) {
            return Some(Saying::Played(passed.mark, passed.position));
        }
        // Nothing comes between the frames of a message.
        if self.lacking == 0 {
            if let Some(number) = self.next_mark(now_us) {
                return Some(Saying::Mark(number));
            }
            if let Some(level) = self.level_crossed() {
                return Some(Saying::Level(level));
            }
        }
        self.next_frame(now_us, frame).then_some(Saying::Frame {
            more: self.lacking > 0,
        })
    }

    /// When [`Self::next`] will have more, if nothing happens before.
    pub(super) fn due(&self) -> Option<i64> {
        let message = (self.unsent() > 0 && !self.paused && !self.full).then(|| self.message_due());
        let mark = self.marks.front().and_then(|placed| self.mark_due(placed));
        message.into_iter().chain(mark).min()
    }

    /// Samples that the provider has not got yet.
    pub(super) fn unsent(&self) -> usize {
        let sent = usize::try_from(self.sent - self.front).unwrap_or(usize::MAX);
        self.samples.len().saturating_sub(sent)
    }

    /// Samples that were given.
    pub(super) fn end(&self) -> u64 {
        self.front + self.samples.len() as u64
    }

    fn take_back(&mut self, now_us: i64, cut: bool) {
        if cut {
            self.sent = self.heard(now_us);
            self.dry_us = self.dry_us.min(now_us);
            self.filled = 0;
            self.echoes.cut(self.sent);
        }
        self.forget(now_us);
    }

    fn next_frame(&mut self, now_us: i64, frame: &mut Frame) -> bool {
        if self.lacking == 0 {
            let held = self.unsent() == 0 || self.paused || self.full;
            if held || now_us + EARLY_MAX_US < self.message_due() {
                return false;
            }
            self.lacking = self.frames;
        }
        self.lacking -= 1;
        let unsent = self.unsent();
        let from = self.samples.len() - unsent;
        let count = unsent.min(FRAME_SAMPLES);
        let samples = self.samples.range(from..from + count).copied();
        let filled = samples.chain(std::iter::repeat(0));
        frame
            .iter_mut()
            .zip(filled)
            .for_each(|(slot, sample)| *slot = sample);
        self.sent += count as u64;
        self.taken_last = count as u64;
        self.dry_us = self.dry_us.max(now_us) + FRAME_US;
        let filled_before = if count > 0 { 0 } else { self.filled };
        self.filled = filled_before + (FRAME_SAMPLES - count) as u64;
        self.forget(now_us);
        true
    }

    /// When the next message may go, or, where it is not whole, must.
    fn message_due(&self) -> i64 {
        let longer = self.frames - 1;
        // Whoever speaks at the pace of speech fills the next message just when this one was
        // played: it begins with something in hand, or each hiccup would be heard.
        let begins = longer > 0 && self.dry_us <= self.pushed_us;
        let wanted = self.frames + if begins { IN_HAND } else { 0 };
        if self.unsent() >= FRAME_SAMPLES * usize::from(wanted) {
            return self.dry_us - (AHEAD_US - FRAME_US);
        }
        let must_us = self.dry_us - PART_LEFT_US;
        // A mark at the end says that this was all.
        let marked = self.marks.back().map(|placed| placed.position);
        if longer > 0 && marked == Some(self.end()) {
            return must_us;
        }
        must_us.max(self.pushed_us + PART_WAIT_US + i64::from(longer) * FRAME_US)
    }

    /// The number of the mark that is to be sent now: one of the application's or one of ours.
    fn next_mark(&mut self, now_us: i64) -> Option<u64> {
        if !self.answered {
            return None;
        }
        let sent = self.sent;
        let reached = |placed: &&mut Placed| placed.position <= sent && placed.way == Way::Queued;
        let placed = self.marks.iter_mut().find(reached);
        if placed.is_none() && !self.echoes.want(now_us, sent) {
            return None;
        }
        self.numbers += 1;
        match placed {
            Some(placed) => placed.way = Way::Sent(self.numbers),
            None => self.echoes.sent(now_us, self.numbers, sent),
        }
        Some(self.numbers)
    }

    fn next_passed(&mut self, now_us: i64) -> Option<Placed> {
        let first = self.marks.front()?;
        let answered = first.way == Way::Passed;
        let late = self
            .mark_due(first)
            .is_some_and(|due| now_us + EARLY_MAX_US >= due);
        if answered || late {
            self.marks.pop_front()
        } else {
            None
        }
    }

    /// When a mark counts as heard though nothing is told of it; `None` before it was sent.
    fn mark_due(&self, placed: &Placed) -> Option<i64> {
        let behind = self.sent.checked_sub(placed.position)? + self.filled;
        let behind_us = i64::try_from(behind * 1_000 / SAMPLES_PER_MS).unwrap_or(i64::MAX);
        let played_us = self.dry_us.saturating_sub(behind_us);
        Some(match self.answered {
            true => played_us + ANSWER_MAX_US,
            false => played_us,
        })
    }

    fn level_crossed(&mut self) -> Option<Level> {
        let level = match self.unsent() {
            HIGH_SAMPLES.. if !self.high => Level::High,
            ..=LOW_SAMPLES if self.high => Level::Low,
            _ => return None,
        };
        self.high = level == Level::High;
        Some(level)
    }

    /// Lets go of samples that were heard, and of memory that a long speech took.
    fn forget(&mut self, now_us: i64) {
        let heard = self.heard(now_us);
        let count = usize::try_from(heard - self.front).unwrap_or(usize::MAX);
        self.samples.drain(..count.min(self.samples.len()));
        self.front = heard;
        if self.samples.capacity() > KEPT_SAMPLES
            && self.samples.len() < self.samples.capacity() / 4
        {
            self.samples.shrink_to(self.samples.capacity() / 2);
        }
    }
}
