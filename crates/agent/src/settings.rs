//! How an agent behaves on a call.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use trunkline_audio::tone::Tone;
use trunkline_call::Target;

/// How long a tone of [`Sounds`] is: 200 ms.
const TONE_SAMPLES: usize = 3_200;

/// What an agent is and says. The defaults are those of a receptionist in English.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the language model is told of itself.
    pub prompt: String,
    /// Said first; nothing where it is empty.
    pub greeting: String,
    /// Whether a caller who speaks silences us.
    pub barge_in: bool,
    /// Silence after which the caller has said all, at least the 200 ms that end speech.
    pub end_of_turn: Duration,
    /// Whether a turn model is asked at every pause if the caller has come to an end. Then that ends
    /// the turn, and `end_of_turn` where it does not say so.
    pub judges_turns: bool,
    /// Silence of both sides after which the caller is asked whether they are there.
    pub silence: Duration,
    /// How often that is asked before we say goodbye.
    pub silence_prompts: u32,
    /// How long a call may be before we say goodbye.
    pub longest: Duration,
    /// Whom a caller may be handed over to, by names that the language model is told.
    pub transfers: Vec<(String, Target)>,
    /// What else the language model may ask for.
    pub tools: Vec<ToolSpec>,
    /// What is said without asking the language model.
    pub phrases: Phrases,
    /// What is heard where no voice can be had.
    pub sounds: Sounds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prompt: "You answer the telephone. Your words are spoken aloud: answer in one to \
                     three short sentences, without lists, markup or emojis. Text in brackets \
                     such as [keys pressed: 12] says what the caller did."
                .to_owned(),
            greeting: "Hello, how can I help you?".to_owned(),
            barge_in: true,
            end_of_turn: Duration::from_millis(500),
            judges_turns: false,
            silence: Duration::from_secs(10),
            silence_prompts: 2,
            longest: Duration::from_secs(30 * 60),
            transfers: Vec::new(),
            tools: Vec::new(),
            phrases: Phrases::default(),
            sounds: Sounds::default(),
        }
    }
}

/// A function that the language model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it is good for, for the model.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// What is said without asking the language model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrases {
    /// The answer takes long.
    pub wait: String,
    /// Something failed; the caller may try again.
    pub sorry: String,
    /// Something fails again and again; the call ends after it.
    pub failure: String,
    /// Nobody has said anything for a while.
    pub silence: String,
    /// The call ends after it.
    pub farewell: String,
    /// The caller is handed over after it.
    pub hand_over: String,
    /// The caller could not be handed over.
    pub not_reached: String,
}

impl Default for Phrases {
    fn default() -> Self {
        Self {
            wait: "One moment, please.".to_owned(),
            sorry: "I am sorry, something went wrong. Could you say that again?".to_owned(),
            failure: "I am sorry, I cannot help you at the moment. Please call again later."
                .to_owned(),
            silence: "Are you still there?".to_owned(),
            farewell: "Thank you for calling. Goodbye.".to_owned(),
            hand_over: "One moment, I will connect you.".to_owned(),
            not_reached: "I am sorry, nobody could be reached there.".to_owned(),
        }
    }
}

impl Phrases {
    /// Every phrase, to be spoken beforehand.
    pub fn all(&self) -> [&str; 7] {
        [
            &self.wait,
            &self.sorry,
            &self.failure,
            &self.silence,
            &self.farewell,
            &self.hand_over,
            &self.not_reached,
        ]
    }
}

/// Samples at 16 kHz that need no engine when they are wanted.
#[derive(Clone, Debug)]
pub struct Sounds {
    /// Heard where an answer takes long and no voice says so.
    pub wait: Arc<[i16]>,
    /// Heard in place of an apology.
    pub sorry: Arc<[i16]>,
}

impl Default for Sounds {
    /// Two rising tones, and two falling ones.
    fn default() -> Self {
        Self {
            wait: tones([440.0, 587.0]),
            sorry: tones([440.0, 330.0]),
        }
    }
}

fn tones(pair: [f64; 2]) -> Arc<[i16]> {
    let mut samples = Vec::new();
    for hz in pair {
        let mut tone = [0; TONE_SAMPLES];
        Tone::sine(hz, 3_000).fill(&mut tone);
        samples.extend(tone);
        samples.extend([0; TONE_SAMPLES / 4]);
    }
    samples.into()
}
