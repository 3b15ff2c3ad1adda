//! `cargo xtask test`: the one command that says whether the project is whole.

use std::process::Command;

use crate::peers::{self, Peer};
use crate::progress::Progress;
use crate::tally::Tally;
use crate::workspace::{self, Failure, cargo, pass_through};

/// Runs every step, prints the table of peers and, last, the sum of all tests.
pub fn run() -> Result<(), Failure> {
    let target = workspace::target()?;
    let mut progress = Progress::new(6);
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
    progress.step("lints", || pass_through(&mut clippy()));
    progress.step("documentation", || pass_through(&mut documentation()));
    let mut again = Vec::new();
    progress.step("tests", || {
        let before = tally.failures.len();
        let outcome = tally.run(tests().envs(peers::environment(&peers)));
        let Some(failures) = tally.failures.get(before..).filter(|f| !f.is_empty()) else {
            return outcome;
        };
        again = failures.to_vec();
        second_try(&again, &peers)?;
        tally.passed += again.len() as u64;
        tally.failed -= again.len() as u64;
        Ok(())
    });

    println!("\n{}", peers::table(&peers, &target));
    for name in &again {
        println!("SECOND TRY  {name}: failed among the others, tried again alone");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    progress.finish()
}

/// How many tests may have a second try.
const SECOND_TRIES_MAX: usize = 2;

/// Tries failed tests of the real binary once more, alone. They live by the clock of a machine that
/// others use too; a test of any other crate has no such excuse, and is not found here.
fn second_try(names: &[String], peers: &[Peer]) -> Result<(), Failure> {
    if names.len() > SECOND_TRIES_MAX {
        return Err(format!("{} tests failed", names.len()).into());
    }
    let mut command = cargo();
    command.args(["test", "--package", "trunkline", "--", "--exact"]);
    command.arg("--test-threads=1").args(names);
    let mut alone = Tally::default();
    alone.run(command.envs(peers::environment(peers)))?;
    if alone.passed < names.len() as u64 {
        return Err(format!("failed: {}", names.join(", ")).into());
    }
    Ok(())
}

/// Lints are errors with the compiler that `rust-version` names. A newer one knows others, which
/// are shown: a new compiler breaks nobody's build.
fn clippy() -> Command {
    let mut command = cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
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
