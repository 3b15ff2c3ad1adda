//! What is measured, and the runs that measure it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::evidence::comparison::{Rig, Running, free_port};
use crate::workspace::Failure;

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
    pub rig: Rig,
    /// The virtual environment of the peers.
    pub python: Option<PathBuf>,
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
    running: Running,
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
        let log = self.rig.log(&format!("{which:?}"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut running = Running::itself(child);
        running.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        self.rig.machine.hold_measured(running.pid());
        let url = format!("ws://127.0.0.1:{port}/{path}");
        Ok(Some(System { running, url }))
    }

    fn trunkline(&self, port: u16) -> Result<Command, Failure> {
        let configuration = CONFIGURATION
            .replace("@PORT@", &port.to_string())
            .replace("@SIP_PORT@", &free_port()?.to_string());
        self.rig.gateway("trunkline", &configuration)
    }

    fn script(&self, python: &Path, text: &str, port: u16) -> Result<Command, Failure> {
        let file = self.rig.folder.join(format!("echo-{port}.py"));
        std::fs::write(&file, text)?;
        let mut command = self.rig.machine.measured(&python.join("bin/python"));
        command.arg(file).args(["--port", &port.to_string()]);
        Ok(command)
    }

    /// So many streams at once; the report of the generator.
    pub fn streams(&self, system: &System, count: u32, seconds: f64) -> Result<Value, Failure> {
        let (count, seconds) = (count.to_string(), seconds.to_string());
        let pid = system.running.pid().to_string();
        self.rig.bench(&[
            "--streams",
            "--target",
            &system.url,
            "--pid",
            &pid,
            "--calls",
            &count,
            "--seconds",
            &seconds,
        ])
    }
}
