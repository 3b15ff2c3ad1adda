//! `trunkline demo`: a caller talks with the voice agent on this machine, with nothing else needed.
//!
//! A gateway with an agent is started in this process on free loopback ports, and a caller who
//! follows a script calls it over SIP and RTP with G.711. What is shown was measured on the packets,
//! and the conversation is judged by what was heard.

mod account;
mod cast;
mod judge;
mod screen;
mod script;
mod sheet;
mod tap;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use trunkline_agent::engines::{APPOINTMENT, Llm, Receptionist, Tool};
use trunkline_agent::{Agent, Engines, ToolSpec};
use trunkline_call::routes::{Routes, Rule};
use trunkline_media::codec::Codec;
use trunkline_phone::caller::{self, Conversation, Progress};
use trunkline_phone::page::{self, Sheet};
use trunkline_phone::softphone;
use trunkline_sip::endpoint::Transport;

use super::Failure;
use super::ticker::Ticker;
use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::models::Ask;
use crate::settings::{AppEntry, Listen, Settings};
use account::{END_OF_TURN, Played, account};
use cast::{Calendar, Cast, Judge, Prompter, spoken_by};
use judge::{Heard, faults, listen};
use screen::Screen;
use script::{Act, GREETING, HOURS, SCENES, Scene, steps};
use sheet::sheet;
use tap::{Log, Tap};

/// The agent's name among the applications, and its user.
const DESK: &str = "desk";

type Error = Box<dyn std::error::Error>;

/// See [`super::Command::Demo`].
#[derive(Debug, Args)]
pub struct Demo {
    /// One JSON object instead of the conversation and its drawing.
    #[arg(long)]
    json: bool,
    /// Folder for the recording, the page and the timeline.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Fetch the speech models that are missing without asking.
    #[arg(long)]
    yes: bool,
    /// Afterwards the agent stays, so that a softphone can call it, until Ctrl-C.
    #[arg(long, conflicts_with = "json")]
    stay: bool,
}

/// The conversation, and who may call after it.
struct Shown {
    sheet: Sheet,
    told: String,
    ladder: String,
    address: SocketAddr,
    files: Files,
    gateway: Gateway,
}

/// What is left of the conversation.
struct Files {
    recording: PathBuf,
    page: PathBuf,
    timeline: PathBuf,
}

impl Demo {
    /// Runs the demonstration; it fails where the conversation was not good.
    pub fn run(self) -> Result<(), Failure> {
        let ask = match self.yes {
            true => Ask::Nobody,
            false => Ask::Terminal,
        };
        self.play(SCENES, Cast::here(ask), Arc::new(receptionist()))
    }

    /// Plays these scenes with those who hear and speak, and one who thinks.
    fn play(&self, scenes: &'static [Scene], cast: Cast, llm: Arc<dyn Llm>) -> Result<(), Failure> {
        if self.stay && matches!(cast.judge, Judge::Voice(_)) {
            let why = &cast.told;
            let refused = format!("--stay: the agent could not hear you. {why}");
            return Err(Failure::Usage(refused));
        }
        let files = Files::in_folder(&self.out).map_err(Failure::Failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::of)?;
        let screen = Screen::new(!self.json);
        runtime.block_on(async {
            let shown = show(scenes, cast, llm, screen, files)
                .await
                .map_err(Failure::of)?;
            if self.json {
                println!("{}", shown.json());
            } else {
                shown.print(screen);
            }
            if self.stay {
                let address = shown.address;
                screen.line(&format!("Call sip:{DESK}@{address} now; Ctrl-C ends it."));
                tokio::signal::ctrl_c().await.map_err(Failure::of)?;
            }
            shown.gateway.stop().await;
            match shown.sheet.faults {
                faults if faults.is_empty() => Ok(()),
                faults => Err(Failure::Failed(format!(
                    "the conversation was not good:\n{}",
                    faults.join("\n")
                ))),
            }
        })
    }
}

fn receptionist() -> Receptionist {
    let clock = Clock::default();
    Receptionist::new(Arc::new(move || clock.spoken()), HOURS)
}

/// Gets everybody ready, has them talk, listens to it once more and writes it down.
async fn show(
    scenes: &'static [Scene],
    cast: Cast,
    llm: Arc<dyn Llm>,
    screen: Screen,
    files: Files,
) -> Result<Shown, Error> {
    let told = cast.told.clone();
    screen.line("A caller talks with the voice agent, over SIP and RTP on this machine.");
    screen.line(&told);
    screen.line("");
    let ticker = Ticker::start("getting ready", None);
    let speech = speech(scenes, &cast).await?;
    cast.stt.prepare().await;
    cast.agent.prepare().await;
    drop(ticker);
    let log = Arc::new(Log::default());
    let agent = agent(&cast, llm, &log, screen);
    let gateway = Gateway::start(settings(agent)).await?;
    let found = gateway.addresses().first();
    let &(_, address) = found.ok_or("the gateway has no address")?;
    let (steps, of) = steps(scenes, &speech);
    let (prompter, of_step) = (cast.prompter.clone(), of.clone());
    let held = tokio::task::spawn_blocking(move || {
        let phone = softphone::Settings {
            codecs: vec![Codec::Pcmu],
            ..softphone::Settings::default()
        };
        let target = format!("sip:{DESK}@{address}");
        caller::call(&target, &phone, steps, &mut |progress| {
            follow(progress, scenes, &of_step, &prompter, screen);
        })
    });
    let held = held.await??;
    let played = account(&held, scenes, &of, &log.deeds());
    let ticker = Ticker::start("listening to it once more", None);
    let heard = listen(&played, &cast.judge).await?;
    drop(ticker);
    let faults = faults(&held, scenes, &played, &heard);
    let sheet = write(&held, &played, &heard, &faults, &files)?;
    Ok(Shown {
        sheet,
        told,
        ladder: held
            .report
            .ladder
            .draw("caller", &format!("gateway {address}")),
        address,
        files,
        gateway,
    })
}

