//! `trunkline demo`: a caller talks with the voice agent on this machine, with nothing else needed.
//!
//! A gateway with an agent is started in this process on free loopback ports, and a caller who
//! follows a script calls it over SIP and RTP with G.711. What is shown was measured on the packets,
//! and the conversation is judged by what was heard.

mod account;
mod cast;
mod desk;
mod handset;
mod judge;
mod kept;
mod person;
mod screen;
mod script;
mod sheet;
mod tap;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde_json::{Value, json};
use trunkline_agent::engines::{Llm, Speech, sound_of};
use trunkline_media::codec::Codec;
use trunkline_phone::caller::{self, Conversation, Progress};
use trunkline_phone::page::{Sheet, Who};
use trunkline_phone::softphone;

use super::Failure;
use super::call::stop_on_interrupt;
use super::ticker::Ticker;
use crate::gateway::Gateway;
use crate::models::Ask;
use account::{Played, account, account_of_person};
use cast::{Cast, Judge, Prompter};
use desk::{DESK, agent, receptionist, settings};
use handset::{Handset, Programs, programs};
use judge::{Heard, faults, listen, long_waits};
use kept::Files;
use screen::Screen;
use script::{Act, SCENES, Scene, steps};
use sheet::sheet;
use tap::Log;

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
    /// You talk with the agent, by this machine's microphone and loudspeaker.
    #[arg(long)]
    mic: bool,
    /// Afterwards the agent stays, so that a softphone can call it, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["json", "mic"])]
    stay: bool,
}

/// Who talks with the agent.
enum Caller {
    /// Somebody simulated, who plays these scenes.
    Script(&'static [Scene]),
    /// Whoever talks through these.
    Person(Programs),
}

impl Demo {
    /// Runs the demonstration; it fails where the conversation was not good.
    pub fn run(self) -> Result<(), Failure> {
        let ask = match self.yes {
            true => Ask::Nobody,
            false => Ask::Terminal,
        };
        let caller = match self.mic {
            true => Caller::Person(programs().map_err(Failure::Failed)?),
            false => Caller::Script(SCENES),
        };
        let cast = Cast::here(ask);
        if let Some(refused) = self.refused(&cast) {
            return Err(Failure::Usage(refused));
        }
        self.play(caller, cast, Arc::new(receptionist()))
    }

    /// Why people cannot talk with such an agent, where they are to.
    fn refused(&self, cast: &Cast) -> Option<String> {
        let argument = match (self.mic, self.stay) {
            (true, _) => "--mic",
            (_, true) => "--stay",
            _ => return None,
        };
        let is_deaf = matches!(cast.judge, Judge::Voice(_));
        is_deaf.then(|| format!("{argument}: the agent could not hear you. {}", cast.told))
    }

