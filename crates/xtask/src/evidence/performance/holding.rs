//! What calls cost while they last, and what is left of them.

use super::plan::Plan;
use super::system::{Bench, Way, Which};
use crate::evidence::comparison::figures::{Bound, Bound::AtMost, Judged, Rounds, Row};
use crate::evidence::comparison::report::{cpu_of_call_second, is_valid, resident};
use crate::workspace::Failure;

/// By how much memory grows with a call, in a fresh process.
pub fn memory_of_a_call(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("memory of a call");
    let (few, many) = plan.slope;
    let mut slopes = [Rounds::default(), Rounds::default()];
    let mut note = String::new();
    for _ in 0..plan.rounds {
        for (which, slope) in [Which::Trunkline, Which::Asterisk].iter().zip(&mut slopes) {
            // Fresh: memory that an earlier load left behind would hide that of a call.
            let Some(system) = bench.start(*which)? else {
                continue;
            };
            let with_few = bench.calls(&system, Way::WebSocket, few, plan.seconds)?;
            let with_many = bench.calls(&system, Way::WebSocket, many, plan.seconds)?;
            // Memory is that of calls that are up, whether or not their audio is in time.
            let failed = with_many["failed"].as_u64().unwrap_or(0);
            if failed > 0 {
                note = format!("{which:?} did not answer {failed} of {many}");
            }
            let up = f64::from(many) - failed as f64 - f64::from(few);
            let grown = resident(&with_many).zip(resident(&with_few));
            slope
                .0
                .extend(grown.map(|(many, few)| (many - few) / up.max(1.0)));
        }
    }
    let [own, peer] = slopes;
    rows.push(Row {
        gate: Some(AtMost(0.5)),
        aim: Some(AtMost(0.25)),
        note,
        ..Row::compared(
            format!("memory of a call, SIP to WebSocket, from {few} to {many} calls"),
            " KiB",
            (own, peer),
        )
    });
    Ok(())
}

fn own_row(what: String, unit: &'static str, values: Vec<f64>, gate: Bound) -> Row {
    Row {
        judged: Judged::Own,
        gate: Some(gate),
        ..Row::compared(what, unit, (Rounds(values), Rounds::default()))
    }
}

/// What concerns Trunkline alone: that a call costs no more among many, and that nothing is left.
pub fn load_and_churn(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("load and churn");
    let system = bench.start(Which::Trunkline)?.ok_or("no Trunkline")?;
    let at_start = system.running.holdings()?;
    let (few, many) = (plan.slope.1 / 5, plan.slope.1);
    let mut ratios = Vec::new();
    for _ in 0..plan.rounds {
        let [a, b] = [few, many].map(|calls| {
            let report = bench.calls(&system, Way::WebSocket, calls, plan.seconds);
            report.map(|report| cpu_of_call_second(&report).filter(|_| is_valid(&report)))
        });
        ratios.extend(a?.zip(b?).map(|(few, many)| many / few));
    }
    rows.push(own_row(
        format!("CPU of a call-second at {many} calls over that at {few}"),
        "",
        ratios,
        AtMost(1.0),
    ));
    let (first, all) = plan.churn;
    let mut memory = Vec::new();
    for calls in [first, all - first] {
        eprintln!("      {calls} calls at {} a second, then a rest", plan.rate);
        bench.rate(&system, plan.rate, f64::from(calls) / plan.rate)?;
        std::thread::sleep(plan.rest);
        memory.push(system.running.holdings()?);
    }
    let [early, late] = &memory[..] else {
        return Err("two measurements were to be made".into());
    };
    rows.push(own_row(
        format!("memory after {all} calls over that after {first}"),
        "",
        vec![late.rss_kib / early.rss_kib],
        AtMost(1.03),
    ));
    let left = [
        ("descriptors", late.descriptors - at_start.descriptors),
        ("threads", late.threads - at_start.threads),
        ("UDP ports", late.udp_ports - at_start.udp_ports),
    ];
    for (what, left) in left {
        rows.push(own_row(
            format!("{what} more than at the start, after all calls have ended"),
            "",
            vec![left],
            AtMost(0.0),
        ));
    }
    Ok(())
}
