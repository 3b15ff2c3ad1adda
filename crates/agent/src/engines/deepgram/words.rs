//! The words of one utterance, out of Deepgram's messages.

use serde_json::Value;
use trunkline_audio::SAMPLE_RATE_HZ;

use crate::engines::openai::told;

/// The longest transcript that is kept, in bytes.
const WORDS_BYTES_MAX: usize = 8_000;
/// Silence at the end of sound that a server need not have told of, in seconds.
const SILENCE_S: f64 = 0.3;

/// What was said since the last utterance ended.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Segments that do not change any more.
    last: String,
    /// The segment after them, as it was heard so far.
    so_far: String,
    /// Where the utterance begins and how far it was heard, in seconds of all sound.
    from_s: f64,
    to_s: f64,
}

impl Words {
    /// Takes in a message: whether it answers `Finalize`.
    ///
    /// # Errors
    /// What the server says is wrong.
    pub fn take_in(&mut self, message: &Value) -> Result<bool, String> {
        match message["type"].as_str() {
            Some("Results") => Ok(self.results(message)),
            Some("Error") => Err(told(&message["description"])),
            // `Metadata`, and what is told of speech: we know when it begins and ends.
            _ => Ok(false),
        }
    }

    fn results(&mut self, message: &Value) -> bool {
        let seconds = |name: &str| message[name].as_f64().unwrap_or(0.0);
        let to_s = seconds("start") + seconds("duration");
        let is_answer = message["from_finalize"] == true;
        if to_s <= self.from_s {
            return is_answer;
        }
        self.to_s = self.to_s.max(to_s);
        let text = &message["channel"]["alternatives"][0]["transcript"];
        let text = text.as_str().unwrap_or_default().trim();
        if message["is_final"] == true {
            self.so_far.clear();
            append(&mut self.last, text);
        } else {
            self.so_far.clear();
            append(&mut self.so_far, text);
        }
        is_answer
    }

    /// Those that do not change any more, and those of the segment after them.
    pub fn all(&self) -> String {
        let mut all = self.last.clone();
        append(&mut all, &self.so_far);
        all
    }

    /// What was sent up to here belongs to an utterance that is over.
    pub fn forget(&mut self, sent: u64) {
        *self = Self {
            from_s: seconds(sent),
            to_s: self.to_s,
            ..Self::default()
        };
    }

    /// Whether so many samples have been heard, but for silence at their end.
    pub fn reach(&self, sent: u64) -> bool {
        self.to_s + SILENCE_S >= seconds(sent)
    }
}

fn append(words: &mut String, text: &str) {
    if text.is_empty() || words.len() + text.len() >= WORDS_BYTES_MAX {
        return;
    }
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(text);
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE_HZ)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn results(from_s: f64, to_s: f64, text: &str, is_final: bool) -> Value {
        json!({
            "type": "Results", "start": from_s, "duration": to_s - from_s, "is_final": is_final,
            "from_finalize": false, "channel": {"alternatives": [{"transcript": text}]},
        })
    }

    #[test]
    fn a_segment_is_replaced_until_it_is_final() {
        let mut words = Words::default();
        for (to_s, text, is_final) in [(0.5, "when", false), (1.0, "When do you", true)] {
            assert_eq!(
                words.take_in(&results(0.0, to_s, text, is_final)),
                Ok(false)
            );
        }
        words.take_in(&results(1.0, 1.4, "often", false)).unwrap();
        words.take_in(&results(1.0, 1.6, "open?", false)).unwrap();
        assert_eq!(words.all(), "When do you open?");
        assert!(words.reach(16_000) && words.reach(30_000) && !words.reach(32_000));
    }

    #[test]
    fn what_comes_late_of_an_utterance_that_is_over_is_not_the_next_ones() {
        let mut words = Words::default();
        words.forget(16_000);
        words.take_in(&results(0.0, 1.0, "Hello.", true)).unwrap();
        assert_eq!(words.all(), "");
        words.take_in(&results(1.0, 2.0, "Bye.", true)).unwrap();
        assert_eq!(words.all(), "Bye.");
    }

    #[test]
    fn an_error_is_told_and_what_is_not_of_words_passed_over() {
        let mut words = Words::default();
        let error = json!({"type": "Error", "description": "no\u{7} credit"});
        assert_eq!(words.take_in(&error), Err("no credit".to_owned()));
        for message in [
            json!({"type": "Metadata"}),
            json!(7),
            json!({"type": "Results"}),
        ] {
            assert_eq!(words.take_in(&message), Ok(false), "{message}");
        }
        let mut finalized = results(0.0, 1.0, "", true);
        finalized["from_finalize"] = json!(true);
        assert_eq!(words.take_in(&finalized), Ok(true));
    }

    #[test]
    fn a_transcript_without_end_is_not_kept() {
        let mut words = Words::default();
        let long = "x".repeat(3_000);
        for second in 0..100 {
            let from_s = f64::from(second);
            words
                .take_in(&results(from_s, from_s + 1.0, &long, true))
                .unwrap();
        }
        assert!(words.all().len() < WORDS_BYTES_MAX);
    }
}
