//! Runs pytest and adds its results to the sum of all tests.

use std::path::Path;
use std::process::Command;

use super::environment::Environment;
use crate::peers;
use crate::tally::{Tally, each_line};
use crate::workspace::{self, Failure};

/// The gateway and the softphone that tests start, in the build folder.
const BINARY: &str = "debug/trunkline";

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Runs the tests in a folder against what is installed in this environment. One that fails fails the
/// run: none has a second try.
pub fn run(
    environment: &Environment,
    tests: &str,
    target: &Path,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut noted = Ok(());
    let version = environment.folder().file_name().unwrap_or_default();
    let ran = each_line(&mut pytest(environment, tests, target), |line| {
        let Some((name, outcome)) = outcome_in(line) else {
            return;
        };
        let word = match outcome {
            Outcome::Passed => {
                tally.passed += 1;
                "ok"
            }
            Outcome::Failed => {
                tally.failed += 1;
                tally.failures.push(name.to_owned());
                "failed"
            }
            Outcome::Skipped => "skipped",
        };
        let line = format!("{word} {}: {name}", version.display());
        if let Err(failure) = peers::note(target, peers::PYTHON, &line) {
            noted = Err(failure);
        }
    });
    ran.and(noted)
}

fn pytest(environment: &Environment, tests: &str, target: &Path) -> Command {
    let mut pytest = Command::new(environment.python());
    pytest.current_dir(workspace::root());
    pytest.args(["-m", "pytest", "--verbose", "--color=no", "-rs"]);
    pytest.args(["--timeout=120", "--durations=10", "-o"]);
    pytest.arg(format!(
        "cache_dir={}",
        target.join("python/pytest").display()
    ));
    // The wheel is tested, not the folder it was made of.
    pytest
        .env_remove("PYTHONPATH")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("TRUNKLINE_BINARY", target.join(BINARY));
    pytest.arg(tests);
    pytest
}

/// What a line of a verbose run says of one test: `tests/test_x.py::test_a PASSED   [ 12%]`.
fn outcome_in(line: &str) -> Option<(&str, Outcome)> {
    let words = [
        (" PASSED", Outcome::Passed),
        (" FAILED", Outcome::Failed),
        (" ERROR", Outcome::Failed),
        (" SKIPPED", Outcome::Skipped),
    ];
    let said = words.into_iter().filter_map(|(word, outcome)| {
        let (name, _) = line.split_once(word)?;
        Some((name, outcome))
    });
    // The first such word ends the name; others may stand in the reason for a skip.
    let (name, outcome) = said.min_by_key(|(name, _)| name.len())?;
    name.contains(".py::").then_some((name, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbose_lines_name_tests_and_how_they_ended() {
        let cases = [
            (
                "python/tests/core/test_a.py::test_b PASSED   [ 12%]",
                Some(Outcome::Passed),
            ),
            (
                "python/tests/test_a.py::test_b[x y] FAILED    [  1%]",
                Some(Outcome::Failed),
            ),
            (
                "python/tests/test_a.py::test_b ERROR [100%]",
                Some(Outcome::Failed),
            ),
            (
                "python/tests/test_a.py::test_b SKIPPED (no PASSED) [ 3%]",
                Some(Outcome::Skipped),
            ),
            ("SKIPPED [1] python/tests/test_a.py:3: why", None),
            ("FAILED python/tests/test_a.py::test_b - assert", None),
            ("===== 12 passed in 0.12s =====", None),
        ];
        for (line, expected) in cases {
            assert_eq!(
                outcome_in(line).map(|(_, outcome)| outcome),
                expected,
                "{line}"
            );
        }
        let (name, _) = outcome_in("t/a.py::b[x y] PASSED [ 1%]").expect("a test");
        assert_eq!(name, "t/a.py::b[x y]");
    }
}
