//! What is measured, and the runs that measure it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::evidence::performance::machine::Machine;
use crate::workspace::{Failure, pass_through};

/// How long a system may take to start.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a system may take to leave.
const FAREWELL_MAX: Duration = Duration::from_secs(10);

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: @PORT@}
sip: {listen: [\"udp://127.0.0.1:@SIP_PORT@\"]}
routes: [{to: \"*\", app: echo}]
apps: {echo: {type: echo}}
";
const PIPECAT: &str = include_str!("pipecat_echo.py");
const BY_HAND: &str = include_str!("fastapi_echo.py");

/// Everything a measurement needs.
pub struct Bench {
    /// The binary of this build.
    pub binary: PathBuf,
    /// Where configurations and logs of the run go.
    pub folder: PathBuf,
    /// The virtual environment of the peers.
    pub python: Option<PathBuf>,
    /// How programs are held apart.
    pub machine: Machine,
    /// How often a run is tried whose generator was late.
    pub tries: usize,
}

/// Which system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This project's.
    Trunkline,
    /// Pipecat's echo.
    Pipecat,
    /// A FastAPI application that does it all by itself.
    ByHand,
}

impl Which {
    /// As the page calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trunkline => "Trunkline",
            Self::Pipecat => "Pipecat",
            Self::ByHand => "the server by hand",
        }
    }
}

/// A running system. It is stopped when this is dropped.
pub struct System {
    child: Child,
    url: String,
}

impl Bench {
    /// Starts a system and waits until it listens; `None` where the peer is not here.
    pub fn start(&self, which: Which) -> Result<Option<System>, Failure> {
        let port = free_port()?;
        let (mut command, path) = match (which, &self.python) {
            (Which::Trunkline, _) => (self.trunkline(port)?, "sip/media-stream"),
            (_, None) => return Ok(None),
            (Which::Pipecat, Some(python)) => (self.script(python, PIPECAT, port)?, "media-stream"),
            (Which::ByHand, Some(python)) => (self.script(python, BY_HAND, port)?, "media-stream"),
        };
        let log = std::fs::File::create(self.folder.join(format!("{which:?}.log")))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut system = System {
            child,
            url: format!("ws://127.0.0.1:{port}/{path}"),
        };
        system.wait_until_it_listens(port)?;
        self.machine.hold_measured(system.child.id());
        Ok(Some(system))
    }

    fn trunkline(&self, port: u16) -> Result<Command, Failure> {
        let file = self.folder.join("trunkline.yaml");
        let configuration = CONFIGURATION
            .replace("@PORT@", &port.to_string())
            .replace("@SIP_PORT@", &free_port()?.to_string());
        std::fs::write(&file, configuration)?;
        let mut command = self.machine.measured(&self.binary);
        command
            .args(["serve", "--log-level", "warn", "--config"])
            .arg(file);
        Ok(command)
    }

    fn script(&self, python: &Path, text: &str, port: u16) -> Result<Command, Failure> {
        let file = self.folder.join(format!("echo-{port}.py"));
        std::fs::write(&file, text)?;
        let mut command = self.machine.measured(&python.join("bin/python"));
        command.arg(file).args(["--port", &port.to_string()]);
        Ok(command)
    }

    /// So many streams at once, measured until the run is not void, or often enough; the last
    /// report.
    pub fn streams(&self, system: &System, count: u32, seconds: f64) -> Result<Value, Failure> {
        let mut report = Value::Null;
        for _ in 0..self.tries {
            report = self.measure_once(system, count, seconds)?;
            match report["generator"]["void"].as_str() {
                Some(why) => eprintln!("      void: {why}"),
                None => break,
            }
        }
        Ok(report)
    }

    fn measure_once(&self, system: &System, count: u32, seconds: f64) -> Result<Value, Failure> {
        let mut command = self.machine.generator(&self.binary);
        command
            .args(["bench", "--streams", "--json", "--target", &system.url])
            .args(["--pid", &system.child.id().to_string()])
            .args(["--calls", &count.to_string()])
            .args(["--seconds", &seconds.to_string()]);
        let done = command.output()?;
        // It also fails where the target did not pass, which is a result like any other.
        let report = String::from_utf8_lossy(&done.stdout);
        serde_json::from_str(&report).map_err(|_| {
            let said = String::from_utf8_lossy(&done.stderr);
            format!("the generator gave no report: {}", said.trim_end()).into()
        })
    }
}

impl System {
    fn wait_until_it_listens(&mut self, port: u16) -> Result<(), Failure> {
        let patience = Instant::now() + START_MAX;
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("{} left at its start: {status}", self.url).into());
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!(
            "{} was not there within {} s",
            self.url,
            START_MAX.as_secs()
        )
        .into())
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = pass_through(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        let patience = Instant::now() + FAREWELL_MAX;
        while Instant::now() < patience {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
