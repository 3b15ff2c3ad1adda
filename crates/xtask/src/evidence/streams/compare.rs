//! All systems under the same streams, in turns.

use serde_json::Value;

use super::Plan;
use super::system::{Bench, System, Which};
use crate::evidence::comparison::figures::{Bound::AtMost, Judged, Rounds, Row};
use crate::evidence::comparison::report::{cpu_of_call_second, delay, is_valid};
use crate::workspace::Failure;

/// One system and what was measured of it, round by round; `None` where a round gave nothing.
struct Entry {
    which: Which,
    system: Option<System>,
    cpu: Vec<Option<f64>>,
    delay: Vec<Option<f64>>,
}

impl Entry {
    fn start(bench: &Bench, plan: &Plan, which: Which) -> Result<Self, Failure> {
        let system = bench.start(which)?;
        if let Some(system) = &system {
            bench.streams(system, plan.compared, plan.seconds / 2.0)?;
        }
        Ok(Self {
            which,
            system,
            cpu: Vec::new(),
            delay: Vec::new(),
        })
    }

    fn measure(&mut self, bench: &Bench, plan: &Plan) -> Result<(), Failure> {
        let Some(system) = &self.system else {
            return Ok(());
        };
        let report = bench.streams(system, plan.compared, plan.seconds)?;
        let counts = match self.which {
            Which::Trunkline => is_valid(&report),
            Which::Pipecat | Which::ByHand => brought_all(&report),
        };
        let figure = |value: Option<f64>| value.filter(|_| counts);
        self.cpu.push(figure(cpu_of_call_second(&report)));
        self.delay.push(figure(delay(&report)));
        Ok(())
    }
}

/// Whether a peer took every stream, kept it, and brought every pulse back.
pub(super) fn brought_all(report: &Value) -> bool {
    let heard = report["delayMs"]["count"].as_u64().unwrap_or(0);
    let all = report["failed"] == 0 && report["unheard"] == 0 && heard > 0;
    let counts = all && report["generator"]["void"].is_null();
    if !counts {
        eprintln!("      no figure: {report}");
    }
    counts
}

/// The rounds of which both sides measured something, or ratios would be of two rounds.
fn pairs(own: &[Option<f64>], peer: &[Option<f64>]) -> (Rounds, Rounds) {
    let pairs = own.iter().zip(peer);
    let pairs = pairs.filter_map(|(own, peer)| Some(((*own)?, (*peer)?)));
    let (own, peer) = pairs.unzip();
    (Rounds(own), Rounds(peer))
}

/// Streams that are echoed.
pub fn echo(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let mut own = Entry::start(bench, plan, Which::Trunkline)?;
    let mut peers = [
        Entry::start(bench, plan, Which::Pipecat)?,
        Entry::start(bench, plan, Which::ByHand)?,
    ];
    for round in 1..=plan.rounds {
        eprintln!("      round {round} of {}", plan.rounds);
        own.measure(bench, plan)?;
        for peer in &mut peers {
            peer.measure(bench, plan)?;
        }
    }
    for peer in &peers {
        rows.push(cpu_row(&own, peer, plan));
    }
    for peer in &peers {
        rows.push(delay_row(&own, peer, plan));
    }
    rows.push(Row {
        judged: Judged::Own,
        aim: Some(AtMost(2.0)),
        ..Row::compared(
            format!("delay (p50), {} streams", plan.compared),
            " ms",
            (
                Rounds(own.delay.iter().flatten().copied().collect()),
                Rounds::default(),
            ),
        )
    });
    Ok(())
}

fn cpu_row(own: &Entry, peer: &Entry, plan: &Plan) -> Row {
    let (count, name) = (plan.compared, peer.which.name());
    cpu_bounds(Row::compared(
        format!("CPU of a stream-second, {count} streams, beside {name}"),
        " ms",
        pairs(&own.cpu, &peer.cpu),
    ))
}

/// What the CPU of a stream is held to, beside a peer's.
pub(super) fn cpu_bounds(row: Row) -> Row {
    Row {
        gate: Some(AtMost(1.0 / 15.0)),
        aim: Some(AtMost(1.0 / 50.0)),
        ..row
    }
}

/// Only Pipecat's delay is one of its own making: the server by hand adds none but what it is late.
fn delay_row(own: &Entry, peer: &Entry, plan: &Plan) -> Row {
    let (count, name) = (plan.compared, peer.which.name());
    let row = Row::compared(
        format!("delay (p50), {count} streams, beside {name}"),
        " ms",
        pairs(&own.delay, &peer.delay),
    );
    match peer.which {
        Which::Pipecat => Row {
            gate: Some(AtMost(1.0 / 20.0)),
            ..row
        },
        _ => Row {
            note: "linear interpolation takes no time, Trunkline's filters 1.75 ms".to_owned(),
            ..row
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_round_of_which_one_side_measured_nothing_is_left_out_whole() {
        let own = [Some(1.0), Some(2.0), None];
        let peer = [Some(10.0), None, Some(30.0)];
        let (own, peer) = pairs(&own, &peer);
        assert_eq!((own.0, peer.0), (vec![1.0], vec![10.0]));
    }

    #[test]
    fn a_peer_counts_only_where_every_pulse_came_back() {
        let report = |failed, unheard, heard| {
            brought_all(&json!({
                "pass": false, "failed": failed, "unheard": unheard,
                "delayMs": {"count": heard}, "generator": {},
            }))
        };
        assert!(report(0, 0, 80));
        assert!(!report(1, 0, 80) && !report(0, 1, 80) && !report(0, 0, 0));
    }
}
