//! How many streams one core can serve, and what one of them costs there: of each system at its own
//! full load.

use serde_json::Value;

use super::Plan;
use super::compare::{brought_all, cpu_bounds};
use super::system::{Bench, System, Which};
use crate::evidence::comparison::figures::{Bound::AtLeast, Judged, Rounds, Row};
use crate::evidence::comparison::report::cpu_of_call_second;
use crate::workspace::Failure;

/// How much greater the delay may be than at a quarter of the load.
const DELAY_GROWTH_MAX: f64 = 3.0;
/// How often what lies between a load that passes and one that does not is halved.
const HALVINGS: usize = 3;

/// The most streams at once that pass, of each system, and their CPU there.
pub fn most_streams(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let own = Limit::find(bench, plan, Which::Trunkline)?;
    let (gate, aim) = plan.limit;
    rows.push(Row {
        judged: Judged::Own,
        gate: Some(AtLeast(gate.into())),
        aim: Some(AtLeast(aim.into())),
        note: own.in_words(),
        ..Row::compared(
            "streams at once on one core".to_owned(),
            "",
            (own.count(), Rounds::default()),
        )
    });
    for which in [Which::Pipecat, Which::ByHand] {
        let peer = Limit::find(bench, plan, which)?;
        let (name, note) = (which.name(), peer.in_words());
        rows.push(Row {
            note,
            ..Row::compared(
                format!("streams at once on one core, beside {name}"),
                "",
                (own.count(), peer.count()),
            )
        });
        rows.push(cpu_bounds(Row::compared(
            format!("CPU of a stream-second at the most streams of each, beside {name}"),
            " ms",
            (own.cpu(), peer.cpu()),
        )));
    }
    Ok(())
}

/// Every load that was tried of a system; none where it is not here.
#[derive(Default)]
struct Limit(Vec<Outcome>);

impl Limit {
    fn find(bench: &Bench, plan: &Plan, which: Which) -> Result<Self, Failure> {
        eprintln!("most streams at once, {}", which.name());
        let mut tried = Vec::new();
        let Some(mut system) = begin(bench, plan, which)? else {
            return Ok(Self::default());
        };
        let first = match which {
            Which::Trunkline => plan.limit.0,
            Which::Pipecat | Which::ByHand => plan.compared,
        };
        search(first, plan.limit.1, |count| {
            eprintln!("      {count} streams");
            let outcome = try_load(bench, &system, which, count, plan.seconds)?;
            let passed = outcome.passed;
            tried.push(outcome);
            if !passed {
                // What it has left undone would burden the next load.
                system = begin(bench, plan, which)?.ok_or("it does not start again")?;
            }
            Ok(passed)
        })?;
        Ok(Self(tried))
    }

    /// The greatest load that passed.
    fn most(&self) -> Option<&Outcome> {
        let passed = self.0.iter().filter(|outcome| outcome.passed);
        passed.max_by_key(|outcome| outcome.count)
    }

    fn count(&self) -> Rounds {
        let most = self.most().map(|outcome| outcome.count.into());
        // Where every load was too much for it, it has none.
        let most = most.or((!self.0.is_empty()).then_some(0.0));
        Rounds(most.into_iter().collect())
    }

    fn cpu(&self) -> Rounds {
        let most = self.most();
        let cpu = most.and_then(|outcome| cpu_of_call_second(&outcome.report));
        Rounds(cpu.into_iter().collect())
    }

    fn in_words(&self) -> String {
        let all: Vec<String> = self.0.iter().map(Outcome::in_words).collect();
        all.join(". ")
    }
}

/// A system that has had a few streams, so that what is made at first use is made.
fn begin(bench: &Bench, plan: &Plan, which: Which) -> Result<Option<System>, Failure> {
    let system = bench.start(which)?;
    if let Some(system) = &system {
        bench.streams(system, plan.compared, plan.seconds / 2.0)?;
    }
    Ok(system)
}

