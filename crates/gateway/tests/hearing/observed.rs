//! The agent's engines under observation: what was heard, thought and said in a call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Sender, channel};
use trunkline_agent::engines::{
    Delta, EngineError, Llm, Question, Receptionist, Speech, Stt, Tool, Tts, WhisperStt, hand_on,
};
use trunkline_agent::{Message, Phrases, ToolCall};
use trunkline_call::BoxFuture;
use trunkline_phone::murmur::murmur;

/// What was seen of a call.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What Whisper heard in each utterance it was given, and how long that took.
    pub transcripts: Vec<(String, Duration)>,
    /// All that the caller had said when the last answer was thought of.
    pub understood: String,
    /// That answer.
    pub answer: String,
    /// The function that is called in it.
    pub function: Option<String>,
    /// The agent apologised: an engine had failed, or was too slow.
    pub apologies: usize,
}

/// What the engines of one line do.
#[derive(Default)]
pub struct Log(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    seen: Seen,
    /// Utterances that Whisper listens to.
    listening: usize,
    /// When anything last happened.
    active: Option<Instant>,
}

impl Log {
    /// What was seen, and forgets it.
    pub fn take(&self) -> Seen {
        std::mem::take(&mut self.noted().seen)
    }

    /// Whether nothing has happened for so long, since this time.
    pub fn is_idle(&self, since: Instant, long: Duration) -> bool {
        let noted = self.noted();
        let last = noted.active.map_or(since, |active| active.max(since));
        noted.listening == 0 && last.elapsed() >= long
    }

    /// Something happens.
    fn note(&self) -> MutexGuard<'_, Noted> {
        let mut noted = self.noted();
        noted.active = Some(Instant::now());
        noted
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whisper.
pub struct Ears {
    whisper: WhisperStt,
    log: Arc<Log>,
}

impl Ears {
    pub fn new(whisper: &WhisperStt, log: &Arc<Log>) -> Self {
        Self {
            whisper: whisper.clone(),
            log: Arc::clone(log),
        }
    }
}

/// For as long as an utterance is listened to, taken back or not.
struct Listening<'a>(&'a Log);

impl<'a> Listening<'a> {
    fn begin(log: &'a Log) -> Self {
        log.note().listening += 1;
        Self(log)
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.note().listening -= 1;
    }
}

impl Stt for Ears {
    fn transcribe(&self, samples: Vec<i16>) -> BoxFuture<'_, Result<String, EngineError>> {
        let listening = Listening::begin(&self.log);
        Box::pin(async move {
            // All of it, and not only the log in it.
            let listening = listening;
            let begun = Instant::now();
            let text = self.whisper.transcribe(samples).await?;
            let transcript = (text.clone(), begun.elapsed());
            listening.0.note().seen.transcripts.push(transcript);
            Ok(text)
        })
    }

    fn prepare(&self) -> BoxFuture<'_, ()> {
        self.whisper.prepare()
    }
}

/// The receptionist.
pub struct Brain {
    receptionist: Receptionist,
    log: Arc<Log>,
}

impl Brain {
    pub fn new(receptionist: Receptionist, log: &Arc<Log>) -> Self {
        Self {
            receptionist,
            log: Arc::clone(log),
        }
    }
}

impl Llm for Brain {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let said = question
                .messages
                .iter()
                .filter_map(|message| match message {
                    Message::User(said) => Some(said.as_str()),
                    _ => None,
                });
            {
                let seen = &mut self.log.note().seen;
                seen.understood = said.collect::<Vec<_>>().join(" ");
                (seen.answer, seen.function) = (String::new(), None);
            }
            let (to, from) = channel(4);
            let passing = hand_on(from, &answer, |delta| match delta {
                Delta::Words(words) => self.log.note().seen.answer.push_str(words),
                Delta::Call(call) => self.log.note().seen.function = Some(call.name.clone()),
            });
            let (ended, passed) = tokio::join!(self.receptionist.reply(question, to), passing);
            ended.and(passed)
        })
    }
}

/// A voice that is short, whatever it says.
pub struct Hum(Arc<Log>);

impl Hum {
    pub fn new(log: &Arc<Log>) -> Self {
        Self(Arc::clone(log))
    }
}

impl Tts for Hum {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let Phrases { sorry, failure, .. } = Phrases::default();
            let apologises = [sorry, failure].contains(&speech.text);
            self.0.note().seen.apologies += usize::from(apologises);
            let sent = sound.send(murmur("hum", 190.0)).await;
            sent.map_err(|_| EngineError::Unwanted)
        })
    }
}

/// No functions besides those of the agent itself.
pub struct Nothing;

impl Tool for Nothing {
    fn call(&self, _: ToolCall) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(std::future::ready(Ok(String::new())))
    }
}
