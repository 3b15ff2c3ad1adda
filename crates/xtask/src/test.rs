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
    progress.step("tests", || {
        tally.run(tests().envs(peers::environment(&peers)))
    });

    println!("\n{}", peers::table(&peers, &target));
    println!("{} passed, {} failed", tally.passed, tally.failed);
    progress.finish()
}

fn clippy() -> Command {
    let mut command = cargo();
    command.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
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
