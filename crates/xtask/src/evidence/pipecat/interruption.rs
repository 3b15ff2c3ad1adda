//! How soon an interruption is silence on the wire.

use std::process::Command;

use super::Plan;
use super::system::{Pipecat, Stage};
use crate::evidence::comparison::figures::{Bound::AtMost, Judged, Rounds, Row};
use crate::workspace::{self, Failure, output};

/// Prints the milliseconds of each interruption as one JSON list.
const SCRIPT: &str = "python/tests/pipecat/measure_interruptions.py";
/// What tests share.
const SHARED: &str = "python/tests/shared";

/// One frame: what is on its way when the bot is interrupted.
const SILENT_WITHIN_MS: f64 = 20.0;

/// From `InterruptionFrame` to the last packet with sound.
pub fn silence(
    stage: &Stage,
    plan: &Plan,
    pipecat: &Pipecat,
    rows: &mut Vec<Row>,
) -> Result<(), Failure> {
    eprintln!("interruptions, Pipecat {}", pipecat.version);
    let shared = workspace::root().join(SHARED);
    let packages = std::env::join_paths([&stage.packages, &shared])?;
    let mut python = Command::new(pipecat.environment.join("bin/python"));
    python
        .current_dir(workspace::root())
        .env("PYTHONPATH", packages)
        .args([SCRIPT, &plan.interruptions.to_string()]);
    let said = output(&mut python)?;
    let mut delays: Vec<f64> = serde_json::from_str(said.trim())?;
    delays.sort_by(f64::total_cmp);
    let count = delays.len();
    let greatest = delays.last().copied();
    for (which, value) in [("p50", Rounds(delays).median()), ("max", greatest)] {
        rows.push(Row {
            judged: Judged::Own,
            gate: Some(AtMost(SILENT_WITHIN_MS)),
            ..Row::compared(
                format!(
                    "interruption to silence ({which} of {count}), Pipecat {}",
                    pipecat.version
                ),
                " ms",
                (Rounds(value.into_iter().collect()), Rounds::default()),
            )
        });
    }
    Ok(())
}
