//! Sums what cargo's test harness says, while passing it through.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::workspace::{Failure, spelled};

/// Tests that passed and failed, over every test program of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    /// The names of those that failed.
    pub failures: Vec<String>,
}

impl Tally {
    /// Adds what one `test result: ok. 3 passed; 0 failed; …` line says, and the name of a test that
    /// failed; any other line adds nothing.
    fn add_line(&mut self, line: &str) {
        let name = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"));
        self.failures.extend(name.map(str::to_owned));
        let Some(result) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
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
                _ => {}
            }
        }
    }

    /// Runs a `cargo test` command, shows its lines as they come and adds its results.
    pub fn run(&mut self, command: &mut Command) -> Result<(), Failure> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", spelled(command)))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                self.add_line(&line);
            }
        }
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("{}: {status}", spelled(command)).into());
        }
        Ok(())
    }
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
                failures: vec!["calls::one_that_fails".to_owned()]
            }
        );
    }
}
