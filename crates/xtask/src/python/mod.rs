//! The Python side: a wheel of it, virtual environments with that wheel, and its checks.

mod checks;
mod environment;
mod pytest;
mod wheel;

pub use checks::check;
pub use environment::{create, find, installer, interpreter};

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{self, Failure, pass_through};
use environment::Environment;

/// With what the tests of the newest Pipecat need, and `cargo xtask python` too.
const NEWEST: &str = "python/tests/requirements.txt";
/// With what the tests of the oldest supported Pipecat need.
const LOWEST: &str = "python/tests/requirements-lowest.txt";

/// The environment with the newest Pipecat.
fn newest(target: &Path) -> Environment {
    Environment::new(target.join("python/venv"), NEWEST)
}

/// The environment with the oldest supported Pipecat.
fn lowest(target: &Path) -> Environment {
    Environment::new(target.join("python/venv-lowest"), LOWEST)
}

/// The environments with the newest and with the oldest Pipecat, as the tests have them.
pub fn pipecats(target: &Path) -> Result<[PathBuf; 2], Failure> {
    let environments = [newest(target), lowest(target)];
    for environment in &environments {
        environment.prepare()?;
    }
    Ok(environments.map(|environment| environment.folder().to_owned()))
}

/// `cargo xtask python [PROGRAM [ARGUMENT …]]`: makes the environment with the wheel in it, and runs
/// a program there.
pub fn run(program: &[&str]) -> Result<(), Failure> {
    let target = workspace::target()?;
    let environment = newest(&target);
    environment.prepare()?;
    let wheel = wheel::build(&environment, &target)?;
    environment.install(&wheel)?;
    if program.is_empty() {
        println!(
            "trunkline is installed; begin with\n  . {}/bin/activate",
            environment.folder().display()
        );
        return Ok(());
    }
    pass_through(Command::new(environment.python()).args(program))
}
