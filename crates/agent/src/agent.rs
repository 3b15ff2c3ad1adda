//! An agent as an application: drives the [`Conversation`] of every call and its engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, channel};
use trunkline_call::{App, BoxFuture, Call, CallCommand, CallEvent, CallId, CallInfo, Why};

use crate::engines::{Delta, EngineError, Listening, Llm, Question, Stt, Tool, Tts, TurnModel};
use crate::history::Message;
use crate::settings::{Settings, ToolSpec};
use crate::work::{NEWS_MAX, News, Own, PIECES_MAX, Work, ending, pass, until};
use crate::{Conversation, Input, Job, Note, Output};

/// What an agent hears, thinks, speaks and acts with.
#[derive(Clone)]
pub struct Engines {
    /// Hears words in speech.
    pub stt: Arc<dyn Stt>,
    /// Thinks of answers.
    pub llm: Arc<dyn Llm>,
    /// Speaks.
    pub tts: Arc<dyn Tts>,
    /// Functions of [`Settings::tools`].
    pub tools: Arc<dyn Tool>,
}

/// A voice agent. It looks after any number of calls at once.
#[derive(Clone)]
pub struct Agent {
    settings: Arc<Settings>,
    engines: Engines,
    turns: Option<Arc<dyn TurnModel>>,
    is_loaded: Arc<AtomicBool>,
    is_prepared: Arc<AtomicBool>,
}

impl Agent {
    /// An agent with these engines. What a call brings for its number goes before the settings:
    /// `system_prompt`, `greeting`, `llm_model`, `tts_voice` and `display_name`.
    pub fn new(settings: Settings, engines: Engines) -> Self {
        Self {
            settings: Arc::new(settings),
            engines,
            turns: None,
            is_loaded: Arc::default(),
            is_prepared: Arc::default(),
        }
    }

    /// The same, with a model that hears at a pause whether the caller has come to an end.
    #[must_use]
    pub fn with_turns(mut self, turns: Arc<dyn TurnModel>) -> Self {
        Arc::make_mut(&mut self.settings).judges_turns = true;
        self.turns = Some(turns);
        self
    }

    /// What is on this machine is read, once.
    fn load(&self) {
        if !self.is_loaded.swap(true, Ordering::Relaxed) {
            let (engines, turns) = (self.engines.clone(), self.turns.clone());
            let turns = async move {
                if let Some(turns) = turns {
                    turns.prepare().await;
                }
            };
            let all = async move {
                let Engines { stt, llm, tts, .. } = &engines;
                tokio::join!(tts.load(), stt.prepare(), llm.load(), turns)
            };
            tokio::spawn(all);
        }
    }

    /// The voice says what it will say in every call, once.
    fn prepare_once(&self) {
        if !self.is_prepared.swap(true, Ordering::Relaxed) {
            let tts = Arc::clone(&self.engines.tts);
            tokio::spawn(async move { tts.prepare().await });
        }
    }
}

impl App for Agent {
    fn start(&self) {
        self.load();
    }

    fn run(&self, call: Call) -> BoxFuture<'static, ()> {
        self.load();
        self.prepare_once();
        let (settings, own) = of_number(&self.settings, call.info());
        let talk = Conversation::new(Arc::clone(&settings), call.info().direction);
        let (to_us, news) = channel(NEWS_MAX);
        let engines = self.engines.clone();
        let thinking = Thinking {
            work: Work::new(engines.tts, engines.tools, own, to_us),
            stt: engines.stt,
            llm: engines.llm,
            turns: self.turns.clone(),
            told: settings.tools_told().into(),
            listening: None,
        };
        Box::pin(hold(call, talk, thinking, news))
    }
}

