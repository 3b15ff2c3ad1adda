//! Who hears and speaks in the conversation: the models in this process, or what can be had without.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::Sender;
use trunkline_agent::ToolCall;
use trunkline_agent::engines::{EngineError, Process, Speech, Stt, Tool, Tts};
use trunkline_call::BoxFuture;
use trunkline_phone::murmur::murmur;

use crate::models::Ask;

/// How high the agent and the caller hum where no voice is to be had.
const AGENT_HZ: f64 = 190.0;
const CALLER_HZ: f64 = 120.0;

/// Who hears and speaks.
pub struct Cast {
    /// The agent's ears.
    pub stt: Arc<dyn Stt>,
    /// The agent's voice.
    pub agent: Arc<dyn Tts>,
    /// The caller's voice.
    pub caller: Arc<dyn Tts>,
    /// Who hears after the call what was said.
    pub judge: Judge,
    /// The agent's ears where they are told what is said.
    pub prompter: Prompter,
    /// In a sentence.
    pub told: String,
}

/// Who hears what was said: the words in the sound, or the sound that a voice gives to words.
#[derive(Clone)]
pub enum Judge {
    /// Puts sound into words.
    #[cfg_attr(
        not(feature = "speech"),
        expect(dead_code, reason = "only models hear words")
    )]
    Ears(Arc<dyn Stt>),
    /// Says what was to be said once more, by the agent's voice, whose sound is then looked for.
    Voice(Arc<dyn Tts>),
}

impl Cast {
    /// The best that can be had here. Models that are missing are fetched, which somebody may be asked
    /// about. Blocks for as long as that takes.
    pub fn here(ask: Ask) -> Self {
        match spoken(ask) {
            Ok(cast) => cast,
            Err(why) => Self::typed(&why),
        }
    }

    /// Without models: what the caller says is handed to the agent as text.
    pub fn typed(why: &str) -> Self {
        let prompter = Prompter::default();
        let voice = |voice: &str, pitch_hz| -> Arc<dyn Tts> {
            match Process::flite_as(voice) {
                Some(flite) => Arc::new(flite),
                None => Arc::new(Hum { pitch_hz }),
            }
        };
        let voices = match Process::flite_as("slt").is_some() {
            true => "Flite speaks",
            false => {
                "two hums without words stand for the voices (Debian has one: apt-get install flite)"
            }
        };
        Self {
            stt: Arc::new(prompter.clone()),
            agent: voice("slt", AGENT_HZ),
            caller: voice("rms", CALLER_HZ),
            judge: Judge::Voice(voice("slt", AGENT_HZ)),
            prompter,
            told: format!(
                "{why}; here {voices}, and the agent is handed the caller's words as text."
            ),
        }
    }
}

#[cfg(feature = "speech")]
fn spoken(ask: Ask) -> Result<Cast, String> {
    use crate::models::{self, HIBARI, WHISPER};
    use trunkline_agent::engines::{HibariTts, WhisperStt};
    let folder = models::ensure(ask).map_err(|error| {
        format!(
            "There are no speech models: {}",
            error.to_string().trim_end()
        )
    })?;
    let unusable = |error: &dyn std::fmt::Display| {
        format!("The speech models cannot be used: {error}; type `trunkline models verify`")
    };
    let ears = WhisperStt::new(&folder.join(WHISPER)).map_err(|error| unusable(&error))?;
    let voice = HibariTts::new(&folder.join(HIBARI), 1.0).map_err(|error| unusable(&error))?;
    let (ears, voice): (Arc<dyn Stt>, Arc<dyn Tts>) = (Arc::new(ears), Arc::new(voice));
    Ok(Cast {
        stt: Arc::clone(&ears),
        agent: Arc::clone(&voice),
        caller: voice,
        judge: Judge::Ears(ears),
        prompter: Prompter::default(),
        told: "Whisper hears and hibari speaks, both in this process.".to_owned(),
    })
}

#[cfg(not(feature = "speech"))]
fn spoken(_ask: Ask) -> Result<Cast, String> {
    Err("This build has no speech models, which `./demo` builds and fetches".to_owned())
}

/// Ears that are told what the caller says.
#[derive(Clone, Default)]
pub struct Prompter(Arc<Mutex<String>>);

impl Prompter {
    /// The caller says this from now on.
    pub fn tell(&self, words: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.clone_into(&mut told);
    }
}

impl Stt for Prompter {
    fn transcribe(&self, _samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(told.clone())))
    }
}

/// A voice without words.
struct Hum {
    pitch_hz: f64,
}

impl Tts for Hum {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let samples = murmur(&speech.text, self.pitch_hz);
            sound.send(samples).await.map_err(|_| EngineError::Unwanted)
        })
    }
}

/// The calendar of the front desk: it takes every appointment.
pub struct Calendar;

impl Tool for Calendar {
    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, EngineError>> {
        let text = |name: &str| call.arguments[name].as_str().unwrap_or_default().to_owned();
        let (day, time, number) = (text("day"), text("time"), text("number"));
        let digits: Vec<String> = number.chars().map(String::from).collect();
        let booked = format!(
            "Thank you. You have an appointment on {day}, at {time}, under the number {}.",
            digits.join(", ")
        );
        Box::pin(std::future::ready(Ok(booked)))
    }
}
