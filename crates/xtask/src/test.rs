//! `cargo xtask test`: the one command that says whether the project is whole.

use std::process::Command;

use crate::peers::{self, Peer};
use crate::progress::Progress;
use crate::python;
use crate::speech;
use crate::tally::Tally;
use crate::workspace::{self, Failure, cargo, pass_through};

/// Runs every step, prints the table of peers and, last, the sum of all tests.
pub fn run() -> Result<(), Failure> {
    let target = workspace::target()?;
    let mut progress = Progress::new(8);
    let mut tally = Tally::default();
    let mut peers: Vec<Peer> = Vec::new();

    progress.step("peers", || {
        peers::clear_results(&target)?;
        peers = peers::look(&target, peers::Missing::InstallPackages);
        for peer in &peers {
            eprintln!("      {}", peer.found_line());
        }
        Ok(())
    });
    progress.step("formatting", || {
        pass_through(cargo().args(["fmt", "--all", "--check"]))
    });
    progress.step("house rules", || {
        tally.run(cargo().args(["test", "--quiet", "--no-fail-fast", "--package", "xtask"]))
    });
    progress.step("lints", || pass_through(&mut clippy(&["--workspace"])));
    progress.step("documentation", || pass_through(&mut documentation()));
    let mut again = Vec::new();
    progress.step("tests", || {
        let mut all = Tally::default();
        let outcome = all.run(tests().envs(peers::environment(&peers)));
        let outcome = outcome.or_else(|failure| {
            second_try(&all, failure, |names| alone(names, &peers))?;
            again.extend(all.forgive_failures());
            Ok(())
        });
        let outcome = outcome.and_then(|()| all.all_were_run());
        tally.add(all);
        outcome
    });
    progress.step("python", || python::check(&target, &mut tally));
    let mut skipped = None;
    progress.step("speech", || {
        skipped = speech::check(&mut tally, &mut again)?;
        Ok(())
    });

    println!("\n{}", peers::table(&peers, &target));
    tell_of_second_tries(&again);
    tell_of_skipped_speech(skipped.as_deref());
    println!("{} passed, {} failed", tally.passed, tally.failed);
    progress.finish()
}

/// The Python step alone.
pub fn run_python() -> Result<(), Failure> {
    let target = workspace::target()?;
    let mut progress = Progress::new(1);
    let mut tally = Tally::default();
    peers::clear_results(&target)?;
    // Its tests call this one.
    pass_through(cargo().args(["build", "--package", "trunkline"]))?;
    progress.step("python", || python::check(&target, &mut tally));
    println!("{} passed, {} failed", tally.passed, tally.failed);
    progress.finish()
}

/// The step with models in the process alone.
pub fn run_speech() -> Result<(), Failure> {
    let mut progress = Progress::new(1);
    let mut tally = Tally::default();
    let (mut again, mut skipped) = (Vec::new(), None);
    progress.step("speech", || {
        skipped = speech::check(&mut tally, &mut again)?;
        Ok(())
    });
    tell_of_second_tries(&again);
    tell_of_skipped_speech(skipped.as_deref());
    println!("{} passed, {} failed", tally.passed, tally.failed);
    progress.finish()
}

fn tell_of_skipped_speech(why: Option<&str>) {
    if let Some(why) = why {
        println!("SKIPPED  speech: no test with models in the process was run: {why}");
    }
}

fn tell_of_second_tries(names: &[String]) {
    for name in names {
        println!("SECOND TRY  {name}: failed among the others, tried again alone");
    }
}

/// How many tests may have a second try.
const SECOND_TRIES_MAX: usize = 2;

/// Has few failed tests tried once more, and gives the failure of the first run where they are too
/// many, or where more went wrong than they.
pub fn second_try(
    first: &Tally,
    failure: Failure,
    alone: impl FnOnce(&[String]) -> Result<Tally, Failure>,
) -> Result<(), Failure> {
    let names = &first.failures;
    let is_all = first.failed == names.len() as u64 && first.unfinished == 0;
    if names.is_empty() || names.len() > SECOND_TRIES_MAX || !is_all {
        return Err(failure);
    }
    // Every program that runs none of them passes, too.
    if alone(names)?.passed < names.len() as u64 {
        return Err(format!("failed: {}", names.join(", ")).into());
    }
    Ok(())
}

/// Runs tests of the real binary by themselves. They live by the clock of a machine that others use
/// too; a test of any other crate has no such excuse, and is not found here.
fn alone(names: &[String], peers: &[Peer]) -> Result<Tally, Failure> {
    let mut command = cargo();
    command.args(["test", "--package", "trunkline", "--", "--exact"]);
    command.arg("--test-threads=1").args(names);
    let mut tally = Tally::default();
    tally.run(command.envs(peers::environment(peers)))?;
    Ok(tally)
}

/// Lints are errors with the compiler that `rust-version` names. A newer one knows others, which
/// are shown: a new compiler breaks nobody's build.
pub fn clippy(checked: &[&str]) -> Command {
    let mut command = cargo();
    command.arg("clippy").args(checked).arg("--all-targets");
    let ours = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");
    match workspace::output(Command::new("rustc").arg("--version")) {
        Ok(version) if !version.starts_with(ours) => {
            eprintln!(
                "      lints are shown and not counted: this is {}",
                version.trim()
            );
        }
        _ => {
            command.args(["--", "-D", "warnings"]);
        }
    }
    command
}

/// A link between documented items that leads nowhere is an error.
fn documentation() -> Command {
    let mut command = cargo();
    command.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    // Private items are documented too, so public ones may point at them.
    command.env(
        "RUSTDOCFLAGS",
        "-D warnings -A rustdoc::private-intra-doc-links",
    );
    command
}

fn tests() -> Command {
    let mut command = cargo();
    command.args([
        "test",
        "--workspace",
        "--exclude",
        "xtask",
        "--no-fail-fast",
    ]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run in which these tests failed.
    fn failed(names: &[&str]) -> Tally {
        Tally {
            passed: 10,
            failed: names.len() as u64,
            failures: names.iter().map(|&name| name.to_owned()).collect(),
            ..Tally::default()
        }
    }

    fn passed(count: u64) -> impl FnOnce(&[String]) -> Result<Tally, Failure> {
        move |_| {
            Ok(Tally {
                passed: count,
                ..Tally::default()
            })
        }
    }

    #[test]
    fn a_failed_test_that_passes_alone_is_forgiven_and_no_other_is() {
        let one = failed(&["stories::one"]);
        assert!(second_try(&one, "first".into(), passed(1)).is_ok());
        assert!(second_try(&one, "first".into(), passed(0)).is_err());
        let fails_again = |_: &[String]| Err("again".into());
        assert!(second_try(&one, "first".into(), fails_again).is_err());
    }

    #[test]
    fn what_is_more_than_a_test_or_two_has_no_second_try() {
        let nothing_is_run = |_: &[String]| panic!("there is no second try");
        let many = failed(&["a", "b", "c"]);
        // Cargo failed, and no test did: something was not compiled.
        let none = failed(&[]);
        let unnamed = Tally {
            failed: 2,
            ..failed(&["a"])
        };
        let crashed = Tally {
            unfinished: 1,
            ..failed(&["a"])
        };
        for first in [many, none, unnamed, crashed] {
            let said = second_try(&first, "first".into(), nothing_is_run);
            let said = said.err().map(|failure| failure.to_string());
            assert_eq!(said.as_deref(), Some("first"), "{first:?}");
        }
    }
}