/// Doubles the load until one does not pass, and then halves what lies between.
fn search(
    first: u32,
    ceiling: u32,
    mut attempt: impl FnMut(u32) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let (mut good, mut bad) = (0, first);
    while attempt(bad)? {
        good = bad;
        if good >= ceiling {
            return Ok(());
        }
        bad = (2 * good).min(ceiling);
    }
    for _ in 0..HALVINGS {
        let middle = u32::midpoint(good, bad);
        match attempt(middle)? {
            true => good = middle,
            false => bad = middle,
        }
    }
    Ok(())
}

/// What came of one load.
struct Outcome {
    count: u32,
    passed: bool,
    /// At a quarter of the load, where that counts.
    quarter: Option<Value>,
    report: Value,
}

/// Of Trunkline more is asked than of its peers, which need only bring everything back.
fn try_load(
    bench: &Bench,
    system: &System,
    which: Which,
    count: u32,
    seconds: f64,
) -> Result<Outcome, Failure> {
    let measure = |count| bench.streams(system, count, seconds);
    let quarter = match which {
        Which::Trunkline => Some(measure(count / 4)?),
        Which::Pipecat | Which::ByHand => None,
    };
    let report = measure(count)?;
    Ok(Outcome {
        count,
        passed: match &quarter {
            Some(quarter) => passes(quarter, &report),
            None => brought_all(&report),
        },
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
        let quarter = self.quarter.as_ref().map(|quarter| {
            let delay = figure(&quarter["delayMs"]["p99"]);
            format!(" ({delay:.2} at a quarter)")
        });
        let void = report["generator"]["void"].as_str();
        let what = match (void, self.passed) {
            (Some(void), _) => format!("void, {void}"),
            (None, true) => "passed".to_owned(),
            (None, false) => "did not pass".to_owned(),
        };
        format!(
            "{} {what}: {:.3} ms a stream-second, {} of {} messages back, spacing p99 {:.2} ms, \
             delay p99 {:.2} ms{}",
            self.count,
            cpu_of_call_second(report).unwrap_or_default(),
            report["received"],
            report["sent"],
            figure(&report["spacingMs"]["p99"]),
            figure(&report["delayMs"]["p99"]),
            quarter.unwrap_or_default(),
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
    fn a_search_doubles_the_load_and_halves_what_lies_between() {
        let tried = |first, ceiling, most| {
            let mut tried = Vec::new();
            let done = search(first, ceiling, |count| {
                tried.push(count);
                Ok(count <= most)
            });
            assert!(done.is_ok());
            tried
        };
        assert_eq!(tried(20, 2_000, 55), [20, 40, 80, 60, 50, 55]);
        assert_eq!(tried(700, 2_000, 5_000), [700, 1_400, 2_000]);
        assert_eq!(tried(20, 2_000, 6), [20, 10, 5, 7]);
    }

    #[test]
    fn the_figures_of_a_limit_are_those_of_the_greatest_load_that_passed() {
        let outcome = |count, passed, cpu: f64| Outcome {
            count,
            passed,
            quarter: None,
            report: json!({"cpuMsPerCallSecond": cpu}),
        };
        let limit = Limit(vec![
            outcome(40, true, 18.0),
            outcome(80, false, 12.0),
            outcome(60, true, 16.0),
        ]);
        assert_eq!((limit.count().0, limit.cpu().0), (vec![60.0], vec![16.0]));
        let too_weak = Limit(vec![outcome(20, false, 12.0)]);
        assert_eq!((too_weak.count().0, too_weak.cpu().0), (vec![0.0], vec![]));
        assert!(Limit::default().count().0.is_empty());
    }

    #[test]
    fn a_load_whose_generator_was_late_does_not_pass() {
        let mut late = report(true, 2.0);
        late["generator"]["void"] = "late".into();
        assert!(!passes(&report(true, 2.0), &late));
    }
}
