//! What a file of scenarios says, proven.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use trunkline_agent::engines::{Stt, Tts};
use trunkline_call::Digit;

/// Classes of answers, and the words by which each is known.
pub type Intents = BTreeMap<String, Vec<String>>;

/// A file of scenarios.
pub struct Scenarios {
    /// Whom to call where a scenario does not say.
    pub target: Option<String>,
    /// How many callers follow each scenario at once.
    pub callers: usize,
    /// How long is waited for anything.
    pub within: Duration,
    /// Silence after which an answer is over.
    pub quiet: Duration,
    /// What hears the words of answers; nothing where no scenario asks for words.
    pub stt: Option<Arc<dyn Stt>>,
    /// What speaks texts; nothing where no scenario has one.
    pub tts: Option<Box<dyn Tts>>,
    /// Classes of answers, and the words by which they are known.
    pub intents: Intents,
    /// In the order of the file.
    pub scenarios: Vec<Scenario>,
}

/// One conversation.
pub struct Scenario {
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// As it is called in reports.
    pub name: String,
    /// Whom to call.
    pub target: Option<String>,
    /// What the caller does.
    pub steps: Vec<Placed>,
}

/// A step, and the line on which it stands.
pub struct Placed {
    /// Counted from 1.
    pub line: usize,
    /// The step.
    pub action: Action,
}

/// What a caller does.
pub enum Action {
    /// Says something.
    Say(Utterance),
    /// Says something into the answer, once that has gone on for so long.
    Interrupt {
        /// For so long.
        after: Duration,
        /// What is said.
        speech: Utterance,
    },
    /// Waits.
    WaitFor(Awaited),
    /// Presses keys.
    Press(Vec<Digit>),
    /// Has this behind everything from here on, again and again; nothing where it is empty.
    Noise(Arc<[i16]>),
    /// The line gives back what comes, at this level (1 is as loud); 0 ends it.
    Echo(f64),
    /// The network loses this share of the packets.
    Lose(f64),
    /// Does nothing for a while.
    Pause(Duration),
    /// Judges the answer.
    Expect(Expectation),
}

/// Something that is said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Utterance {
    /// A text, perhaps in a voice of its own.
    Text {
        /// The text.
        text: String,
        /// The voice.
        voice: Option<String>,
    },
    /// A recording, 16 kHz.
    Sound(Arc<[i16]>),
}

impl Utterance {
    /// Whether somebody has to speak it.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. })
    }
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The far end speaks.
    Speech,
    /// It has spoken, and is silent.
    End,
    /// It hangs up.
    HangUp,
}

/// What an answer must be.
#[derive(Default)]
pub struct Expectation {
    /// These words, but for this share of them.
    pub text: Option<(String, f64)>,
    /// All of these words.
    pub contains: Vec<String>,
    /// Words that fit this.
    pub regex: Option<Regex>,
    /// Of this class.
    pub intent: Option<String>,
    /// Begun so soon after the caller's last word, in ms.
    pub gap_ms: Option<u64>,
    /// Silent so soon after the caller cut in, in ms.
    pub silence_ms: Option<u64>,
    /// At least so long, in ms.
    pub spoken_ms: Option<u64>,
    /// Without a longer pause, in ms.
    pub pause_ms: Option<u64>,
    /// These keys are pressed by the far end.
    pub keys: Vec<Digit>,
}

impl Action {
    /// Whether the far end may answer to it.
    pub fn speaks(&self) -> bool {
        matches!(self, Self::Say(_) | Self::Interrupt { .. } | Self::Press(_))
    }

    /// What is said in this step.
    pub fn utterance(&self) -> Option<&Utterance> {
        match self {
            Self::Say(speech) | Self::Interrupt { speech, .. } => Some(speech),
            _ => None,
        }
    }
}

impl Expectation {
    /// Whether the answer must be put into words.
    pub fn is_about_words(&self) -> bool {
        let is_exact = self.text.is_some() || self.regex.is_some();
        is_exact || !self.contains.is_empty() || self.intent.is_some()
    }

    /// Whether the answer must be heard to its end.
    pub fn is_about_all_of_it(&self) -> bool {
        self.is_about_words() || self.spoken_ms.is_some() || self.pause_ms.is_some()
    }
}
