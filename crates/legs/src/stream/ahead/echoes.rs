//! Marks of our own between the application's: what was heard is known from the provider's
//! answers to them, and not only from the clock.
//!
//! An answer says that everything before its mark was heard; a mark without one, that what is
//! behind it was not, as far as is known. The truth is in between, and the two are [`EVERY`]
//! apart at most. An answer is under way for some time, so the truth is a little ahead of it.

use std::collections::VecDeque;

use trunkline_media::timing::SAMPLES_PER_MS;

use super::{AHEAD_US, ANSWER_MAX_US};

/// Samples from one mark to the next: as many as the provider has ahead of time.
pub(super) const EVERY: u64 = AHEAD_US as u64 * SAMPLES_PER_MS / 1_000;

/// Marks without an answer before no further is sent.
const OPEN_MAX: usize = 8;

/// How long a mark may stay unanswered: the time to play what is before it, and some more.
const UNANSWERED_MAX_US: i64 = AHEAD_US + ANSWER_MAX_US;

/// A mark of our own that was sent.
#[derive(Clone, Copy, Debug)]
struct Asked {
    number: u64,
    /// Samples before it.
    position: u64,
    at_us: i64,
}

/// Our marks, and what their answers tell. Positions count the application's samples.
#[derive(Debug)]
pub(super) struct Echoes {
    /// The provider answers marks, for all we know.
    asks: bool,
    open: VecDeque<Asked>,
    newest: Option<(u64, i64)>,
    /// Samples before the newest mark that was answered, and when it was.
    known: Option<(u64, i64)>,
}

impl Echoes {
    pub(super) fn new(asks: bool) -> Self {
        Self {
            asks,
            open: VecDeque::with_capacity(OPEN_MAX),
            newest: None,
            known: None,
        }
    }

    /// Whether a mark is to follow the samples that were sent so far.
    pub(super) fn want(&mut self, now_us: i64, sent: u64) -> bool {
        if self
            .open
            .front()
            .is_some_and(|asked| asked.is_overdue(now_us))
        {
            // It answers none. Then the clock must do.
            self.asks = false;
            self.known = None;
            self.open.clear();
        }
        let far = self.newest.is_none_or(|(position, at_us)| {
            sent > position && (sent >= position + EVERY || now_us >= at_us + AHEAD_US)
        });
        self.asks && sent > 0 && far && self.open.len() < OPEN_MAX
    }

    /// A mark of this number was sent behind so many samples.
    pub(super) fn sent(&mut self, now_us: i64, number: u64, position: u64) {
        self.newest = Some((position, now_us));
        self.open.push_back(Asked {
            number,
            position,
            at_us: now_us,
        });
    }

    /// The provider answered a mark of this number, which may be none of these.
    pub(super) fn on_answer(&mut self, now_us: i64, number: u64) {
        if let Some(at) = self.open.iter().position(|asked| asked.number == number) {
            let passed = self.open.drain(..=at).next_back();
            self.known = passed.map(|asked| (asked.position, now_us));
        }
    }

    /// So many samples at the most were heard.
    pub(super) fn heard_max(&self, now_us: i64) -> u64 {
        let open = self.open.front().filter(|asked| !asked.is_overdue(now_us));
        let since = |(position, at_us): (u64, i64)| {
            let us = now_us.saturating_sub(at_us).max(0).unsigned_abs();
            position + us / 1_000 * SAMPLES_PER_MS
        };
        let known = self.known.map_or(u64::MAX, since);
        open.map_or(known, |asked| known.min(asked.position))
    }

    /// The provider forgot everything behind so many samples.
    pub(super) fn cut(&mut self, sent: u64) {
        self.open.clear();
        self.newest = self
            .newest
            .map(|(position, at_us)| (position.min(sent), at_us));
    }
}

impl Asked {
    fn is_overdue(&self, now_us: i64) -> bool {
        now_us >= self.at_us.saturating_add(UNANSWERED_MAX_US)
    }
}
