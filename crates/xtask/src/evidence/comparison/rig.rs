//! What every measurement stands on: the build under test, a folder, the cores, the generator.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::machine::Machine;
use crate::workspace::{self, Failure, pass_through};

/// What every measurement stands on.
pub struct Rig {
    /// The binary of this build.
    pub binary: PathBuf,
    /// Where configurations and logs of the run go.
    pub folder: PathBuf,
    /// How programs are held apart.
    pub machine: Machine,
    /// How often a run is tried whose generator was late.
    pub tries: usize,
}

impl Rig {
    /// Builds the binary as it is released and makes the folder of the measurement called `name`.
    pub fn build(name: &str, machine: Machine, tries: usize) -> Result<Self, Failure> {
        pass_through(workspace::cargo().args(["build", "--release", "--package", "trunkline"]))?;
        let target = workspace::target()?;
        let folder = target.join("evidence").join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            binary: target.join("release/trunkline"),
            folder,
            machine,
            tries,
        })
    }

    /// A new log in the folder.
    pub fn log(&self, name: &str) -> Result<File, Failure> {
        Ok(File::create(self.folder.join(format!("{name}.log")))?)
    }

    /// `trunkline serve` under this configuration, held to the core of what is measured. Its file is
    /// called `name`: a gateway that runs reads its own again when that is written.
    pub fn gateway(&self, name: &str, configuration: &str) -> Result<Command, Failure> {
        let file = self.folder.join(format!("{name}.yaml"));
        std::fs::write(&file, configuration)?;
        let mut command = self.machine.measured(&self.binary);
        command.args(["serve", "--log-level", "warn", "--config"]);
        command.arg(file);
        Ok(command)
    }

    /// Runs `trunkline bench` with these arguments until its run is not void, or often enough; the
    /// last report.
    pub fn bench(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let mut report = Value::Null;
        for _ in 0..self.tries {
            report = self.bench_once(arguments)?;
            match report["generator"]["void"].as_str() {
                Some(why) => eprintln!("      void: {why}"),
                None => break,
            }
        }
        Ok(report)
    }

    fn bench_once(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let mut command = self.machine.generator(&self.binary);
        let done = command.args(["bench", "--json"]).args(arguments).output()?;
        // It also fails where the target did not pass, which is a result like any other.
        let report = String::from_utf8_lossy(&done.stdout);
        serde_json::from_str(&report).map_err(|_| {
            let said = String::from_utf8_lossy(&done.stderr);
            format!("the generator gave no report: {}", said.trim_end()).into()
        })
    }
}
