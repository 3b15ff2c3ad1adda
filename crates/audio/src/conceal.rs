//! Packet-loss concealment, a 20 ms frame at a time at 16 kHz.
//!
//! The way of G.711 Appendix I: what was heard last is repeated at its pitch period, joined by
//! overlap and addition, fading to silence after 60 ms; what arrives afterwards is cross-faded in.
//! Unlike Appendix I it never holds audio back: the seam where a loss begins is smoothed by
//! correcting the concealed side alone.

mod pitch;

#[cfg(test)]
mod tests;

use crate::frame::FRAME_SAMPLES;
use pitch::{LAG_MAX, WINDOW};

/// Samples remembered: enough to compare a window with itself the longest period ago.
const HISTORY: usize = WINDOW + LAG_MAX;

/// Full level for 10 ms, then a straight line down to silence at 60 ms.
const FADE_FROM: usize = 160;
const FADE_TO: usize = 960;

/// The step between what was heard and its repetition is worn off over 2 ms.
const SEAM: usize = 32;

/// Cross-fade into what arrives: 5 ms, and 4 ms more for each further frame that was missing.
const REJOIN: usize = 80;
const REJOIN_MORE: usize = 64;

/// One direction of a call. Feed it every 20 ms, heard or missing, in order.
#[derive(Clone, Debug)]
pub struct Concealer {
    /// The last samples that were played, oldest first.
    history: [i16; HISTORY],
    loss: Option<Loss>,
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Concealer {
    /// A concealer that has heard nothing: what is missing at first is silence.
    pub fn new() -> Self {
        Self {
            history: [0; HISTORY],
            loss: None,
        }
    }

    /// Takes in a frame that arrived. After a loss its start is cross-faded, else it stays untouched.
    pub fn hear(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        if let Some(mut loss) = self.loss.take() {
            loss.fade_into(frame);
        }
        self.remember(frame);
    }

    /// Writes what is played in place of a frame that is missing.
    pub fn fill(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        let history = &self.history;
        let loss = self.loss.get_or_insert_with(|| Loss::after(history));
        loss.frames += 1;
        for sample in frame.iter_mut() {
            *sample = loss.next();
        }
        self.remember(frame);
    }

    fn remember(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        self.history.copy_within(FRAME_SAMPLES.., 0);
        self.history[HISTORY - FRAME_SAMPLES..].copy_from_slice(frame);
    }
}

/// A loss under way.
#[derive(Clone, Debug)]
struct Loss {
    /// One pitch period that may be repeated without a step; its first `period` samples count.
    cycle: [i16; LAG_MAX],
    period: usize,
    /// How far the last sample heard lies above the one its repetition would follow.
    step: i32,
    /// Samples made so far.
    made: usize,
    /// Frames missing so far.
    frames: usize,
}

impl Loss {
    fn after(history: &[i16; HISTORY]) -> Self {
        let period = pitch::period(history);
        let start = HISTORY - period;
        let mut cycle = [0; LAG_MAX];
        cycle[..period].copy_from_slice(&history[start..]);
        // The end of the cycle turns into what came before its start, so that it can follow itself.
        let overlap = period / 4;
        let before = &history[start - overlap..start];
        for (n, (end, before)) in cycle[period - overlap..period]
            .iter_mut()
            .zip(before)
            .enumerate()
        {
            *end = blended(*end, *before, n + 1, overlap + 1);
        }
        let step = i32::from(history[HISTORY - 1]) - i32::from(history[start - 1]);
        Self {
            cycle,
            period,
            step,
            made: 0,
            frames: 0,
        }
    }

    fn next(&mut self) -> i16 {
        let at = self.made;
        self.made = (at + 1).min(FADE_TO);
        let seam = self.step * SEAM.saturating_sub(at + 1) as i32 / SEAM as i32;
        let sample = i32::from(self.cycle[at % self.period]) + seam;
        let level = FADE_TO.saturating_sub(at).min(FADE_TO - FADE_FROM) as i32;
        let faded = sample * level / (FADE_TO - FADE_FROM) as i32;
        faded.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }

    fn fade_into(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        let length = REJOIN + REJOIN_MORE * self.frames.saturating_sub(1).min(FRAME_SAMPLES);
        let length = length.min(FRAME_SAMPLES);
        for (n, sample) in frame[..length].iter_mut().enumerate() {
            *sample = blended(self.next(), *sample, n + 1, length + 1);
        }
    }
}

/// `part` parts of `to` and the rest of `whole` of `from`.
fn blended(from: i16, to: i16, part: usize, whole: usize) -> i16 {
    let (part, whole) = (part as i32, whole as i32);
    // Between the two, so it fits.
    ((i32::from(from) * (whole - part) + i32::from(to) * part) / whole) as i16
}
