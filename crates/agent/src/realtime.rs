//! An agent whose one engine hears, thinks and speaks, as an application: drives the [`Relay`] of
//! every call.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use trunkline_call::{App, BoxFuture, Call, CallEvent};

use crate::agent::{command, log, of_number};
use crate::conversation::realtime::{Ask, Event, Input, Output, Relay};
use crate::engines::{Brief, EngineError, Realtime, Tool, Tts};
use crate::settings::Settings;
use crate::work::{NEWS_MAX, News, Own, Work, until};
use crate::{Job, conversation};

/// What waits for a session: 10 s of sound. One that is further behind is lost.
const ASKS_MAX: usize = 500;

/// What such an agent speaks and acts with.
#[derive(Clone)]
pub struct RealtimeEngines {
    /// Hears, thinks and speaks.
    pub realtime: Arc<dyn Realtime>,
    /// Says a word where that engine is silent or gone.
    pub stand_in: Arc<dyn Tts>,
    /// Functions of [`Settings::tools`].
    pub tools: Arc<dyn Tool>,
}

/// A voice agent with an engine of speech to speech. It looks after any number of calls at once.
#[derive(Clone)]
pub struct RealtimeAgent {
    settings: Arc<Settings>,
    engines: RealtimeEngines,
}

impl RealtimeAgent {
    /// An agent with this engine. What a call brings for its number goes before the settings, as
    /// with [`crate::Agent`].
    pub fn new(settings: Settings, engines: RealtimeEngines) -> Self {
        Self {
            settings: Arc::new(settings),
            engines,
        }
    }
}

impl App for RealtimeAgent {
    fn start(&self) {
        let stand_in = Arc::clone(&self.engines.stand_in);
        tokio::spawn(async move { stand_in.load().await });
    }

    fn run(&self, call: Call) -> BoxFuture<'static, ()> {
        let (settings, own) = of_number(&self.settings, call.info());
        let direction = call.info().direction;
        let engines = self.engines.clone();
        Box::pin(async move {
            let (to_us, news) = channel(NEWS_MAX);
            // Its voices have other names.
            let plain = Own::default();
            let brief = Brief {
                prompt: String::new(),
                tools: settings.tools_told().into(),
                model: own.model,
                voice: own.voice,
                end_of_turn: settings.end_of_turn,
            };
            let holding = Holding {
                call,
                relay: Relay::new(Instant::now(), settings, direction),
                work: Work::new(engines.stand_in, engines.tools, plain, to_us),
                engine: engines.realtime,
                brief,
                session: None,
            };
            holding.run(news).await;
        })
    }
}

/// One conversation.
struct Holding {
    call: Call,
    relay: Relay,
    work: Work,
    engine: Arc<dyn Realtime>,
    /// What every session is told, but for the prompt.
    brief: Brief,
    session: Option<Session>,
}

impl Holding {
    async fn run(mut self, mut news: Receiver<(Job, News)>) {
        loop {
            let deadline = self.obey();
            tokio::select! {
                event = self.call.event() => match event {
                    Some(event) => {
                        self.relay.handle_input(Instant::now(), Input::Call(&event));
                        if matches!(event, CallEvent::Ended(_)) {
                            return;
                        }
                    }
                    None => return,
                },
                Some((job, news)) = news.recv() => self.tell(job, news),
                event = next(&mut self.session) => {
                    let input = match event {
                        Ok(event) => Input::Event(event),
                        Err(why) => {
                            self.session = None;
                            Input::Lost(why)
                        }
                    };
                    self.relay.handle_input(Instant::now(), input);
                }
                () = until(deadline) => self.relay.handle_input(Instant::now(), Input::Timeout),
            }
        }
    }

    /// Does what the conversation asks for; when it wants to be asked again.
    fn obey(&mut self) -> Option<Instant> {
        use conversation::Output as Other;
        loop {
            match self.relay.poll_output() {
                Output::Open { prompt } => self.open(prompt),
                Output::Tell(ask) => self.ask(ask),
                Output::Other(Other::Call(asked)) => command(&self.call, asked),
                Output::Other(Other::Speak { job, text }) => self.work.speak(job, text),
                Output::Other(Other::UseTool { job, call }) => self.work.use_tool(job, call),
                Output::Other(Other::Cancel(job)) => self.work.cancel(job),
                Output::Other(Other::Tell(note)) => log(self.call.info().id, &note),
                Output::Other(Other::Timeout(deadline)) => return deadline,
                Output::Other(
                    Other::Hear(_)
                    | Other::HeardAll
                    | Other::Transcribe { .. }
                    | Other::Judge { .. }
                    | Other::Think { .. },
                ) => unreachable!("a relay orders neither words nor thoughts"),
            }
        }
    }

    fn open(&mut self, prompt: String) {
        let engine = Arc::clone(&self.engine);
        let brief = Brief {
            prompt,
            ..self.brief.clone()
        };
        let (asks, to_do) = channel(ASKS_MAX);
        let (happens, events) = channel(NEWS_MAX);
        let running = tokio::spawn(async move { engine.converse(brief, to_do, happens).await });
        self.session = Some(Session {
            asks,
            events,
            running,
        });
    }

    fn ask(&self, ask: Ask) {
        let Some(session) = &self.session else {
            return;
        };
        if session.asks.try_send(ask).is_err() {
            // It has ended, which is about to be told; or it has stopped to listen.
            session.running.abort();
        }
    }

    fn tell(&mut self, job: Job, news: News) {
        let input = match &news {
            News::Sound(samples) => Input::Sound { job, samples },
            News::Result(result) => Input::ToolResult {
                job,
                result: result.clone(),
            },
            News::Failed(error) => Input::Failed {
                job,
                why: error.to_string(),
            },
            News::Finished => Input::Finished(job),
            News::Transcript(_) | News::Judgement(_) | News::Piece(_) => return,
        };
        self.relay.handle_input(Instant::now(), input);
    }
}

/// A session with the engine, which takes its leave once nobody asks anything of it.
struct Session {
    asks: Sender<Ask>,
    events: Receiver<Event>,
    running: JoinHandle<Result<(), EngineError>>,
}

/// What happens next in a session; why it is over, once it is.
async fn next(session: &mut Option<Session>) -> Result<Event, String> {
    let Some(session) = session else {
        return std::future::pending().await;
    };
    if let Some(event) = session.events.recv().await {
        return Ok(event);
    }
    Err(match (&mut session.running).await {
        Ok(Ok(())) => "it ended the session".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it does not listen any more".to_owned(),
    })
}
