//! Measurements too long for every run. Each writes its dated page in `docs/evidence`.
//!
//! To add one: a module here with a `run` function, one row in [`EVIDENCE`].

mod agent;
mod comparison;
mod fuzz;
mod performance;
mod pipecat;
mod quality;
mod speech;
mod streams;

use std::process::Command;

use crate::workspace::{self, Failure, output};

/// One thing that can be measured.
struct Evidence {
    name: &'static str,
    what: &'static str,
    run: fn(&[&str]) -> Result<(), Failure>,
}

const EVIDENCE: &[Evidence] = &[
    Evidence {
        name: "agent",
        what: "conversations with the voice agent: gaps, interruptions, echoes, many at once (--quick: only to see that it works; --speech: engines in the process too)",
        run: agent::run,
    },
    Evidence {
        name: "fuzz",
        what: "every fuzz target for some minutes: executions and covered edges (arguments: minutes, targets)",
        run: fuzz::run,
    },
    Evidence {
        name: "performance",
        what: "CPU, delay, limits and memory against Asterisk (--quick: only to see that it works)",
        run: performance::run,
    },
    Evidence {
        name: "pipecat",
        what: "delay, interruption and what is left of 500 calls, of bots in Pipecat (--quick: only to see that it works)",
        run: pipecat::run,
    },
    Evidence {
        name: "quality",
        what: "PESQ of the echo path and of loss concealment, and the resampler's figures",
        run: quality::run,
    },
    Evidence {
        name: "speech",
        what: "words and intents over SIP and G.711 with the models in the process (--quick: only to see that it works)",
        run: speech::run,
    },
    Evidence {
        name: "streams",
        what: "CPU, delay and limit of media streams against Pipecat (--quick: only to see that it works)",
        run: streams::run,
    },
];

/// Runs the measurement the first word names, with the rest as its arguments.
pub fn run(words: &[&str]) -> Result<(), Failure> {
    let Some((name, arguments)) = words.split_first() else {
        for evidence in EVIDENCE {
            println!("{:<12} {}", evidence.name, evidence.what);
        }
        return Ok(());
    };
    match EVIDENCE.iter().find(|evidence| evidence.name == *name) {
        Some(evidence) => (evidence.run)(arguments),
        None => {
            Err(format!("nothing measures {name}; `cargo xtask evidence` lists what is").into())
        }
    }
}

/// Writes `docs/evidence/NAME.md`: a title, where and when it was measured, then `body`.
pub fn write_page(name: &str, title: &str, body: &str) -> Result<(), Failure> {
    let folder = workspace::root().join("docs/evidence");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.md"));
    let made = format!(
        "Made by `cargo xtask evidence {name}` on {}.",
        circumstances()?
    );
    std::fs::write(
        &file,
        format!("# {title}\n\n{made}\n\n{}\n", body.trim_end()),
    )?;
    println!("wrote docs/evidence/{name}.md");
    Ok(())
}

/// The day, the commit and the machine a measurement belongs to.
fn circumstances() -> Result<String, Failure> {
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "{}, {} ({cores} cores)",
        day_and_commit()?,
        processor()
    ))
}

/// The day and the commit of a measurement.
fn day_and_commit() -> Result<String, Failure> {
    let day = output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let mut git = Command::new("git");
    let commit = output(
        git.current_dir(workspace::root())
            .args(["rev-parse", "--short", "HEAD"]),
    );
    let commit = commit.unwrap_or_else(|_| "an unknown commit".into());
    Ok(format!("{} at {}", day.trim(), commit.trim()))
}

fn processor() -> String {
    let listed = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = listed
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = model.map(|rest| rest.trim_start_matches([' ', '\t', ':']));
    name.unwrap_or("an unnamed processor").to_owned()
}
