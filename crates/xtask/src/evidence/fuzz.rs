//! Runs every target of `fuzz/` and keeps what libFuzzer says of each.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{day_and_commit, write_page};
use crate::workspace::{self, Failure, output, spelled};

const MINUTES: u64 = 10;

/// Where the figures of targets that are not run now are found.
const PAGE: &str = "docs/evidence/fuzz.md";

const HEADING: &str = "libFuzzer with the address sanitizer; each row with the run it is of.

| target | minutes | executions | covered edges | features | outcome | run |
|---|---|---|---|---|---|---|
";

/// What one target's run came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Coverage {
    executions: u64,
    edges: u64,
    features: u64,
}

impl Coverage {
    /// Takes in one line of libFuzzer's report; lines about other things change nothing.
    fn read_line(&mut self, line: &str) {
        if let Some(units) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = units.trim().parse().unwrap_or(self.executions);
        }
        // `#1048576 pulse  cov: 412 ft: 1290 corp: 203/14Kb …`
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            match pair {
                ["cov:", edges] => self.edges = edges.parse().unwrap_or(self.edges),
                ["ft:", features] => self.features = features.parse().unwrap_or(self.features),
                _ => {}
            }
        }
    }
}

/// Fuzzes all targets, or those named, for the minutes given and writes the table. The rows of
/// targets that were not run stay. A crash fails the run.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let (minutes, named) = match arguments {
        [] => (MINUTES, arguments),
        [minutes, named @ ..] => (minutes.parse().unwrap_or(0), named),
    };
    // To libFuzzer, no time means no end.
    if minutes == 0 {
        return Err("usage: cargo xtask evidence fuzz [MINUTES [TARGET…]], at least 1".into());
    }
    let targets = asked_for(targets()?, named)?;
    let kept = std::fs::read_to_string(workspace::root().join(PAGE)).unwrap_or_default();
    let mut rows = rows(&kept);
    let mut crashed = Vec::new();
    let at = day_and_commit()?;
    for (target, run) in fuzz_all(targets, minutes)? {
        let (coverage, fine) = run?;
        rows.insert(target.clone(), row(&target, &coverage, minutes, &at, fine));
        if !fine {
            crashed.push(target);
        }
    }
    let table: Vec<&str> = rows.values().map(String::as_str).collect();
    write_page("fuzz", "Fuzzing", &format!("{HEADING}{}", table.join("\n")))?;
    if crashed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "crashed: {}; inputs are in fuzz/artifacts",
        crashed.join(", ")
    )
    .into())
}

/// The targets that are named; all where none is.
fn asked_for(all: Vec<String>, named: &[&str]) -> Result<Vec<String>, Failure> {
    if let Some(unknown) = named.iter().find(|name| !all.iter().any(|it| it == *name)) {
        return Err(format!("no target {unknown}; there are {}", all.join(", ")).into());
    }
    let asked = |target: &String| named.is_empty() || named.contains(&target.as_str());
    Ok(all.into_iter().filter(asked).collect())
}

/// The rows of a page by their targets.
fn rows(page: &str) -> BTreeMap<String, String> {
    page.lines()
        .filter_map(|line| Some((line.strip_prefix("| `")?.split_once('`')?.0, line)))
        .map(|(target, line)| (target.to_owned(), line.to_owned()))
        .collect()
}

fn row(target: &str, coverage: &Coverage, minutes: u64, at: &str, fine: bool) -> String {
    let Coverage {
        executions,
        edges,
        features,
    } = coverage;
    let outcome = if fine { "no crash" } else { "CRASH" };
    format!("| `{target}` | {minutes} | {executions} | {edges} | {features} | {outcome} | {at} |")
}

/// One target's figures and whether it ran without a crash.
type Run = Result<(Coverage, bool), Failure>;

/// Fuzzes as many targets at once as there are cores, each for the minutes given.
fn fuzz_all(targets: Vec<String>, minutes: u64) -> Result<Vec<(String, Run)>, Failure> {
    // Built once, or each would wait for the other's lock.
    workspace::pass_through(cargo_fuzz().arg("build"))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut runs = Vec::new();
    for together in targets.chunks(cores) {
        eprintln!("fuzzing {} for {minutes} minutes …", together.join(" and "));
        let done: Vec<Run> = std::thread::scope(|scope| {
            let threads: Vec<_> = together
                .iter()
                .map(|target| scope.spawn(move || fuzz(target, minutes).map_err(|e| e.to_string())))
                .collect();
            threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(run) => run.map_err(Failure::from),
                    Err(_) => Err("a fuzzing thread panicked".into()),
                })
                .collect()
        });
        runs.extend(together.iter().cloned().zip(done));
    }
    Ok(runs)
}

