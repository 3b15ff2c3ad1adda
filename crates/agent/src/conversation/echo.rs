//! Knows our own voice when the line sends it back.
//!
//! What we play is known, so what comes back of it is a copy: weaker, filtered by codecs, and late.
//! A caller's speech is none. Both are compared at a quarter of the rate, which has all that
//! matters of a voice on the telephone.

use std::collections::VecDeque;

use trunkline_audio::FRAME_SAMPLES;

/// Samples of a frame here: 20 ms at 4 kHz.
pub(super) const COARSE: usize = FRAME_SAMPLES / 4;
/// What is compared at once: 160 ms.
const WINDOW: usize = 8 * COARSE;
/// The latest an echo comes back: 600 ms.
const LAG_MAX: usize = 30 * COARSE;
/// How far the lag moves from one look to the next: 10 ms, more than clocks and jitter do.
const LAG_DRIFT: usize = COARSE / 2;
/// Two voices are never this alike over a window, wherever one looks.
const ALIKE_ANYWHERE: f32 = 0.88;
/// Nor this alike at one lag.
const ALIKE_THERE: f32 = 0.5;
/// The caller speaks over an echo where it is less alike than this.
const UNLIKE: f32 = 0.3;
/// Power of a sample below which nothing is heard, or played: an amplitude of about 30.
const SOUND: f32 = 900.0;
/// Four times the power (6 dB) of the loudest that may come back is no echo.
const LOUDER: f32 = 4.0;
/// What is known of an echo's level moves by this part with every look.
const LEVEL_PART: f32 = 0.125;

/// What the line sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Our own voice.
    Ours,
    /// Somebody else's.
    Theirs,
    /// It cannot be told, or nobody's.
    Unclear,
}

/// Follows both directions of one call.
#[derive(Debug)]
pub(super) struct EchoGuard {
    played: VecDeque<f32>,
    heard: VecDeque<f32>,
    /// How late our voice comes back, once that was seen.
    lag: Option<usize>,
    /// The part of our power that comes back.
    level: f32,
}

impl EchoGuard {
    pub fn new() -> Self {
        Self {
            played: VecDeque::from(vec![0.0; WINDOW + LAG_MAX]),
            heard: VecDeque::from(vec![0.0; WINDOW]),
            lag: None,
            level: 0.0,
        }
    }

    /// The next 20 ms of both directions.
    pub fn follow(&mut self, played: &[i16; COARSE], heard: &[i16; FRAME_SAMPLES]) {
        self.played.drain(..COARSE);
        self.played.extend(played.iter().map(|s| f32::from(*s)));
        self.heard.drain(..COARSE);
        self.heard.extend(coarse(heard).map(f32::from));
    }

    /// Whether the line's delay is known: then an echo is told from its first moment on.
    pub fn knows_line(&self) -> bool {
        self.lag.is_some()
    }

    /// Whether anything of ours may still come back.
    pub fn has_sounded(&self) -> bool {
        mean_power(self.played.iter()) > SOUND / 4.0
    }

    /// Whose voice was heard in the last 160 ms.
    pub fn likeness(&mut self) -> Likeness {
        let (played, heard) = (self.played.make_contiguous(), self.heard.make_contiguous());
        if mean_power(heard.iter()) < SOUND {
            return Likeness::Unclear;
        }
        let around = self.lag.map(|lag| {
            let from = lag.saturating_sub(LAG_DRIFT);
            best(played, heard, from, (lag + LAG_DRIFT).min(LAG_MAX))
        });
        match around {
            Some((alike, lag)) if alike >= ALIKE_THERE => {
                self.comes_back(lag);
                return Likeness::Ours;
            }
            Some((alike, _)) if alike >= UNLIKE => return Likeness::Unclear,
            _ => {}
        }
        let (alike, lag) = best(played, heard, 0, LAG_MAX);
        if alike >= ALIKE_ANYWHERE {
            self.comes_back(lag);
            return Likeness::Ours;
        }
        Likeness::Theirs
    }

    /// Whether the last 20 ms were louder than anything of ours that may come back.
    pub fn is_louder_than_echo(&mut self) -> bool {
        let heard = self.heard.make_contiguous().rchunks(COARSE).next();
        let heard = heard.map_or(0.0, |frame| mean_power(frame.iter()));
        let played = self.played.make_contiguous().chunks(COARSE);
        let loudest = played.map(|frame| mean_power(frame.iter()));
        let loudest = loudest.fold(0.0, f32::max);
        heard > LOUDER * self.level * loudest
    }

    /// What is heard is what was played so long ago.
    fn comes_back(&mut self, lag: usize) {
        let end = self.played.len() - lag;
        let then = mean_power(self.played.range(end - WINDOW..end));
        let level = mean_power(self.heard.iter()) / then.max(SOUND / 4.0);
        self.level = match self.lag.replace(lag) {
            Some(_) => self.level + (level - self.level) * LEVEL_PART,
            None => level,
        };
    }
}

/// Every four samples as one.
pub(super) fn coarse(samples: &[i16]) -> impl Iterator<Item = i16> {
    let fours = samples.as_chunks::<4>().0.iter();
    // The mean of four samples is a sample.
    fours.map(|four| (four.iter().map(|s| i32::from(*s)).sum::<i32>() / 4) as i16)
}

fn mean_power<'a>(samples: impl ExactSizeIterator<Item = &'a f32>) -> f32 {
    let count = samples.len().max(1) as f32;
    samples.map(|sample| sample * sample).sum::<f32>() / count
}

/// The largest likeness, from 0 to 1, among these lags, and its lag.
fn best(played: &[f32], heard: &[f32], from: usize, to: usize) -> (f32, usize) {
    let own = product(heard, heard);
    let mut best = (0.0, from);
    for lag in from..=to {
        let end = played.len() - lag;
        let then = &played[end - WINDOW..end];
        let theirs = product(then, then);
        if theirs < SOUND * WINDOW as f32 / 4.0 {
            continue;
        }
        let alike = product(then, heard).abs() / (own * theirs).sqrt();
        if alike > best.0 {
            best = (alike, lag);
        }
    }
    best
}

/// The sum of the products of two windows, in lanes that a processor adds at once.
fn product(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
