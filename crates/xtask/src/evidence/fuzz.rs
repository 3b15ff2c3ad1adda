//! Runs every target of `fuzz/` and keeps what libFuzzer says of each.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::write_page;
use crate::workspace::{self, Failure, output, spelled};

const MINUTES: u64 = 10;

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

/// Fuzzes each target for the minutes given and writes the table. A crash fails the run.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let minutes: u64 = match arguments {
        [] => MINUTES,
        [minutes] => minutes.parse().unwrap_or(0),
        _ => 0,
    };
    // To libFuzzer, no time means no end.
    if minutes == 0 {
        return Err("usage: cargo xtask evidence fuzz [MINUTES], at least 1".into());
    }
    let mut rows = String::new();
    let mut crashed = Vec::new();
    for (target, run) in fuzz_all(targets()?, minutes)? {
        let (coverage, fine) = run?;
        let outcome = if fine { "no crash" } else { "CRASH" };
        let Coverage {
            executions,
            edges,
            features,
        } = coverage;
        // Writing to a String cannot fail.
        let _ = writeln!(
            rows,
            "| `{target}` | {executions} | {edges} | {features} | {outcome} |"
        );
        if !fine {
            crashed.push(target);
        }
    }
    let heading =
        "| target | executions | covered edges | features | outcome |\n|---|---|---|---|---|\n";
    let lead = format!("Minutes a target: {minutes}. libFuzzer with the address sanitizer.\n\n");
    write_page("fuzz", "Fuzzing", &format!("{lead}{heading}{rows}"))?;
    if crashed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "crashed: {}; inputs are in fuzz/artifacts",
        crashed.join(", ")
    )
    .into())
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
}
