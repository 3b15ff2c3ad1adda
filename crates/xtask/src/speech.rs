//! Models in the process, as one step of `cargo xtask test`: fetches them as a user would, and runs
//! the tests that need them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::peers;
use crate::tally::Tally;
use crate::test::{clippy, second_try};
use crate::workspace::{self, Failure, cargo, on_path, pass_through, spelled};

/// What whisper.cpp is built with, and the package it comes in.
const TOOLS: [(&str, &str); 3] = [("cmake", "cmake"), ("c++", "g++"), ("make", "make")];
/// Everything of these crates is checked with these features.
const CHECKED: [&str; 8] = [
    "--package",
    "trunkline-speech",
    "--package",
    "trunkline-agent",
    "--package",
    "trunkline",
    "--features",
    "trunkline-speech/rten,trunkline-speech/whisper,trunkline/speech",
];
/// All tests of the first two are run; of the gateway those programs that are nothing without the
/// feature, as the others were run already.
const SPEECH: [&str; 4] = [
    "--package",
    "trunkline-speech",
    "--features",
    "rten,whisper",
];
const AGENT: [&str; 4] = ["--package", "trunkline-agent", "--features", "speech"];
const GATEWAY: [&str; 4] = ["--package", "trunkline", "--features", "speech"];
const PROGRAMS: &str = "crates/gateway/tests";
/// What such a program begins with.
const WITHOUT_IT_NOTHING: &str = "#![cfg(feature = \"speech\")]";
/// Every model that the command knows.
const MODELS: [&str; 2] = ["whisper-tiny.en", "hibari"];
/// Names the folder of models, for the command and for tests.
const FOLDER: &str = "TRUNKLINE_MODELS";
/// By this the command says that nobody was there.
const OUT_OF_REACH: &str = "cannot be reached";

/// Runs the step. What keeps it from running is returned, in words; `again` gets the tests that
/// needed a second try.
pub fn check(tally: &mut Tally, again: &mut Vec<String>) -> Result<Option<String>, Failure> {
    if let Err(why) = install_tools() {
        return Ok(Some(why.to_string()));
    }
    let folder = match fetch()? {
        Ok(folder) => folder,
        Err(out_of_reach) => return Ok(Some(out_of_reach)),
    };
    let mut outcomes = vec![
        pass_through(&mut clippy(&CHECKED)),
        run(&SPEECH, &folder, tally, again),
        run(&AGENT, &folder, tally, again),
    ];
    for program in programs(&workspace::root().join(PROGRAMS))? {
        let only = [&GATEWAY[..], &["--test", &program]].concat();
        outcomes.push(run(&only, &folder, tally, again));
    }
    // One run shows everything that is wrong.
    let failures = outcomes.into_iter().filter_map(Result::err);
    let failures: Vec<String> = failures.map(|failure| failure.to_string()).collect();
    match failures.is_empty() {
        true => Ok(None),
        false => Err(failures.join("\n").into()),
    }
}

fn install_tools() -> Result<(), Failure> {
    let missing = TOOLS
        .iter()
        .filter(|(program, _)| on_path(program).is_none());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    peers::apt_install(&packages)
}

/// Has the command that was just built fetch every model; the folder that they are in, or why nobody
/// was there to give them.
fn fetch() -> Result<Result<PathBuf, String>, Failure> {
    let mut command = cargo();
    command.args([
        "run",
        "--quiet",
        "--package",
        "trunkline",
        "--",
        "models",
        "fetch",
        "--json",
    ]);
    command.args(MODELS);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let spelled = spelled(command);
    let mut child = command.spawn()?;
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            eprintln!("      {line}");
            said.push(line);
        }
    }
    let done = child.wait_with_output()?;
    match done.status.success() {
        true => Ok(Ok(folder_of(&done.stdout)?)),
        false => match said.into_iter().find(|line| line.contains(OUT_OF_REACH)) {
            Some(line) => Ok(Err(line)),
            None => Err(format!("{spelled}: {}", done.status).into()),
        },
    }
}

/// The folder of the file that the first line names.
fn folder_of(lines: &[u8]) -> Result<PathBuf, Failure> {
    let line = lines
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let model: serde_json::Value = serde_json::from_slice(line)?;
    let file = model["files"][0].as_str().map(Path::new);
    let folder = file.and_then(Path::parent).map(Path::to_path_buf);
    folder.ok_or_else(|| "models fetch --json names no file".into())
}

/// The test programs in a folder, files or folders with a `main.rs`, that need models.
fn programs(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut programs = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let main = if path.is_dir() {
            path.join("main.rs")
        } else {
            path.clone()
        };
        let text = std::fs::read_to_string(main).unwrap_or_default();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if text.lines().any(|line| line == WITHOUT_IT_NOTHING) {
            programs.extend(name.map(str::to_owned));
        }
    }
    programs.sort();
    Ok(programs)
}

fn run(
    packages: &[&str],
    folder: &Path,
    tally: &mut Tally,
    again: &mut Vec<String>,
) -> Result<(), Failure> {
    let command = || {
        let mut command = cargo();
        command.env(FOLDER, folder).arg("test").args(packages);
        command.args(["--no-fail-fast", "--", "--include-ignored"]);
        command
    };
    let mut all = Tally::default();
    let outcome = all.run(&mut command());
    let outcome = outcome.or_else(|failure| {
        second_try(&all, failure, |names| {
            let mut alone = Tally::default();
            alone.run(command().args(["--exact", "--test-threads=1"]).args(names))?;
            Ok(alone)
        })?;
        again.extend(all.forgive_failures());
        Ok(())
    });
    let outcome = outcome.and_then(|()| all.all_were_run());
    tally.add(all);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_need_models_are_found_by_how_they_begin() {
        let folder = std::env::temp_dir().join(format!("xtask-speech-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("hearing")).unwrap();
        let wanted = format!("//! Hears.\n{WITHOUT_IT_NOTHING}\n");
        std::fs::write(folder.join("hearing/main.rs"), &wanted).unwrap();
        std::fs::write(folder.join("demo.rs"), &wanted).unwrap();
        std::fs::write(folder.join("stories.rs"), "#[cfg(feature = \"speech\")]\n").unwrap();
        let found = programs(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.unwrap(), ["demo", "hearing"]);
    }

    #[test]
    fn the_folder_is_that_of_the_first_file() {
        let lines = b"{\"files\":[\"/m/whisper.bin\"]}\n{\"files\":[\"/m/hibari/a\"]}\n";
        assert_eq!(folder_of(lines).unwrap(), Path::new("/m"));
        assert!(folder_of(b"{}").is_err());
        assert!(folder_of(b"").is_err());
    }
}
