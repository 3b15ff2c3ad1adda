//! Sums what cargo's test harness says, while passing it through.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::workspace::{Failure, spelled};

/// Tests that passed and failed, over every test program of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    /// Tests that were not run.
    pub ignored: u64,
    /// The names of those that failed.
    pub failures: Vec<String>,
    /// Test programs that began and have not come to their end: one that crashed names no test.
    pub unfinished: u64,
}

impl Tally {
    /// Adds what one `test result: ok. 3 passed; 0 failed; …` line says, and the name of a test that
    /// failed; any other line adds nothing.
    fn add_line(&mut self, line: &str) {
        let name = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"));
        self.failures.extend(name.map(str::to_owned));
        self.unfinished += u64::from(is_beginning(line));
        let Some(result) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
        self.unfinished = self.unfinished.saturating_sub(1);
        for part in result.split(['.', ';']) {
            let Some((count, word)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(count) = count.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// Adds the results of another run.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failures.extend(other.failures);
        self.unfinished += other.unfinished;
    }

    /// Fails where a test was not run, although its step is there to run it.
    pub fn all_were_run(&self) -> Result<(), Failure> {
        match self.ignored {
            0 => Ok(()),
            count => Err(format!("{count} tests were not run: they say why with `ignored`").into()),
        }
    }

    /// Counts what failed as passed; its names.
    pub fn forgive_failures(&mut self) -> Vec<String> {
        let names = std::mem::take(&mut self.failures);
        self.passed += std::mem::take(&mut self.failed);
        names
    }

    /// Runs a `cargo test` command, shows its lines as they come and adds its results.
    pub fn run(&mut self, command: &mut Command) -> Result<(), Failure> {
        each_line(command, |line| self.add_line(line))
    }
}

/// Whether a test program says with this line that it begins: `running 3 tests`.
fn is_beginning(line: &str) -> bool {
    let count = line.strip_prefix("running ");
    let count = count.and_then(|rest| rest.strip_suffix(" tests").or(rest.strip_suffix(" test")));
    count.is_some_and(|count| count.parse::<u64>().is_ok())
}

/// Runs a command, shows what it prints as it comes and gives each line to `take`.
pub fn each_line(command: &mut Command, mut take: impl FnMut(&str)) -> Result<(), Failure> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", spelled(command)))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            take(&line);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{}: {status}", spelled(command)).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_summed_and_other_lines_are_not() {
        let mut tally = Tally::default();
        tally.add_line(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out",
        );
        tally.add_line("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured");
        tally.add_line("test a_test_with 9 passed; in its name ... ok");
        tally.add_line("test calls::one_that_fails ... FAILED");
        assert_eq!(
            tally,
            Tally {
                passed: 16,
                failed: 2,
                ignored: 1,
                failures: vec!["calls::one_that_fails".to_owned()],
                unfinished: 0,
            }
        );
    }

    #[test]
    fn a_test_that_was_not_run_has_not_passed() {
        let mut tally = Tally::default();
        tally.add_line("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured");
        assert!(tally.all_were_run().is_ok());
        tally.add_line("test it_hears ... ignored, needs models: cargo xtask test speech");
        tally.add_line("test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured");
        assert!(tally.all_were_run().is_err());
        assert_eq!(tally.passed, 3);
    }

    #[test]
    fn a_program_that_begins_and_tells_no_result_has_crashed() {
        let mut tally = Tally::default();
        for line in [
            "running 1 test",
            "test result: ok. 1 passed; 0 failed",
            "running 12 tests",
            "running out of patience",
        ] {
            tally.add_line(line);
        }
        assert_eq!(tally.unfinished, 1);
    }
}
