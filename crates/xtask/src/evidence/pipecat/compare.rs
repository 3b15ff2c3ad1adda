//! The delay that a pipeline adds, in turns with Pipecat's own way and the gateway alone.

use serde_json::Value;

use super::Plan;
use super::system::{Called, Pipecat, Stage};
use crate::evidence::comparison::figures::{Bound::AtMost, Judged, Rounds, Row};
use crate::evidence::comparison::report::{cpu_of_call_second, delay};
use crate::workspace::Failure;

/// What one system measured, round by round; `None` where a round gave nothing.
#[derive(Default)]
struct Measured {
    delay: Vec<Option<f64>>,
    cpu: Vec<Option<f64>>,
}

impl Measured {
    fn take(&mut self, report: &Value) {
        let counts = counts(report);
        self.delay.push(delay(report).filter(|_| counts));
        self.cpu.push(cpu_of_call_second(report).filter(|_| counts));
    }
}

/// Whether every call was answered and every pulse came back: one a second of each call, beside one of
/// each that may be on its way at the end of the window.
fn counts(report: &Value) -> bool {
    let figure = |name: &str| report[name].as_f64().unwrap_or_default();
    let least = figure("calls") * (figure("seconds") - 1.0).max(1.0);
    let heard = report["delayMs"]["count"].as_f64().unwrap_or_default() >= least;
    let counts = report["failed"] == 0 && heard && report["generator"]["void"].is_null();
    if !counts {
        eprintln!("      no figure: {report}");
    }
    counts
}

/// How much later a pulse is back than through the gateway alone.
pub fn added_delay(
    stage: &Stage,
    plan: &Plan,
    pipecat: &Pipecat,
    rows: &mut Vec<Row>,
) -> Result<(), Failure> {
    eprintln!("delay, Pipecat {}", pipecat.version);
    let bare = stage.bare()?;
    let ours = stage.over_sip(pipecat)?;
    let theirs = stage.over_twilio(pipecat)?;
    let all = [&bare, &ours.called, &theirs.called];
    let run = |called: &Called| stage.calls(called, plan.calls, plan.seconds);
    for called in all {
        run(called)?;
    }
    let mut measured: [Measured; 3] = Default::default();
    for round in 1..=plan.rounds {
        eprintln!("      round {round} of {}", plan.rounds);
        for (called, measured) in all.iter().zip(&mut measured) {
            measured.take(&run(called)?);
        }
    }
    let [bare, ours, theirs] = measured;
    let (calls, version) = (plan.calls, &pipecat.version);
    rows.push(Row {
        judged: Judged::Own,
        gate: Some(AtMost(25.0)),
        note: format!(
            "the gateway alone: {}",
            present(&bare.delay).in_words(" ms")
        ),
        ..Row::compared(
            format!("delay added (p50), {calls} calls, Pipecat {version}"),
            " ms",
            (
                added(&ours.delay, &bare.delay),
                added(&theirs.delay, &bare.delay),
            ),
        )
    });
    rows.push(Row {
        note: "of the bot's process: in the one the gateway with it, in the other not".to_owned(),
        ..Row::compared(
            format!("CPU of a call-second, {calls} calls, Pipecat {version}"),
            " ms",
            (present(&ours.cpu), present(&theirs.cpu)),
        )
    });
    Ok(())
}

/// Round by round, this less that; rounds of which one is missing are left out.
fn added(with: &[Option<f64>], without: &[Option<f64>]) -> Rounds {
    let pairs = with.iter().zip(without);
    Rounds(
        pairs
            .filter_map(|(with, without)| Some((*with)? - (*without)?))
            .collect(),
    )
}

fn present(rounds: &[Option<f64>]) -> Rounds {
    Rounds(rounds.iter().flatten().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_added_is_of_rounds_that_both_have() {
        let added = added(&[Some(9.0), None, Some(8.0)], &[Some(4.0), Some(4.0), None]);
        assert_eq!(added.0, [5.0]);
    }

    #[test]
    fn a_round_counts_where_no_call_failed_and_pulses_came_back() {
        let report = |failed, heard| {
            counts(&json!({
                "calls": 20, "seconds": 8.0, "failed": failed, "delayMs": {"count": heard},
                "generator": {},
            }))
        };
        assert!(report(0, 160) && report(0, 140));
        assert!(!report(1, 160) && !report(0, 139) && !report(0, 0));
    }
}