/// The settings of a number, and what it has of its own.
pub(crate) fn of_number(settings: &Arc<Settings>, info: &CallInfo) -> (Arc<Settings>, Own) {
    let parameter = |name: &str| info.parameters.find(name).filter(|value| !value.is_empty());
    let own = Own {
        model: parameter("llm_model").map(str::to_owned),
        voice: parameter("tts_voice").map(str::to_owned),
    };
    let (prompt, greeting) = (parameter("system_prompt"), parameter("greeting"));
    let name = parameter("display_name");
    if prompt.is_none() && greeting.is_none() && name.is_none() {
        return (Arc::clone(settings), own);
    }
    let mut settings = Settings::clone(settings);
    if let Some(prompt) = prompt {
        prompt.clone_into(&mut settings.prompt);
    }
    if let Some(greeting) = greeting {
        greeting.clone_into(&mut settings.greeting);
    }
    if let Some(name) = name {
        settings
            .prompt
            .push_str(&format!("\nYou answer for {name}."));
    }
    (Arc::new(settings), own)
}

/// Holds one conversation to its end.
async fn hold(
    mut call: Call,
    mut talk: Conversation,
    mut thinking: Thinking,
    mut news: Receiver<(Job, News)>,
) {
    thinking.listening = thinking.stt.listen();
    loop {
        let deadline = obey(&call, &mut talk, &mut thinking);
        tokio::select! {
            event = call.event() => match event {
                Some(event) => {
                    talk.handle_input(Instant::now(), Input::Call(&event));
                    if matches!(event, CallEvent::Ended(_)) {
                        return;
                    }
                }
                None => return,
            },
            Some((job, news)) = news.recv() => tell(&mut talk, job, news),
            () = until(deadline) => talk.handle_input(Instant::now(), Input::Timeout),
        }
    }
}

/// Does what the conversation asks for; when it wants to be asked again.
fn obey(call: &Call, talk: &mut Conversation, thinking: &mut Thinking) -> Option<Instant> {
    loop {
        match talk.poll_output() {
            Output::Call(asked) => command(call, asked),
            Output::Hear(samples) => thinking.hear(samples),
            Output::HeardAll => thinking.heard_all(),
            Output::Transcribe { job, samples } => thinking.transcribe(job, samples),
            Output::Judge { job, samples } => thinking.judge(job, samples),
            Output::Think { job, messages } => thinking.think(job, messages),
            Output::Speak { job, text } => thinking.work.speak(job, text),
            Output::UseTool { job, call } => thinking.work.use_tool(job, call),
            Output::Cancel(job) => thinking.work.cancel(job),
            Output::Tell(note) => log(call.info().id, &note),
            Output::Timeout(deadline) => return deadline,
        }
    }
}

/// Gives the call a command.
pub(crate) fn command(call: &Call, command: CallCommand<'static>) {
    let kind = command.kind().word();
    // A call that is over has told so, or will.
    if let Err(why @ (Why::Full | Why::Unsupported)) = call.command(command) {
        let call = call.info().id;
        tracing::warn!(%call, command = kind, why = why.word(), "not taken");
    }
}

fn tell(talk: &mut Conversation, job: Job, news: News) {
    let now = Instant::now();
    let input = match &news {
        News::Transcript(text) => Input::Transcript {
            job,
            text: text.clone(),
        },
        News::Judgement(ended) => Input::Judged { job, ended: *ended },
        News::Piece(Delta::Words(text)) => Input::Words {
            job,
            text: text.clone(),
        },
        News::Piece(Delta::Call(call)) => Input::ToolCall {
            job,
            call: call.clone(),
        },
        News::Sound(samples) => Input::Sound { job, samples },
        News::Result(result) => Input::ToolResult {
            job,
            result: result.clone(),
        },
        News::Finished => Input::Finished(job),
        News::Failed(error) => Input::Failed {
            job,
            why: error.to_string(),
        },
    };
    talk.handle_input(now, input);
}

/// What is said stays out of the log unless it is asked for.
pub(crate) fn log(call: CallId, note: &Note) {
    match note {
        Note::Heard(text) => tracing::debug!(%call, ?text, "the caller said"),
        Note::Says(text) => tracing::debug!(%call, ?text, "the agent says"),
        Note::Answers { after } => {
            tracing::info!(%call, after_ms = after.as_millis() as u64, "the agent answers");
        }
        Note::WentOn => tracing::debug!(%call, "the caller did not mean to interrupt"),
        Note::Interrupted => tracing::info!(%call, "the caller interrupted"),
        Note::Failed { engine, why } => {
            tracing::warn!(%call, engine = engine.word(), ?why, "an engine failed");
        }
        Note::NotTransferred(why) => tracing::warn!(%call, ?why, "the caller was not handed over"),
    }
}

