//! Pipecat, from Python's package index, in a virtual environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{Failure, on_path, output, pass_through};

/// Names a virtual environment that was made elsewhere.
pub const VARIABLE: &str = "TRUNKLINE_PEER_PIPECAT";

const PACKAGE: &str = "pipecat-ai";
/// The version its messages were taken down from, with what its runner and its sockets need.
const REQUIREMENT: &str = "pipecat-ai[websocket,runner]==1.14.0";
/// What Pipecat runs on begins with this version of Python.
const OLDEST_PYTHON: &str = "import sys, venv; sys.exit(sys.version_info < (3, 11))";

/// The environment that holds a Pipecat: the one named by the variable, else our own.
pub fn find(target: &Path) -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let environment = named.unwrap_or_else(|| our_own(target));
    version_in(&environment).map(|_| environment)
}

fn our_own(target: &Path) -> PathBuf {
    target.join("peers/pipecat")
}

/// The version of the Pipecat in this environment.
pub fn version(environment: &Path) -> String {
    version_in(environment).unwrap_or_else(|| "?".to_owned())
}

fn version_in(environment: &Path) -> Option<String> {
    let code = format!("from importlib.metadata import version; print(version({PACKAGE:?}))");
    let mut python = Command::new(environment.join("bin/python"));
    let said = output(python.args(["-c", &code])).ok()?;
    Some(said.trim().to_owned())
}

/// Makes our own environment where there is none: about a minute and 500 MB. pip installs what
/// Pipecat needs before Pipecat itself, so half an environment is never taken for one.
pub fn install(target: &Path) -> Result<(), Failure> {
    if find(target).is_some() {
        return Ok(());
    }
    let environment = our_own(target);
    let python = on_path("python3").ok_or("Pipecat needs python3")?;
    if output(Command::new(&python).args(["-c", OLDEST_PYTHON])).is_err() {
        return Err("Pipecat needs Python 3.11 or newer, with its module venv".into());
    }
    eprintln!("      installing Pipecat in {} …", environment.display());
    pass_through(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    let mut pip = Command::new(environment.join("bin/python"));
    pass_through(pip.args(["-m", "pip", "install", "--quiet", REQUIREMENT]))
}
