//! The same bot, reached in two ways, and the gateway without one.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::evidence::comparison::{Rig, Running, free_port};
use crate::workspace::{self, Failure, output, pass_through};

/// How long a bot may take to write down what it holds.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How often it is looked whether it has.
const TURN: Duration = Duration::from_millis(20);

const ECHO: &str = "python/tests/pipecat/bots/echo.py";

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: @HTTP_PORT@}
sip:
  listen: [\"udp://127.0.0.1:@SIP_PORT@\"]
  rtp_ports: 20000-29999
routes: [{to: \"*\", app: @APP@}]
apps:
  echo: {type: echo}
  bot: {type: websocket, url: \"ws://127.0.0.1:@APPLICATION_PORT@/ws\", protocol: twilio}
";

/// What Pipecat's Twilio serializer wants to have been given; any words will do.
const CREDENTIALS: [&str; 2] = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"];

const VERSION: &str = "from importlib.metadata import version; print(version('pipecat-ai'))";

/// A version of Pipecat.
pub struct Pipecat {
    /// Its virtual environment.
    pub environment: PathBuf,
    /// As its package says it.
    pub version: String,
}

/// Everything a measurement needs.
pub struct Stage {
    pub rig: Rig,
    /// The folder of the Python packages, with the module of this build.
    pub packages: PathBuf,
}

impl Pipecat {
    /// That of a virtual environment.
    pub fn of(environment: PathBuf) -> Result<Self, Failure> {
        let mut python = Command::new(environment.join("bin/python"));
        let version = output(python.args(["-c", VERSION]))?.trim().to_owned();
        Ok(Self {
            environment,
            version,
        })
    }
}

/// What can be called, whose process is measured. It is stopped when this is dropped.
pub struct Called {
    pub running: Running,
    sip_port: u16,
}

/// A bot, and what stands between it and its callers.
pub struct Bot {
    pub called: Called,
    notes: PathBuf,
    /// The gateway before a bot that has none in itself; stopped after the bot.
    _gateway: Option<Called>,
}

/// Builds the module and puts it beside the Python sources, in a folder of this measurement.
pub fn packages(rig: &Rig) -> Result<PathBuf, Failure> {
    let build = ["build", "--release", "--package", "trunkline-python"];
    pass_through(workspace::cargo().args(build))?;
    let packages = rig.folder.join("python");
    if packages.exists() {
        std::fs::remove_dir_all(&packages)?;
    }
    std::fs::create_dir_all(&packages)?;
    let sources = workspace::root().join("python/trunkline");
    pass_through(Command::new("cp").arg("-r").args([&sources, &packages]))?;
    let built = workspace::target()?.join("release/lib_core.so");
    std::fs::copy(built, packages.join("trunkline/_core.abi3.so"))?;
    Ok(packages)
}

impl Stage {
    /// `trunkline serve` with its built-in echo.
    pub fn bare(&self) -> Result<Called, Failure> {
        self.gateway("echo", 1)
    }

    /// The bot with the gateway in its own process.
    pub fn over_sip(&self, pipecat: &Pipecat) -> Result<Bot, Failure> {
        let port = free_port()?;
        let notes = self.new_notes()?;
        let mut command = self.python(pipecat, &notes);
        command
            .args(["-m", "trunkline.pipecat", ECHO, "-t", "sip"])
            .env("SIP_SERVER_HOST", "127.0.0.1")
            .env("SIP_SERVER_PORT", port.to_string());
        let running = self.spawn(&mut command, "over-sip")?;
        Ok(Bot {
            called: self.adopt(running, port)?,
            notes,
            _gateway: None,
        })
    }

    /// The bot as Pipecat runs it for Twilio, behind the gateway.
    pub fn over_twilio(&self, pipecat: &Pipecat) -> Result<Bot, Failure> {
        let port = free_port()?;
        let notes = self.new_notes()?;
        let mut command = self.python(pipecat, &notes);
        command
            .args([ECHO, "-t", "twilio", "--host", "127.0.0.1", "--port"])
            .arg(port.to_string())
            .envs(CREDENTIALS.map(|variable| (variable, "of-no-account")));
        let mut running = self.spawn(&mut command, "over-twilio")?;
        running.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        let gateway = self.gateway("bot", port)?;
        Ok(Bot {
            called: self.adopt(running, gateway.sip_port)?,
            notes,
            _gateway: Some(gateway),
        })
    }

    /// So many calls at once; the report of the generator.
    pub fn calls(&self, called: &Called, calls: u32, seconds: f64) -> Result<Value, Failure> {
        let uri = format!("sip:echo@127.0.0.1:{}", called.sip_port);
        let pid = called.running.pid().to_string();
        let (calls, seconds) = (calls.to_string(), seconds.to_string());
        let mut arguments = vec!["--target", &uri, "--pid", &pid];
        arguments.extend(["--calls", &calls, "--seconds", &seconds]);
        self.rig.bench(&arguments)
    }

    fn gateway(&self, app: &str, application_port: u16) -> Result<Called, Failure> {
        let (sip_port, http_port) = (free_port()?, free_port()?);
        let configuration = CONFIGURATION
            .replace("@HTTP_PORT@", &http_port.to_string())
            .replace("@SIP_PORT@", &sip_port.to_string())
            .replace("@APP@", app)
            .replace("@APPLICATION_PORT@", &application_port.to_string());
        let running = self.spawn(&mut self.rig.gateway(app, &configuration)?, app)?;
        self.adopt(running, sip_port)
    }

    /// The interpreter of a Pipecat, on the core of what is measured.
    fn python(&self, pipecat: &Pipecat, notes: &Path) -> Command {
        let python = pipecat.environment.join("bin/python");
        let mut command = self.rig.machine.measured(&python);
        command
            .current_dir(workspace::root())
            .env("PYTHONPATH", &self.packages)
            .env("BOT_NOTES", notes);
        command
    }

    fn new_notes(&self) -> Result<PathBuf, Failure> {
        let notes = self.rig.folder.join("notes");
        std::fs::write(&notes, "")?;
        Ok(notes)
    }

    fn spawn(&self, command: &mut Command, name: &str) -> Result<Running, Failure> {
        let log = self.rig.log(name)?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(Running::itself(command.spawn()?))
    }

    /// Waits until what was started can be called, and holds it to its core.
    fn adopt(&self, mut running: Running, sip_port: u16) -> Result<Called, Failure> {
        running.wait_until_it_answers(&format!("sip:echo@127.0.0.1:{sip_port}"), sip_port)?;
        self.rig.machine.hold_measured(running.pid());
        Ok(Called { running, sip_port })
    }
}

impl Bot {
    /// What the bot says it holds of its own.
    pub fn held_by_itself(&self) -> Result<Value, Failure> {
        let before = self.said().len();
        output(Command::new("kill").args(["-USR1", &self.called.running.pid().to_string()]))?;
        let patience = Instant::now() + ANSWER_MAX;
        while Instant::now() < patience {
            if let Some(said) = self.said().into_iter().nth(before) {
                return Ok(said);
            }
            std::thread::sleep(TURN);
        }
        Err("the bot did not say what it holds".into())
    }

    fn said(&self) -> Vec<Value> {
        let notes = std::fs::read_to_string(&self.notes).unwrap_or_default();
        let notes = notes
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        notes
            .filter(|note: &Value| note["what"] == "holdings")
            .collect()
    }
}
