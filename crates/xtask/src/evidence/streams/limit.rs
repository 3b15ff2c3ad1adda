//! How many streams one core can serve.

use serde_json::Value;

use super::Plan;
use super::system::{Bench, System, Which};
use crate::evidence::comparison::figures::{Bound::AtLeast, Judged, Rounds, Row};
use crate::evidence::comparison::report::cpu_of_call_second;
use crate::workspace::Failure;

/// How much greater the delay may be than at a quarter of the load.
const DELAY_GROWTH_MAX: f64 = 3.0;
/// How often what lies between a load that passes and one that does not is halved.
const HALVINGS: usize = 2;

/// The most streams at once that pass.
pub fn most_streams(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("most streams at once");
    let system = bench.start(Which::Trunkline)?.ok_or("no Trunkline")?;
    let (gate, aim) = plan.limit;
    let mut tried = Vec::new();
    let mut attempt = |count: u32| -> Result<bool, Failure> {
        eprintln!("      {count} streams");
        let outcome = try_load(bench, &system, count, plan.seconds)?;
        let passed = outcome.passed;
        tried.push(outcome);
        Ok(passed)
    };
    if attempt(gate)? && !attempt(aim)? {
        let (mut good, mut bad) = (gate, aim);
        for _ in 0..HALVINGS {
            let middle = u32::midpoint(good, bad);
            match attempt(middle)? {
                true => good = middle,
                false => bad = middle,
            }
        }
    }
    let passed = tried.iter().filter(|outcome| outcome.passed);
    let most = passed.map(|outcome| outcome.count).max().unwrap_or(0);
    let notes: Vec<String> = tried.iter().map(Outcome::in_words).collect();
    rows.push(Row {
        judged: Judged::Own,
        gate: Some(AtLeast(gate.into())),
        aim: Some(AtLeast(aim.into())),
        note: notes.join(". "),
        ..Row::compared(
            "streams at once on one core".to_owned(),
            "",
            (Rounds(vec![most.into()]), Rounds::default()),
        )
    });
    Ok(())
}

/// What came of one load.
struct Outcome {
    count: u32,
    passed: bool,
    /// At a quarter of the load.
    quarter: Value,
    report: Value,
}

fn try_load(bench: &Bench, system: &System, count: u32, seconds: f64) -> Result<Outcome, Failure> {
    let quarter = bench.streams(system, count / 4, seconds)?;
    let report = bench.streams(system, count, seconds)?;
    Ok(Outcome {
        count,
        passed: passes(&quarter, &report),
        quarter,
        report,
    })
}

fn passes(quarter: &Value, report: &Value) -> bool {
    let valid = |report: &Value| report["pass"] == true && report["generator"]["void"].is_null();
    let delay = delay_p99(report).zip(delay_p99(quarter));
    let in_time = delay.is_some_and(|(full, quarter)| full < DELAY_GROWTH_MAX * quarter);
    valid(quarter) && valid(report) && in_time
}

fn delay_p99(report: &Value) -> Option<f64> {
    report["delayMs"]["p99"].as_f64()
}

impl Outcome {
    fn in_words(&self) -> String {
        let report = &self.report;
        let figure = |value: &Value| value.as_f64().unwrap_or_default();
        let void = report["generator"]["void"].as_str();
        let what = match (void, self.passed) {
            (Some(void), _) => format!("void, {void}"),
            (None, true) => "passed".to_owned(),
            (None, false) => "did not pass".to_owned(),
        };
        format!(
            "{} {what}: {:.3} ms a stream-second, {} of {} messages back, spacing p99 {:.2} ms, \
             delay p99 {:.2} ms ({:.2} at a quarter)",
            self.count,
            cpu_of_call_second(report).unwrap_or_default(),
            report["received"],
            report["sent"],
            figure(&report["spacingMs"]["p99"]),
            figure(&report["delayMs"]["p99"]),
            figure(&self.quarter["delayMs"]["p99"]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(pass: bool, delay: f64) -> Value {
        json!({"pass": pass, "delayMs": {"p99": delay}, "generator": {}})
    }

    #[test]
    fn a_load_passes_where_its_delay_stays_below_three_times_that_of_a_quarter() {
        assert!(passes(&report(true, 2.0), &report(true, 5.9)));
        assert!(!passes(&report(true, 2.0), &report(true, 6.0)));
        assert!(!passes(&report(true, 2.0), &report(false, 3.0)));
        assert!(!passes(&report(false, 2.0), &report(true, 3.0)));
    }

    #[test]
    fn a_load_whose_generator_was_late_does_not_pass() {
        let mut late = report(true, 2.0);
        late["generator"]["void"] = "late".into();
        assert!(!passes(&report(true, 2.0), &late));
    }
}
