//! How far each system can be loaded.

use serde_json::Value;

use super::plan::Plan;
use super::system::{Bench, Way, Which};
use crate::evidence::comparison::figures::{Bound::AtLeast, Rounds, Row};
use crate::evidence::comparison::report::cpu_of_call_second;
use crate::workspace::Failure;

/// Runs that decide about a load. A machine that others share stalls now and then, under whichever
/// system it has at that moment.
const RUNS_DECIDING: usize = 2;

/// The greatest load that passes: doubled until it does not, then the half-way marks twice. A report
/// of one that passed, and why the next did not.
fn search(
    bounds: (f64, f64),
    measure: impl Fn(f64) -> Result<Value, Failure>,
) -> Result<(f64, Value, String), Failure> {
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let (mut report, mut why) = (Value::Null, "the search ends there".to_owned());
    let mut load = bounds.0;
    let mut halvings = 0;
    while load <= bounds.1 && halvings < 3 {
        match best_of_three(|| measure(load))? {
            Ok(passed) => (good, report) = (load, passed),
            Err(fault) => (bad, why) = (load, format!("at {load} {fault}")),
        }
        if bad.is_infinite() {
            load *= 2.0;
        } else {
            halvings += 1;
            load = ((good + bad) / 2.0).round();
        }
    }
    Ok((good, report, why))
}

/// Runs a load until two runs say the same: the report of one that passed, or what was wrong.
fn best_of_three(
    mut measure: impl FnMut() -> Result<Value, Failure>,
) -> Result<Result<Value, String>, Failure> {
    let (mut passed, mut failed) = (0, 0);
    loop {
        let report = measure()?;
        let fault = fault(&report);
        let count = match fault {
            None => &mut passed,
            Some(_) => &mut failed,
        };
        *count += 1;
        if *count == RUNS_DECIDING {
            return Ok(fault.map_or(Ok(report), Err));
        }
    }
}

/// Why a run did not pass.
fn fault(report: &Value) -> Option<String> {
    match report["generator"]["void"].as_str() {
        Some(void) => Some(void.to_owned()),
        None if report["pass"] == true => None,
        None => Some("it did not pass".to_owned()),
    }
}

/// The most calls at once that pass.
pub fn most_calls(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("most calls at once");
    let bounds = (plan.search_calls.0.into(), plan.search_calls.1.into());
    let mut limits = [(Rounds::default(), String::new()), Default::default()];
    for (which, limit) in [Which::Trunkline, Which::Asterisk].iter().zip(&mut limits) {
        let Some(system) = bench.start(*which)? else {
            continue;
        };
        let (most, report, why) = search(bounds, |calls| {
            eprintln!("      {which:?}: {calls} calls");
            bench.calls(&system, Way::WebSocket, calls as u32, plan.seconds)
        })?;
        let cpu = cpu_of_call_second(&report).unwrap_or_default();
        let note = format!("{which:?}: {cpu:.3} ms a call-second at {most} calls, {why}");
        *limit = (Rounds(vec![most]), note);
    }
    let [own, peer] = limits;
    rows.push(Row {
        gate: Some(AtLeast(4.0)),
        aim: Some(AtLeast(8.0)),
        note: format!("{}. {}", own.1, peer.1),
        ..Row::compared(
            "calls at once on one core, SIP to WebSocket".to_owned(),
            "",
            (own.0, peer.0),
        )
    });
    Ok(())
}

/// The most calls a second of which none fails or is repeated.
pub fn most_calls_a_second(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("most calls a second");
    let mut limits = [(Rounds::default(), String::new()), Default::default()];
    for (which, limit) in [Which::Trunkline, Which::Asterisk].iter().zip(&mut limits) {
        let Some(system) = bench.start(*which)? else {
            continue;
        };
        let (most, _, why) = search(plan.search_rate, |rate| {
            eprintln!("      {which:?}: {rate} a second");
            bench.rate(&system, rate, plan.seconds)
        })?;
        *limit = (Rounds(vec![most]), format!("{which:?}: {why}"));
    }
    let [own, peer] = limits;
    rows.push(Row {
        gate: Some(AtLeast(2.0)),
        aim: None,
        note: format!("{}. {}", own.1, peer.1),
        ..Row::compared(
            "calls a second on one core, none failed, none repeated".to_owned(),
            "",
            (own.0, peer.0),
        )
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What comes of runs that pass or do not, and how many there were.
    fn decide(passes: &[bool]) -> (bool, usize) {
        let mut runs = passes.iter();
        let decided = best_of_three(|| Ok(json!({"pass": runs.next(), "generator": {}})));
        (decided.unwrap().is_ok(), passes.len() - runs.len())
    }

    #[test]
    fn one_run_in_three_may_be_spoilt_either_way() {
        assert_eq!(decide(&[true, true, false]), (true, 2));
        assert_eq!(decide(&[false, true, true]), (true, 3));
        assert_eq!(decide(&[true, false, false]), (false, 3));
        assert_eq!(decide(&[false, false, true]), (false, 2));
    }

    #[test]
    fn a_run_whose_generator_was_late_does_not_pass() {
        let late = json!({"pass": true, "generator": {"void": "the generator was late"}});
        let decided = best_of_three(|| Ok(late.clone())).unwrap();
        assert_eq!(decided.unwrap_err(), "the generator was late");
    }
}