    /// Has somebody talk with those who hear and speak, and one who thinks.
    fn play(&self, caller: Caller, cast: Cast, llm: Arc<dyn Llm>) -> Result<(), Failure> {
        let files = Files::in_folder(&self.out).map_err(Failure::Failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::of)?;
        let screen = Screen::new(!self.json);
        runtime.block_on(async {
            let shown = show(caller, cast, llm, screen, files)
                .await
                .map_err(Failure::of)?;
            if self.json {
                println!("{}", shown.json());
            } else {
                shown.print(screen);
            }
            if self.stay {
                shown.is_live.store(true, Ordering::Relaxed);
                let address = shown.address;
                screen.line(&format!(
                    "Call sip:{DESK}@{address} from a softphone on this machine; Ctrl-C ends it."
                ));
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

/// Gets everybody ready, has them talk, listens to it once more and writes it down.
async fn show(
    caller: Caller,
    cast: Cast,
    llm: Arc<dyn Llm>,
    screen: Screen,
    files: Files,
) -> Result<Shown, Error> {
    screen.line(match caller {
        Caller::Script(_) => {
            "A caller talks with the voice agent, over SIP and RTP on this machine."
        }
        Caller::Person(_) => "You talk with the voice agent, over SIP and RTP on this machine.",
    });
    screen.line(&cast.told);
    let ticker = Ticker::start("getting ready", None);
    let speech = match caller {
        Caller::Script(scenes) => speech(scenes, &cast).await?,
        Caller::Person(_) => Vec::new(),
    };
    cast.stt.prepare().await;
    cast.agent.prepare().await;
    drop(ticker);
    // What a script says is shown as it is; what people say, as it is understood.
    let is_live = Arc::new(AtomicBool::new(matches!(caller, Caller::Person(_))));
    let shows_callers = Arc::clone(&is_live);
    let shown: tap::Shown = Arc::new(move |who, text| match who {
        Who::Agent => screen.agent(text),
        Who::Caller if shows_callers.load(Ordering::Relaxed) => screen.caller(text),
        Who::Caller => {}
    });
    let log = Arc::new(Log::default());
    let gateway = Gateway::start(settings(agent(&cast, llm, &log, &shown))).await?;
    let found = gateway.addresses().first();
    let &(_, address) = found.ok_or("the gateway has no address")?;
    let target = format!("sip:{DESK}@{address}");
    let told = cast.told.clone();
    let past = match caller {
        Caller::Script(scenes) => scripted(target, scenes, &speech, cast, &log, screen).await?,
        Caller::Person(programs) => by_handset(target, &programs, &log, screen).await?,
    };
    let sheet = sheet(
        &past.held,
        &past.played,
        &past.heard,
        &past.faults,
        &files.name(),
    );
    files.write(&past.held, &sheet)?;
    let ladder = &past.held.report.ladder;
    Ok(Shown {
        sheet,
        told,
        ladder: ladder.draw("caller", &format!("gateway {address}")),
        address,
        files,
        gateway,
        is_live,
    })
}

/// A conversation that is over.
struct Past {
    held: Conversation,
    played: Vec<Played>,
    heard: Vec<Heard>,
    faults: Vec<String>,
}

/// Somebody plays these scenes.
async fn scripted(
    target: String,
    scenes: &'static [Scene],
    speech: &[Option<Arc<[i16]>>],
    cast: Cast,
    log: &Log,
    screen: Screen,
) -> Result<Past, Error> {
    screen.line("");
    let (steps, of) = steps(scenes, speech);
    let (prompter, of_step) = (cast.prompter.clone(), of.clone());
    let held = tokio::task::spawn_blocking(move || {
        caller::call(&target, &phone(), steps, &mut |progress| {
            follow(progress, scenes, &of_step, &prompter, screen);
        })
    });
    let held = held.await??;
    let played = account(&held, scenes, &of, &log.deeds());
    let ticker = Ticker::start("listening to it once more", None);
    let heard = listen(&played, &cast.judge).await?;
    drop(ticker);
    Ok(Past {
        faults: faults(&held, scenes, &played, &heard),
        held,
        played,
        heard,
    })
}

/// A person talks.
async fn by_handset(
    target: String,
    programs: &Programs,
    log: &Log,
    screen: Screen,
) -> Result<Past, Error> {
    screen.line(
        "Keys of the telephone are typed, and Enter; Ctrl-C hangs up. With a headset the agent does \
         not hear itself.\n",
    );
    let phone = softphone::Settings {
        stop: stop_on_interrupt(),
        ..phone()
    };
    let mut handset = Handset::open(programs)?;
    let talked = tokio::task::spawn_blocking(move || {
        let held = person::talk(&target, &phone, &handset, person::typed_keys())?;
        Ok::<_, softphone::PhoneError>((held, handset.ended()))
    });
    let (held, ended) = talked.await??;
    let played = account_of_person(&held, &log.deeds());
    let heard = played.iter().map(|_| Heard::Sound(Vec::new())).collect();
    let faults = long_waits(&played).into_iter().chain(ended).collect();
    Ok(Past {
        faults,
        held,
        played,
        heard,
    })
}

/// The caller's telephone.
fn phone() -> softphone::Settings {
    softphone::Settings {
        codecs: vec![Codec::Pcmu],
        ..softphone::Settings::default()
    }
}

/// What the caller will say, scene by scene.
async fn speech(scenes: &[Scene], cast: &Cast) -> Result<Vec<Option<Arc<[i16]>>>, Error> {
    let mut speech = Vec::new();
    for scene in scenes {
        speech.push(match scene.act.words() {
            Some(words) => Some(sound_of(&*cast.caller, Speech::of(words)).await?.into()),
            None => None,
        });
    }
    Ok(speech)
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

/// The conversation, and who may call after it.
struct Shown {
    sheet: Sheet,
    told: String,
    ladder: String,
    address: SocketAddr,
    files: Files,
    gateway: Gateway,
    /// Whether what callers say is shown as it is understood.
    is_live: Arc<AtomicBool>,
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
