//! The gateway that is called, and the callers.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::records::Records;
use super::{Plan, engines};
use crate::evidence::comparison::machine::Machine;
use crate::evidence::comparison::{Running, free_port};
use crate::workspace::{self, Failure, pass_through};

const SCRIPTED: &str = "\
server: {host: 127.0.0.1, port: @HTTP_PORT@}
sip: {listen: [\"udp://127.0.0.1:@SIP_PORT@\"], rtp_ports: 20000-29999}
records: {file: \"@RECORDS@\"}
routes: [{to: short, app: short}, {to: long, app: long}, {to: quiet, app: quiet}, {to: echo, app: echo}]
apps:
  echo: {type: echo}
@QUIET@  short:
    type: agent
    greeting: Hello.
    stt: {type: openai, url: \"@ENGINES@\"}
    llm: {type: openai, url: \"@ENGINES@\", model: short}
    tts: {type: openai, url: \"@ENGINES@\"}
  long:
    type: agent
    greeting: Hello.
    stt: {type: openai, url: \"@ENGINES@\"}
    llm: {type: openai, url: \"@ENGINES@\", model: long}
    tts: {type: openai, url: \"@ENGINES@\"}
";

/// Says the longer of the answers as soon as it is called.
const QUIET: &str = "  quiet:
    type: agent
    greeting: That is a longer story, which takes its time.
    stt: {type: openai, url: \"@ENGINES@\"}
    llm: {type: openai, url: \"@ENGINES@\", model: short}
    tts: {type: openai, url: \"@ENGINES@\"}
";

/// Without `stt` and `tts` the engines are those of the process.
const IN_PROCESS: &str = "\
server: {host: 127.0.0.1, port: @HTTP_PORT@}
sip: {listen: [\"udp://127.0.0.1:@SIP_PORT@\"], rtp_ports: 20000-29999}
records: {file: \"@RECORDS@\"}
routes: [{to: agent, app: agent}, {to: quiet, app: quiet}, {to: echo, app: echo}]
apps:
  echo: {type: echo}
@QUIET@  agent: {type: agent, llm: {type: receptionist, hours: We are open from nine to five on weekdays.}}
";

/// Everything a measurement needs.
pub struct Stage {
    pub machine: Machine,
    binary: PathBuf,
    folder: PathBuf,
    engines: String,
}

/// A gateway under one configuration. It is stopped when this is dropped.
pub struct Gateway {
    port: u16,
    /// Its calls that are over.
    pub records: Records,
    _running: Running,
}

impl Stage {
    /// Builds the binary, starts the engines, and makes the recordings of the callers.
    pub fn set(machine: Machine, plan: &Plan) -> Result<Self, Failure> {
        let mut build = workspace::cargo();
        build.args(["build", "--package", "trunkline"]);
        if plan.is_evidence {
            build.arg("--release");
        }
        if plan.has_models {
            build.args(["--features", "speech"]);
        }
        pass_through(&mut build)?;
        let target = workspace::target()?;
        let folder = target.join("evidence/agent");
        std::fs::create_dir_all(&folder)?;
        // What callers say: to scripted engines anything, to those in the process what they answer.
        for (file, recording, ms) in [
            ("question.wav", "slt", 0..2_000),
            ("stop.wav", "rms", 0..1_500),
            ("hours.wav", "slt", 2_350..5_150),
        ] {
            std::fs::write(folder.join(file), engines::part_of(recording, ms)?)?;
        }
        machine.hold_ourselves();
        let profile = if plan.is_evidence { "release" } else { "debug" };
        Ok(Self {
            machine,
            binary: target.join(profile).join("trunkline"),
            folder,
            engines: engines::serve()?,
        })
    }

    /// A gateway with scripted engines, on a core of its own.
    pub fn scripted(&self) -> Result<Gateway, Failure> {
        let command = self.machine.measured_first(&self.binary, false);
        self.start(command, "scripted", SCRIPTED)
    }

    /// A gateway with engines in its process, on every core.
    pub fn in_process(&self) -> Result<Gateway, Failure> {
        let command = self.machine.measured_first(&self.binary, true);
        self.start(command, "in-process", IN_PROCESS)
    }

    fn start(&self, mut command: Command, name: &str, text: &str) -> Result<Gateway, Failure> {
        let (port, http_port) = (free_port()?, free_port()?);
        let records = Records::new(self.folder.join(format!("{name}.jsonl")))?;
        let text = text
            .replace("@QUIET@", QUIET)
            .replace("@RECORDS@", &records.file().to_string_lossy())
            .replace("@SIP_PORT@", &port.to_string())
            .replace("@HTTP_PORT@", &http_port.to_string())
            .replace("@ENGINES@", &self.engines);
        let file = self.folder.join(format!("{name}.yaml"));
        std::fs::write(&file, text)?;
        let log = std::fs::File::create(self.folder.join(format!("{name}.log")))?;
        command
            .args(["serve", "--log-level", "warn", "--config"])
            .arg(file);
        command.stdout(log.try_clone()?).stderr(log);
        let mut running = Running::itself(command.spawn()?);
        running.wait_until_it_answers("sip:echo@127.0.0.1", port)?;
        Ok(Gateway {
            port,
            records,
            _running: running,
        })
    }

    /// So many callers of an application follow these steps at once: the report of `trunkline eval`.
    pub fn talk(
        &self,
        gateway: &Gateway,
        app: &str,
        callers: usize,
        steps: &str,
    ) -> Result<Value, Failure> {
        let file = self.folder.join("talk.yaml");
        let text =
            format!("within: 30\nquiet: 0.6\nscenarios:\n  - name: {app}\n    steps:\n{steps}");
        std::fs::write(&file, text)?;
        let mut command = self.machine.generator(&self.binary);
        let target = format!("sip:{app}@127.0.0.1:{}", gateway.port);
        command
            .arg("eval")
            .arg(&file)
            .args(["--json", "--target", &target]);
        command.args(["--callers", &callers.to_string()]);
        let done = command.output()?;
        // It also fails where a conversation did not pass, which is a result like any other.
        serde_json::from_slice(&done.stdout).map_err(|_| {
            let said = String::from_utf8_lossy(&done.stderr);
            format!("the callers gave no report: {}", said.trim_end()).into()
        })
    }
}
