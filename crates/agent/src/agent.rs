//! An agent as an application: drives the [`Conversation`] of every call and its engines.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;
use trunkline_call::{App, BoxFuture, Call, CallEvent, CallId, CallInfo, Why};

use crate::engines::{Delta, EngineError, Llm, Question, Speech, Stt, Tool, Tts, TurnModel};
use crate::history::{Message, ToolCall};
use crate::settings::{Settings, ToolSpec};
use crate::{Conversation, Input, Job, Note, Output};

/// Results of engines that wait for the conversation; engines wait beyond.
const NEWS_MAX: usize = 64;
/// The same of one engine's pieces.
const PIECES_MAX: usize = 16;

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

    fn prepare_once(&self) {
        if !self.is_prepared.swap(true, Ordering::Relaxed) {
            let (engines, turns) = (self.engines.clone(), self.turns.clone());
            let turns = async move {
                if let Some(turns) = turns {
                    turns.prepare().await;
                }
            };
            let all =
                async move { tokio::join!(engines.tts.prepare(), engines.stt.prepare(), turns) };
            tokio::spawn(all);
        }
    }
}

impl App for Agent {
    fn run(&self, call: Call) -> BoxFuture<'static, ()> {
        self.prepare_once();
        let (settings, own) = of_number(&self.settings, call.info());
        let talk = Conversation::new(Arc::clone(&settings), call.info().direction);
        let (to_us, news) = channel(NEWS_MAX);
        let work = Work {
            engines: self.engines.clone(),
            turns: self.turns.clone(),
            tools: settings.tools_told().into(),
            own,
            to_us,
            running: HashMap::new(),
        };
        Box::pin(hold(call, talk, work, news))
    }
}

/// What a number has of its own, for the engines.
#[derive(Clone, Debug, Default)]
struct Own {
    model: Option<String>,
    voice: Option<String>,
}

fn of_number(settings: &Arc<Settings>, info: &CallInfo) -> (Arc<Settings>, Own) {
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

/// What an engine has done.
enum News {
    Transcript(String),
    Judgement(bool),
    Piece(Delta),
    Sound(Vec<i16>),
    Result(String),
    Finished,
    Failed(EngineError),
}

/// Holds one conversation to its end.
async fn hold(
    mut call: Call,
    mut talk: Conversation,
    mut work: Work,
    mut news: Receiver<(Job, News)>,
) {
    let id = call.info().id;
    loop {
        let deadline = obey(&call, &mut talk, &mut work, id);
        let waiting = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
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
            () = waiting => talk.handle_input(Instant::now(), Input::Timeout),
        }
    }
}

/// Does what the conversation asks for; when it wants to be asked again.
fn obey(call: &Call, talk: &mut Conversation, work: &mut Work, id: CallId) -> Option<Instant> {
    loop {
        match talk.poll_output() {
            Output::Call(command) => {
                let kind = command.kind().word();
                // A call that is over has told so, or will.
                if let Err(why @ (Why::Full | Why::Unsupported)) = call.command(command) {
                    tracing::warn!(call = %id, command = kind, why = why.word(), "not taken");
                }
            }
            Output::Transcribe { job, samples } => work.transcribe(job, samples),
            Output::Judge { job, samples } => work.judge(job, samples),
            Output::Think { job, messages } => work.think(job, messages),
            Output::Speak { job, text } => work.speak(job, text),
            Output::UseTool { job, call } => work.use_tool(job, call),
            Output::Cancel(job) => work.cancel(job),
            Output::Tell(note) => log(id, &note),
            Output::Timeout(deadline) => return deadline,
        }
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
fn log(call: CallId, note: &Note) {
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

/// The orders of one conversation that engines work on. Whatever is left ends with it.
struct Work {
    engines: Engines,
    turns: Option<Arc<dyn TurnModel>>,
    tools: Arc<[ToolSpec]>,
    own: Own,
    to_us: Sender<(Job, News)>,
    running: HashMap<Job, AbortHandle>,
}

impl Drop for Work {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.abort();
        }
    }
}

impl Work {
    fn transcribe(&mut self, job: Job, samples: Vec<i16>) {
        let stt = Arc::clone(&self.engines.stt);
        self.start(job, |to_us| async move {
            let news = match stt.transcribe(samples).await {
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
        self.start(job, |to_us| async move {
            let news = match turns.has_ended(samples).await {
                Ok(ended) => News::Judgement(ended),
                Err(error) => News::Failed(error),
            };
            let _ = to_us.send((job, news)).await;
        });
    }

    fn think(&mut self, job: Job, messages: Vec<Message>) {
        let llm = Arc::clone(&self.engines.llm);
        let question = Question {
            messages,
            tools: Arc::clone(&self.tools),
            model: self.own.model.clone(),
        };
        self.start(job, |to_us| async move {
            let (to, from) = channel(PIECES_MAX);
            let passing = pass(job, from, News::Piece, &to_us);
            let (ended, ()) = tokio::join!(llm.reply(question, to), passing);
            let _ = to_us.send((job, ending(ended))).await;
        });
    }

    fn speak(&mut self, job: Job, text: String) {
        let tts = Arc::clone(&self.engines.tts);
        let voice = self.own.voice.clone();
        self.start(job, |to_us| async move {
            let (to, from) = channel(PIECES_MAX);
            let passing = pass(job, from, News::Sound, &to_us);
            let (ended, ()) = tokio::join!(tts.speak(Speech { text, voice }, to), passing);
            let _ = to_us.send((job, ending(ended))).await;
        });
    }

    fn use_tool(&mut self, job: Job, call: ToolCall) {
        let tools = Arc::clone(&self.engines.tools);
        self.start(job, |to_us| async move {
            let news = match tools.call(call).await {
                Ok(result) => News::Result(result),
                Err(error) => News::Failed(error),
            };
            let _ = to_us.send((job, news)).await;
        });
    }

    /// Whatever an engine does, the conversation runs on beside it.
    fn start<F>(&mut self, job: Job, work: impl FnOnce(Sender<(Job, News)>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.running.retain(|_, running| !running.is_finished());
        let running = tokio::spawn(work(self.to_us.clone()));
        self.running.insert(job, running.abort_handle());
    }

    fn cancel(&mut self, job: Job) {
        if let Some(running) = self.running.remove(&job) {
            running.abort();
        }
    }
}

async fn pass<T>(
    job: Job,
    mut from: Receiver<T>,
    news: impl Fn(T) -> News,
    to_us: &Sender<(Job, News)>,
) {
    while let Some(piece) = from.recv().await {
        // Nobody there: the call is over, and this is dropped soon.
        if to_us.send((job, news(piece))).await.is_err() {
            return;
        }
    }
}

fn ending(ended: Result<(), EngineError>) -> News {
    match ended {
        Ok(()) => News::Finished,
        Err(error) => News::Failed(error),
    }
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
