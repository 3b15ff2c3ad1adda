//! From the voice's own rate and level to those of a telephone line.

use trunkline_audio::{Resampler, SAMPLE_RATE_HZ, UnsupportedRates};

use super::vocoder::RATE_HZ;

/// Brings the voice, whose sentences lie about 25 dB below full scale while it speaks, to 19 dB below:
/// loud on a telephone line, and with room for its peaks.
const GAIN: f32 = 2.0;
/// Above this a peak is bent instead of cut.
const KNEE: f32 = 0.7;
/// Samples gathered before they are handed on: 100 ms at the voice's rate.
const PIECE: usize = 2_400;
/// The voice is silent for a quarter of a second before its first word, which a caller would wait for.
/// Sound begins above this, 44 dB below full scale.
const QUIET: u16 = 200;
/// What is left of that silence: 5 ms at the voice's rate, for a word that begins softly. What lies
/// before that is 30 dB below the voice, and a caller waits for it.
const BREATH: usize = 120;
/// Silence that pushes the last sound out of the resampler: its delay, rounded up.
const TAIL: usize = 30;

/// One utterance on its way out.
pub(super) struct Line {
    resampler: Resampler,
    waiting: Vec<i16>,
    piece: Vec<i16>,
    has_begun: bool,
}

impl Line {
    pub fn new() -> Result<Self, UnsupportedRates> {
        Ok(Self {
            resampler: Resampler::new(RATE_HZ, SAMPLE_RATE_HZ)?,
            waiting: Vec::with_capacity(PIECE),
            piece: Vec::new(),
            has_begun: false,
        })
    }

    /// Takes samples around ±1.0; false once nobody listens.
    pub fn push(&mut self, samples: &[f32], sound: &mut dyn FnMut(&[i16]) -> bool) -> bool {
        self.waiting
            .extend(samples.iter().map(|sample| level(*sample)));
        self.has_begun = self.has_begun || self.begins();
        self.waiting.len() < PIECE || self.hand_on(sound)
    }

    /// Whether a sound is heard. All but a breath of the silence before it is dropped.
    fn begins(&mut self) -> bool {
        let is_heard = |sample: &i16| sample.unsigned_abs() > QUIET;
        let heard = self.waiting.iter().position(is_heard);
        let silent = heard.unwrap_or(self.waiting.len());
        self.waiting.drain(..silent.saturating_sub(BREATH));
        heard.is_some()
    }

    /// Hands on what is left at the end of the utterance.
    pub fn finish(&mut self, sound: &mut dyn FnMut(&[i16]) -> bool) -> bool {
        self.waiting.extend([0; TAIL]);
        self.hand_on(sound)
    }

    fn hand_on(&mut self, sound: &mut dyn FnMut(&[i16]) -> bool) -> bool {
        let len = self.resampler.output_len(self.waiting.len());
        self.piece.resize(len, 0);
        self.resampler.process(&self.waiting, &mut self.piece);
        self.waiting.clear();
        sound(&self.piece)
    }
}

/// A sample at the line's level.
fn level(sample: f32) -> i16 {
    let loud = sample * GAIN;
    let over = loud.abs() - KNEE;
    let bent = if over > 0.0 {
        let room = 1.0 - KNEE;
        (KNEE + room * (over / room).tanh()).copysign(loud)
    } else {
        loud
    };
    // A cast of what is no number gives 0.
    (bent * f32::from(i16::MAX)).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_beyond_full_scale_is_bent_and_never_wraps() {
        let levels = [0.0, 0.1, 0.3, 0.4, 0.5, 0.8, 2.0, 1e9, f32::INFINITY].map(level);
        assert!(levels.is_sorted(), "{levels:?}");
        assert_eq!(levels[0], 0);
        assert_eq!(levels[1], 6_553, "below the knee it is the gain alone");
        assert_eq!(level(-1e9), -i16::MAX);
        assert_eq!(level(f32::NAN), 0);
    }

    #[test]
    fn three_samples_become_two_and_the_end_is_pushed_out() {
        let mut heard = Vec::new();
        let mut sound = |piece: &[i16]| {
            heard.extend_from_slice(piece);
            true
        };
        let mut line = Line::new().unwrap();
        for _ in 0..20 {
            assert!(line.push(&[0.2; 300], &mut sound));
        }
        assert!(line.finish(&mut sound));
        assert_eq!(heard.len(), (6_000 + TAIL) * 2 / 3);
        let middle = &heard[1_000..3_000];
        assert!(middle.iter().all(|s| (s - 13_107).abs() < 40), "{middle:?}");
        assert!(heard[3_990..4_000].iter().any(|sample| *sample > 6_000));
    }

    #[test]
    fn of_the_silence_before_the_first_word_a_breath_is_left() {
        let mut heard = Vec::new();
        let mut sound = |piece: &[i16]| {
            heard.extend_from_slice(piece);
            true
        };
        let mut line = Line::new().unwrap();
        for _ in 0..20 {
            assert!(line.push(&[0.001; 300], &mut sound));
        }
        assert!(line.push(&[0.2; 300], &mut sound));
        assert!(line.push(&[0.0; 6_000], &mut sound), "a pause within");
        assert!(line.finish(&mut sound));
        assert_eq!(heard.len(), (BREATH + 300 + 6_000 + TAIL) * 2 / 3);
    }

    #[test]
    fn who_does_not_listen_any_more_is_noticed() {
        let mut line = Line::new().unwrap();
        assert!(
            line.push(&[0.1; 300], &mut |_| false),
            "nothing was handed on yet"
        );
        assert!(!line.push(&[0.1; PIECE], &mut |_| false));
    }
}
