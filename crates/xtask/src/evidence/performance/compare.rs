//! Both systems under the same load, in turns.

use serde_json::Value;

use super::plan::Plan;
use super::system::{Bench, System, Way, Which};
use crate::evidence::comparison::figures::{Bound::AtMost, Judged, Rounds, Row};
use crate::evidence::comparison::report::{
    answered, cpu_of_call, cpu_of_call_second, delay, is_valid,
};
use crate::workspace::Failure;

/// The systems of a comparison, ours first, each warmed up by a run that is thrown away.
struct Pair {
    own: System,
    peer: Option<System>,
}

impl Pair {
    fn start(bench: &Bench, plan: &Plan, way: Way) -> Result<Self, Failure> {
        let started = bench.start(Which::Trunkline)?;
        let pair = Self {
            own: started.ok_or("no Trunkline")?,
            peer: bench.start(Which::Asterisk)?,
        };
        for system in [Some(&pair.own), pair.peer.as_ref()].into_iter().flatten() {
            match way {
                Way::Answer => bench.rate(system, plan.rate, plan.seconds)?,
                way => bench.calls(system, way, plan.websocket_calls[0], plan.seconds)?,
            };
        }
        Ok(pair)
    }

    /// One round after the other, the systems in turn: what `figures` reads of each report. A round
    /// of which one side measured nothing is left out whole, or ratios would be of two rounds.
    fn compare<const N: usize>(
        &self,
        rounds: usize,
        measure: impl Fn(&System) -> Result<Value, Failure>,
        figures: [fn(&Value) -> Option<f64>; N],
    ) -> Result<[(Rounds, Rounds); N], Failure> {
        let mut all: [(Rounds, Rounds); N] = std::array::from_fn(|_| Default::default());
        for round in 1..=rounds {
            eprintln!("      round {round} of {rounds}");
            let own = measure(&self.own)?;
            let peer = self.peer.as_ref().map(&measure).transpose()?;
            if !is_valid(&own) || !peer.as_ref().is_none_or(is_valid) {
                continue;
            }
            for ((ours, theirs), figure) in all.iter_mut().zip(figures) {
                ours.0.extend(figure(&own));
                theirs.0.extend(peer.as_ref().and_then(figure));
            }
        }
        Ok(all)
    }
}

/// Calls that the system echoes by itself.
pub fn echo(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("SIP echo");
    let (calls, seconds) = (plan.echo_calls, plan.seconds);
    let pair = Pair::start(bench, plan, Way::Echo)?;
    let measure = |system: &System| bench.calls(system, Way::Echo, calls, seconds);
    let [cpu, delays] = pair.compare(plan.rounds, measure, [cpu_of_call_second, delay])?;
    rows.push(Row {
        gate: Some(AtMost(1.0 / 1.5)),
        aim: Some(AtMost(0.25)),
        ..Row::compared(
            format!("CPU of a call-second, SIP echo, {calls} calls"),
            " ms",
            cpu,
        )
    });
    rows.push(Row {
        note: "Asterisk passes packets on, Trunkline goes by 16 kHz".to_owned(),
        ..Row::compared(
            format!("delay (p50), SIP echo, {calls} calls"),
            " ms",
            delays,
        )
    });
    Ok(())
}

/// Calls that an application on a WebSocket echoes at 16 kHz.
pub fn websocket(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("SIP to a WebSocket application, 16 kHz");
    let pair = Pair::start(bench, plan, Way::WebSocket)?;
    for calls in plan.websocket_calls {
        let measure = |system: &System| bench.calls(system, Way::WebSocket, calls, plan.seconds);
        let [cpu, delays] = pair.compare(plan.rounds, measure, [cpu_of_call_second, delay])?;
        rows.push(Row {
            gate: Some(AtMost(0.25)),
            aim: Some(AtMost(0.125)),
            ..Row::compared(
                format!("CPU of a call-second, SIP to WebSocket, {calls} calls"),
                " ms",
                cpu,
            )
        });
        rows.push(Row {
            judged: Judged::Own,
            gate: Some(AtMost(3.0)),
            aim: Some(AtMost(2.0)),
            ..Row::compared(
                format!("delay added (p50), SIP to WebSocket and back, {calls} calls"),
                " ms",
                delays,
            )
        });
    }
    Ok(())
}

/// Calls that are ended as soon as they are answered.
pub fn set_up(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("set-up");
    let pair = Pair::start(bench, plan, Way::Answer)?;
    let measure = |system: &System| bench.rate(system, plan.rate, plan.seconds);
    let [cpu, wait] = pair.compare(plan.rounds, measure, [cpu_of_call, answered])?;
    rows.push(Row {
        gate: Some(AtMost(0.5)),
        aim: Some(AtMost(0.2)),
        ..Row::compared(
            format!(
                "CPU of setting up and ending a call, {} a second",
                plan.rate
            ),
            " ms",
            cpu,
        )
    });
    rows.push(Row::compared(
        format!("INVITE to 200 (p50), {} a second", plan.rate),
        " ms",
        wait,
    ));
    Ok(())
}