/// The engines of one conversation, and their orders.
struct Thinking {
    work: Work,
    stt: Arc<dyn Stt>,
    llm: Arc<dyn Llm>,
    turns: Option<Arc<dyn TurnModel>>,
    /// What the language model may call.
    told: Arc<[ToolSpec]>,
    /// Where speech is heard while it goes on.
    listening: Option<Box<dyn Listening>>,
}

impl Thinking {
    fn hear(&mut self, samples: Vec<i16>) {
        if let Some(listening) = &mut self.listening {
            listening.hear(samples);
        }
    }

    fn heard_all(&mut self) {
        if let Some(listening) = &mut self.listening {
            listening.forget();
        }
    }

    fn transcribe(&mut self, job: Job, samples: Vec<i16>) {
        let stt = Arc::clone(&self.stt);
        let words = self.listening.as_mut().map(|listening| listening.words());
        self.work.start(job, |to_us| async move {
            let news = match transcript(&*stt, words, samples).await {
                Ok(text) => News::Transcript(text),
                Err(error) => News::Failed(error),
            };
            let _ = to_us.send((job, news)).await;
        });
    }

    fn judge(&mut self, job: Job, samples: Vec<i16>) {
        let Some(turns) = self.turns.clone() else {
            return;
        };
        self.work.start(job, |to_us| async move {
            let news = match turns.has_ended(samples).await {
                Ok(ended) => News::Judgement(ended),
                Err(error) => News::Failed(error),
            };
            let _ = to_us.send((job, news)).await;
        });
    }

    fn think(&mut self, job: Job, messages: Vec<Message>) {
        let llm = Arc::clone(&self.llm);
        let question = Question {
            messages,
            tools: Arc::clone(&self.told),
            model: self.work.own.model.clone(),
        };
        self.work.start(job, |to_us| async move {
            let (to, from) = channel(PIECES_MAX);
            let passing = pass(job, from, News::Piece, &to_us);
            let (ended, ()) = tokio::join!(llm.reply(question, to), passing);
            let _ = to_us.send((job, ending(ended))).await;
        });
    }
}

/// What was heard while it was said; where that was not possible, all of it is heard now.
async fn transcript(
    stt: &dyn Stt,
    words: Option<BoxFuture<'static, Result<String, EngineError>>>,
    samples: Vec<i16>,
) -> Result<String, EngineError> {
    if let Some(words) = words {
        match words.await {
            Err(error) if error.is_passing() => {
                tracing::debug!(%error, "what was said is sent once more");
            }
            outcome => return outcome,
        }
    }
    stt.transcribe(samples).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_call::{Direction, Headers, Parameters};

    fn info(parameters: &[(&str, &str)]) -> CallInfo {
        let mut all = Parameters::default();
        for (name, value) in parameters {
            assert!(all.push(name, value));
        }
        CallInfo {
            id: CallId::from_bytes([1; 16]),
            direction: Direction::Inbound,
            from: "alice".into(),
            to: "bob".into(),
            headers: Headers::default(),
            parameters: all,
            traceparent: String::new(),
            peer: None,
        }
    }

    #[test]
    fn a_number_has_its_own_prompt_model_voice_and_name() {
        let settings = Arc::new(Settings::default());
        let (same, own) = of_number(&settings, &info(&[]));
        assert!(Arc::ptr_eq(&same, &settings) && own.model.is_none() && own.voice.is_none());
        let (other, own) = of_number(
            &settings,
            &info(&[
                ("system_prompt", "Be brief."),
                ("display_name", "Front desk"),
                ("greeting", "Front desk."),
                ("llm_model", "llama3.2"),
                ("tts_voice", "en_US-ryan"),
            ]),
        );
        assert_eq!(other.prompt, "Be brief.\nYou answer for Front desk.");
        assert_eq!(other.greeting, "Front desk.");
        assert_eq!(own.model.as_deref(), Some("llama3.2"));
        assert_eq!(own.voice.as_deref(), Some("en_US-ryan"));
    }
}