/// What the caller will say, scene by scene.
async fn speech(scenes: &[Scene], cast: &Cast) -> Result<Vec<Option<Arc<[i16]>>>, Error> {
    let mut speech = Vec::new();
    for scene in scenes {
        speech.push(match scene.act.words() {
            Some(words) => Some(spoken_by(&*cast.caller, words).await?.into()),
            None => None,
        });
    }
    Ok(speech)
}

/// The agent, with every engine under observation.
fn agent(cast: &Cast, llm: Arc<dyn Llm>, log: &Arc<Log>, screen: Screen) -> Agent {
    let shown: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(move |text| screen.agent(text));
    let calendar: Arc<dyn Tool> = Arc::new(Calendar);
    let engines = Engines {
        stt: Tap::new(log, &shown, Arc::clone(&cast.stt)),
        llm: Tap::new(log, &shown, llm),
        tts: Tap::new(log, &shown, Arc::clone(&cast.agent)),
        tools: Tap::new(log, &shown, calendar),
    };
    let text = json!({"type": "string"});
    let settings = trunkline_agent::Settings {
        greeting: GREETING.to_owned(),
        end_of_turn: END_OF_TURN,
        tools: vec![ToolSpec {
            name: APPOINTMENT.to_owned(),
            description: "Makes an appointment.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {"day": text, "time": text, "number": text, "name": text},
                "required": ["day", "time", "number"],
            }),
        }],
        ..trunkline_agent::Settings::default()
    };
    Agent::new(settings, engines)
}

/// A gateway on this machine alone, whose every call the agent takes.
fn settings(agent: Agent) -> Settings {
    let mut settings = Settings::default();
    settings.sip.listen = vec![Listen {
        transport: Transport::Udp,
        address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
    }];
    settings.shards = 1;
    let app = AppEntry::Rust(Arc::new(agent));
    settings.apps.insert(DESK.to_owned(), app);
    settings.routes = Routes::from(vec![Rule {
        app: DESK.to_owned(),
        ..Rule::default()
    }]);
    settings
}

/// Shows what the caller does, and hands it on where the agent cannot hear it.
fn follow(
    progress: Progress<'_>,
    scenes: &[Scene],
    of: &[usize],
    prompter: &Prompter,
    screen: Screen,
) {
    let (step, speaks) = match progress {
        Progress::Step(step) => (step, false),
        Progress::Speaks(step) => (step, true),
        Progress::Event(_) => return,
    };
    let scene = of.get(step).and_then(|scene| scenes.get(*scene));
    let is_first = step == 0 || of.get(step) != of.get(step - 1);
    match scene.map(|scene| scene.act) {
        Some(Act::Says(words)) if speaks => {
            prompter.tell(words);
            screen.caller(words);
        }
        Some(Act::Interrupts(words)) if speaks => {
            prompter.tell(words);
            screen.caller(&format!("(interrupts) {words}"));
        }
        Some(Act::Presses(keys)) if is_first => screen.caller(&format!("(presses {keys})")),
        _ => {}
    }
}

/// Writes down all of it.
fn write(
    held: &Conversation,
    played: &[Played],
    heard: &[Heard],
    faults: &[String],
    files: &Files,
) -> Result<Sheet, Error> {
    let name = files.recording.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let sheet = sheet(held, played, heard, faults, &name);
    let (caller, agent) = held.report.sides();
    std::fs::write(&files.recording, held.stereo())?;
    std::fs::write(&files.page, page::page(&sheet, &caller, &agent))?;
    std::fs::write(&files.timeline, serde_json::to_vec_pretty(&sheet)?)?;
    Ok(sheet)
}

impl Files {
    /// Proven before the call, not after it.
    fn in_folder(folder: &Path) -> Result<Self, String> {
        let file = |ending: &str| folder.join(format!("trunkline-demo.{ending}"));
        let files = Self {
            recording: file("wav"),
            page: file("html"),
            timeline: file("json"),
        };
        let cannot_write = |file: &Path, error: std::io::Error| {
            format!("{}: {error}; choose --out DIR", file.display())
        };
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, error))?;
        for file in [&files.recording, &files.page, &files.timeline] {
            std::fs::write(file, []).map_err(|error| cannot_write(file, error))?;
        }
        Ok(files)
    }
}

impl Shown {
    fn print(&self, screen: Screen) {
        screen.line(&format!("\n{}", self.ladder));
        screen.sheet(&self.sheet);
        let (page, recording) = (self.files.page.display(), self.files.recording.display());
        let timeline = self.files.timeline.display();
        screen.line(&format!(
            "\n{page}  the page of this call: open it in a browser"
        ));
        screen.line(&format!("{recording}  left the caller, right the agent"));
        screen.line(&format!("{timeline}  all of it for programs\n"));
        screen.verdict(&self.sheet);
    }

    fn json(&self) -> Value {
        let mut all = serde_json::to_value(&self.sheet).unwrap_or_default();
        all["engines"] = json!(self.told);
        all["gateway"] = json!(self.address);
        all["page"] = json!(self.files.page);
        all["timeline"] = json!(self.files.timeline);
        all["recording"] = json!(self.files.recording);
        all
    }
}
