//! How far each system can be loaded.

use serde_json::Value;

use super::plan::Plan;
use super::system::{Bench, Way, Which};
use crate::evidence::comparison::figures::{Bound::AtLeast, Rounds, Row};
use crate::evidence::comparison::report::cpu_of_call_second;
use crate::workspace::Failure;

/// The greatest load that passes: doubled until it does not, then the half-way marks twice. The
/// last report that passed, and why the next did not.
fn search(
    bounds: (f64, f64),
    measure: impl Fn(f64) -> Result<Value, Failure>,
) -> Result<(f64, Value, String), Failure> {
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let (mut report, mut why) = (Value::Null, "the search ends there".to_owned());
    let mut load = bounds.0;
    let mut halvings = 0;
    while load <= bounds.1 && halvings < 3 {
        let tried = measure(load)?;
        let void = tried["generator"]["void"].as_str();
        if tried["pass"] == true && void.is_none() {
            (good, report) = (load, tried);
        } else {
            bad = load;
            why = match void {
                Some(void) => format!("at {load} {void}"),
                None => format!("at {load} it did not pass"),
            };
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
