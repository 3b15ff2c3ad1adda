//! What is left of many calls.

use super::Plan;
use super::system::{Bot, Pipecat, Stage};
use crate::evidence::comparison::Holdings;
use crate::evidence::comparison::figures::{Bound, Bound::AtMost, Judged, Rounds, Row};
use crate::workspace::Failure;

/// How long each call of a batch is measured.
const WINDOW_S: f64 = 1.0;

/// What the kernel and the bot say is held.
struct Held {
    kernel: Holdings,
    tasks: f64,
    objects: f64,
}

/// Calls in batches; what is held after the first of them, and after all.
pub fn churn(
    stage: &Stage,
    plan: &Plan,
    pipecat: &Pipecat,
    rows: &mut Vec<Row>,
) -> Result<(), Failure> {
    eprintln!("leftovers, Pipecat {}", pipecat.version);
    let bot = stage.over_sip(pipecat)?;
    let (first, all) = plan.churn;
    let mut held = Vec::new();
    for calls in [first, all - first] {
        eprintln!("      {calls} calls, then a rest");
        for _ in 0..calls / plan.calls {
            stage.calls(&bot.called, plan.calls, WINDOW_S)?;
        }
        std::thread::sleep(plan.rest);
        held.push(holdings(&bot)?);
    }
    let [early, late] = &held[..] else {
        return Err("two measurements were to be made".into());
    };
    let version = &pipecat.version;
    let mut row = |what: String, value: f64, gate: Bound| {
        rows.push(Row {
            judged: Judged::Own,
            gate: Some(gate),
            ..Row::compared(what, "", (Rounds(vec![value]), Rounds::default()))
        });
    };
    row(
        format!("memory after {all} calls over that after {first}, Pipecat {version}"),
        late.kernel.rss_kib / early.kernel.rss_kib,
        AtMost(1.05),
    );
    let more = [
        (
            "descriptors",
            late.kernel.descriptors - early.kernel.descriptors,
        ),
        ("UDP ports", late.kernel.udp_ports - early.kernel.udp_ports),
        ("threads", late.kernel.threads - early.kernel.threads),
        ("asyncio tasks", late.tasks - early.tasks),
        ("objects of Trunkline's", late.objects - early.objects),
    ];
    for (what, more) in more {
        let what = format!("{what} more after {all} calls than after {first}, Pipecat {version}");
        row(what, more, AtMost(0.0));
    }
    Ok(())
}

fn holdings(bot: &Bot) -> Result<Held, Failure> {
    let said = bot.held_by_itself()?;
    let figure = |name: &str| said[name].as_f64().ok_or(format!("it does not say {name}"));
    Ok(Held {
        kernel: bot.called.running.holdings()?,
        tasks: figure("tasks")?,
        objects: figure("objects")?,
    })
}
