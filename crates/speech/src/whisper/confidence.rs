//! Whether what Whisper heard was there.
//!
//! Of noise it mostly tells what it is, as `(static)`, which is left out as no words are. Now and then
//! it makes words of it, those that its training had there; then it hardly believes in them itself.
//! What it takes for silence (`no_speech_prob`) says nothing: tiny.en is sure of speech even in noise.

use trunkline_audio::FRAME_SAMPLES;
use whisper_rs::WhisperState;

/// Nobody speaks where no 20 ms are louder than an amplitude of 60 (−55 dBFS) on average.
const SILENT: i64 = 60;
/// Words less likely than this, as the mean logarithm of their tokens, were made up. Of
/// fifty that were really said on the telephone the least likely had −1.06; a synthetic "Yes." with a
/// strong accent had −1.38, and is asked for again.
const MADE_UP: f32 = -1.2;
/// The same of words that are made up often.
const OFTEN_MADE_UP: f32 = -0.8;
const OFTEN: [&str; 6] = ["you", "thank you", "bye", "okay", "so", "i'm sorry"];
/// Whoever calls has never said this.
const NEVER_SAID: [&str; 3] = [
    "thanks for watching",
    "thank you for watching",
    "please subscribe",
];

/// How likely Whisper found what it heard last: the mean logarithm of its tokens' probability.
pub(super) fn certainty(state: &WhisperState) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for segment in state.as_iter() {
        for token in (0..segment.n_tokens()).filter_map(|at| segment.get_token(at)) {
            sum += token.token_probability().max(f32::MIN_POSITIVE).ln();
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { f32::MIN }
}

/// Whether words of this certainty were made up.
pub(super) fn are_made_up(words: &str, certainty: f32) -> bool {
    let words = words.to_lowercase();
    let words = words.trim_matches(|c: char| !c.is_alphanumeric());
    let least = if OFTEN.contains(&words) {
        OFTEN_MADE_UP
    } else {
        MADE_UP
    };
    certainty < least || NEVER_SAID.iter().any(|never| words.starts_with(never))
}

/// Whether there is hardly any sound at all.
pub(super) fn is_silent(samples: &[i16]) -> bool {
    let loud = |frame: &[i16]| {
        let power: i64 = frame.iter().map(|sample| i64::from(*sample).pow(2)).sum();
        power > SILENT * SILENT * frame.len() as i64
    };
    !samples.chunks(FRAME_SAMPLES).any(loud)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hardly_believed_is_made_up() {
        assert!(are_made_up(" you", -1.3));
        assert!(are_made_up("Thank you.", -0.9));
        assert!(are_made_up("The engine of the year", -1.5));
        assert!(are_made_up("Thanks for watching!", -0.1));
        for (said, certainty) in [("Thank you.", -0.4), ("Bye.", -0.55), ("Stop.", -0.93)] {
            assert!(!are_made_up(said, certainty), "{said}");
        }
    }

    #[test]
    fn silence_is_what_nobody_hears() {
        assert!(is_silent(&[]) && is_silent(&[8; 3_200]));
        let mut samples = [8; 3_200];
        samples[960..1_280].fill(-300);
        assert!(!is_silent(&samples));
    }
}
