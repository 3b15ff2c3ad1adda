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
/// is no Python, or the package index is out of reach, the table of peers says so instead.
pub fn check(target: &Path, tally: &mut Tally) -> Result<(), Failure> {
    let (newest, lowest) = (newest(target), lowest(target));
    let prepared = newest.prepare().and_then(|()| lowest.prepare());
    if let Some(why) = excused(prepared, || newest.reaches_index())? {
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
        pytest::run(&newest, TESTS, target, tally),
        pytest::run(&lowest, TESTS_OF_PIPECAT, target, tally),
    ];
    // One run shows everything that is wrong.
    let failures = outcomes.into_iter().filter_map(Result::err);
    let failures: Vec<String> = failures.map(|failure| failure.to_string()).collect();
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n").into())
}

/// Why there is nothing to test with, where this machine cannot have it. Where the index answers, what
/// was asked of it is wrong: a failure like any other.
fn excused(
    prepared: Result<(), Failure>,
    reaches_index: impl FnOnce() -> bool,
) -> Result<Option<Failure>, Failure> {
    match prepared {
        Ok(()) => Ok(None),
        Err(why) if reaches_index() => Err(why),
        Err(why) => Ok(Some(why)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_that_the_index_has_not_fails_and_an_index_out_of_reach_excuses() {
        let failed = || Err("no version 99 of it".into());
        assert!(excused(failed(), || true).is_err());
        assert!(excused(failed(), || false).is_ok_and(|why| why.is_some()));
        assert!(excused(Ok(()), || panic!("nobody asks")).is_ok_and(|why| why.is_none()));
    }
}
