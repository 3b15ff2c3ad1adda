//! ruff, pyright and pytest over the Python side, as one step of `cargo xtask test`.

use std::path::Path;
use std::process::Command;

use super::environment::Environment;
use super::{lowest, newest, pytest, wheel};
use crate::peers;
use crate::tally::Tally;
use crate::workspace::{self, Failure, pass_through};

/// What ruff and pyright look at, from the root.
const SOURCES: [&str; 2] = ["python", "examples/python"];
/// What is tested with the newest Pipecat, and with the oldest that is supported.
const TESTS: &str = "python/tests";
const TESTS_OF_PIPECAT: &str = "python/tests/pipecat";

/// Builds the wheel, checks the sources and runs the tests against what was installed. Where there
/// is no Python, or the package index is out of reach, the table of peers says so instead. `again` gets the tests that needed a second
/// try.
pub fn check(target: &Path, tally: &mut Tally, again: &mut Vec<String>) -> Result<(), Failure> {
    let (newest, lowest) = (newest(target), lowest(target));
    if let Err(why) = newest.prepare().and_then(|()| lowest.prepare()) {
        eprintln!("      SKIPPED: {why}");
        return peers::note(target, peers::PYTHON, &format!("skipped all of it: {why}"));
    }
    let wheel = wheel::build(&newest, target)?;
    newest.install(&wheel)?;
    lowest.install(&wheel)?;
    let outcomes = [
        pass_through(&mut ruff(&newest, &["check"])),
        pass_through(&mut ruff(&newest, &["format", "--check"])),
        pass_through(&mut pyright(&newest, target)),
        pytest::run(&newest, TESTS, target, tally, again),
        pytest::run(&lowest, TESTS_OF_PIPECAT, target, tally, again),
    ];
    // One run shows everything that is wrong.
    let failures = outcomes.into_iter().filter_map(Result::err);
    let failures: Vec<String> = failures.map(|failure| failure.to_string()).collect();
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n").into())
}

fn ruff(environment: &Environment, what: &[&str]) -> Command {
    let mut ruff = Command::new(environment.program("ruff"));
    ruff.current_dir(workspace::root()).args(what);
    // Examples lie beside the packages, and are held to the same rules.
    ruff.args(["--config", "python/pyproject.toml"]);
    ruff.args(SOURCES);
    ruff
}

/// pyright is a program for Node.js: the package brings that and fetches itself once.
fn pyright(environment: &Environment, target: &Path) -> Command {
    let mut pyright = Command::new(environment.program("pyright"));
    pyright.current_dir(workspace::root());
    pyright.env("PYRIGHT_PYTHON_CACHE_DIR", target.join("python/pyright"));
    pyright.env("PYRIGHT_PYTHON_IGNORE_WARNINGS", "1");
    pyright.arg("--pythonpath").arg(environment.python());
    pyright.args(["--project", "python"]);
    pyright
}