fn targets() -> Result<Vec<String>, Failure> {
    let listed = output(cargo_fuzz().arg("list")).map_err(|failure| {
        format!("{failure}\nfuzzing needs cargo-fuzz: `cargo install cargo-fuzz --locked`")
    })?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// cargo-fuzz with our own toolchain, which is let take the flags of the sanitizer.
fn cargo_fuzz() -> Command {
    let mut command = workspace::cargo();
    command.env("RUSTC_BOOTSTRAP", "1").arg("fuzz");
    command
}

/// Folders of inputs to begin with: a target is named after what it reads.
const SEEDS: &[(&str, &str)] = &[
    ("sip_message", "fixtures/sip/rfc4475"),
    ("sip_message", "fixtures/sip/rfc5118"),
    ("sip_framing", "fixtures/sip/rfc4475"),
    ("sip_framing", "fixtures/sip/rfc5118"),
    ("sdp", "fixtures/sdp/phones"),
    ("stream_dialects", "crates/streams/fixtures"),
    ("trunkline_protocol", "fixtures/streams/trunkline"),
    ("wav", "fixtures/speech"),
];

/// The folder the target's own finds go to, then its seeds.
fn inputs(target: &str) -> Result<Vec<String>, Failure> {
    let corpus = format!("fuzz/corpus/{target}");
    std::fs::create_dir_all(workspace::root().join(&corpus))?;
    let seeds = SEEDS.iter().filter(|(seeded, _)| *seeded == target);
    Ok(std::iter::once(corpus)
        .chain(seeds.map(|(_, folder)| (*folder).to_owned()))
        .collect())
}

/// What was covered, and whether the target ran to its end without a crash.
fn fuzz(target: &str, minutes: u64) -> Result<(Coverage, bool), Failure> {
    let mut command = cargo_fuzz();
    command.args(["run", target]).args(inputs(target)?);
    command.args(["--", "-print_final_stats=1", "-max_len=4096"]);
    command.arg(format!("-max_total_time={}", minutes * 60));
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", spelled(&command)))?;
    let mut coverage = Coverage::default();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            if !line.starts_with('#') {
                eprintln!("{line}");
            }
            coverage.read_line(&line);
        }
    }
    let status = child.wait()?;
    if coverage.executions == 0 && !status.success() {
        return Err(format!("{target} did not run: {status}").into());
    }
    Ok((coverage, status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figures_of_a_run_are_kept() {
        let mut coverage = Coverage::default();
        coverage.read_line("#2\tINITED cov: 40 ft: 41 corp: 1/1b exec/s: 0 rss: 40Mb");
        coverage.read_line("#524288\tpulse  cov: 412 ft: 1290 corp: 203/14Kb lim: 80 exec/s: 9");
        coverage.read_line("stat::number_of_executed_units: 901234");
        assert_eq!(
            coverage,
            Coverage {
                executions: 901_234,
                edges: 412,
                features: 1290
            }
        );
    }
    #[test]
    fn the_rows_of_other_targets_stay() {
        let wav = row(
            "wav",
            &Coverage::default(),
            10,
            "2026-11-21 at 1f44d48",
            true,
        );
        let mut rows = rows(&format!("# Fuzzing\n\n{HEADING}{wav}\n"));
        rows.insert("sdp".to_owned(), "new".to_owned());
        assert_eq!(rows.into_values().collect::<Vec<_>>(), ["new", &wav]);
    }

    #[test]
    fn a_target_that_is_not_there_is_refused() {
        let all = || vec!["sdp".to_owned(), "wav".to_owned()];
        assert_eq!(asked_for(all(), &[]).expect("all"), all());
        assert_eq!(asked_for(all(), &["wav"]).expect("one"), ["wav"]);
        assert!(asked_for(all(), &["vaw"]).is_err());
    }
}
