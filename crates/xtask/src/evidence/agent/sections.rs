//! What is measured, one function a section.

use serde_json::Value;

use super::records::{of_interruptions, of_turns, rank};
use super::stage::{Gateway, Stage};
use super::{Plan, Row};
use crate::workspace::Failure;

type Section = fn(&Stage, &Plan, &mut Vec<Row>) -> Result<(), Failure>;

/// Everything, in its order.
pub const ALL: [Section; 5] = [turns, interruptions, echoes, at_once, in_process];

const GAP_MS: f64 = 800.0;
/// Of it, what passes in the gateway.
const GATEWAY_MS: f64 = 25.0;
const SILENCE_MS: f64 = 250.0;
/// Of it, what passes after the decision.
const DECIDED_MS: f64 = 20.0;
/// The answer that is heard on a line with an echo is 2.74 s of speech.
const WHOLE_MS: u64 = 2_500;
const PAUSE_MS: u64 = 300;

const GREETING: &str = "      - wait_for: end\n";
const QUESTION: &str = "      - say: {wav: question.wav}\n      - wait_for: end\n";

/// The steps of a conversation of so many questions.
fn questions(question: &str, count: usize) -> String {
    GREETING.to_owned() + &question.repeat(count)
}

fn turns(stage: &Stage, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("turns");
    let gateway = stage.scripted()?;
    let report = stage.talk(&gateway, "short", 1, &questions(QUESTION, plan.turns))?;
    passed(&report)?;
    let what = "turn gap, one conversation with scripted engines";
    rows.push(gap(&report, what));
    own_part(&gateway, rows)
}

/// The gateway's own part of the turns of its last call.
fn own_part(gateway: &Gateway, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let own = of_turns(&[gateway.records.last()?]);
    rows.push(Row {
        what: format!("of it in the gateway itself, median of {}", own.len()),
        value: rank(&own, 50),
        unit: " ms",
        most: Some(GATEWAY_MS),
    });
    Ok(())
}

fn interruptions(stage: &Stage, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("interruptions");
    let cut_in = "      - interrupt: {wav: stop.wav, after: 0.8}\n".repeat(plan.interruptions);
    let steps = format!("{GREETING}      - say: {{wav: question.wav}}\n{cut_in}");
    let gateway = stage.scripted()?;
    let report = stage.talk(&gateway, "long", 1, &steps)?;
    passed(&report)?;
    let count = &report["silencesMs"]["count"];
    if *count != plan.interruptions {
        let wanted = plan.interruptions;
        return Err(format!("of {wanted} interruptions {count} were heard as such").into());
    }
    for (which, most) in [("median", None), ("p95", Some(SILENCE_MS)), ("max", None)] {
        rows.push(Row {
            what: format!("interruption to silence, {which} of {count}"),
            value: report["silencesMs"][which].as_f64(),
            unit: " ms",
            most,
        });
    }
    let decided = of_interruptions(&[gateway.records.last()?]);
    for (which, part, most) in [
        ("median", 50, None),
        ("p95", 95, Some(DECIDED_MS)),
        ("max", 100, None),
    ] {
        rows.push(Row {
            what: format!("of it after the decision, {which} of {}", decided.len()),
            value: rank(&decided, part),
            unit: " ms",
            most,
        });
    }
    Ok(())
}

fn echoes(stage: &Stage, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    eprintln!("echoes");
    let (callers, answers) = plan.echoed;
    let question = format!(
        "      - say: {{wav: question.wav}}\n      - expect: {{spoken_ms: {WHOLE_MS}, pause_ms: {PAUSE_MS}}}\n"
    );
    let steps = format!(
        "      - echo: {{level_db: -20}}\n{}",
        questions(&question, answers)
    );
    let report = stage.talk(&stage.scripted()?, "short", callers, &steps)?;
    let count = callers * answers;
    for (what, words) in [
        ("cut", "the answer lasted"),
        ("paused for more than 300 ms", "a pause of"),
        ("not heard", "the far end"),
    ] {
        rows.push(Row {
            what: format!("answers {what} on a line that echoes at −20 dB, of {count}"),
            value: Some(faults(&report, words) as f64),
            unit: "",
            most: Some(0.0),
        });
    }
    Ok(())
}

fn at_once(stage: &Stage, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let (count, turns) = (plan.at_once.0, plan.turns.min(8));
    eprintln!("{count} conversations at once");
    let gateway = stage.scripted()?;
    let report = stage.talk(&gateway, "short", count, &questions(QUESTION, turns))?;
    passed(&report)?;
    rows.push(gap(
        &report,
        &format!("turn gap, {count} conversations at once with scripted engines"),
    ));
    beside_control(stage, &gateway, &report, count, rows)
}

fn in_process(stage: &Stage, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    if !plan.has_models {
        return Ok(());
    }
    let gateway = stage.in_process()?;
    let question = "      - say: {wav: hours.wav}\n      - wait_for: end\n";
    for count in [1, plan.at_once.1] {
        eprintln!("{count} conversations with engines in the process");
        let report = stage.talk(
            &gateway,
            "agent",
            count,
            &questions(question, plan.turns.min(8)),
        )?;
        passed(&report)?;
        let what = format!("turn gap, {count} at once with the engines in the process");
        let row = gap(&report, &what);
        rows.push(Row {
            most: row.most.filter(|_| count == 1),
            ..row
        });
        match count {
            1 => own_part(&gateway, rows)?,
            _ => beside_control(stage, &gateway, &report, count, rows)?,
        }
    }
    Ok(())
}

/// Late packets beside those of as many calls in which nobody answers anybody: the callers listen to
/// a voice, and then to silence, until the agent would ask whether they are there.
fn beside_control(
    stage: &Stage,
    gateway: &Gateway,
    report: &Value,
    count: usize,
    rows: &mut Vec<Row>,
) -> Result<(), Failure> {
    let control = stage.talk(gateway, "quiet", count, "      - pause: 16\n")?;
    passed(&control)?;
    let sum = |report: &Value, key| of_each(report, key).sum::<f64>();
    let latest = |report: &Value| of_each(report, "latestMs").fold(0.0, f64::max);
    let (packets, quiet) = (sum(report, "packets"), sum(&control, "packets"));
    let (late, idle) = (sum(report, "latePackets"), sum(&control, "latePackets"));
    let (most, idle_most) = (latest(report), latest(&control));
    rows.push(Row {
        what: format!(
            "share of packets more than 10 ms late beyond the control run's, {count} conversations ({late} of \
             {packets}, the latest {most} ms; control {idle} of {quiet}, {idle_most} ms)"
        ),
        value: Some(beyond((late, packets), (idle, quiet))),
        unit: " %",
        most: Some(0.0),
    });
    Ok(())
}

/// How much larger the first share is than the second, in percent; 0 where it is not. The control run
/// is the shorter one, so that numbers of packets do not compare.
fn beyond((late, packets): (f64, f64), (idle, quiet): (f64, f64)) -> f64 {
    let share = late / packets.max(1.0) - idle / quiet.max(1.0);
    (share.max(0.0) * 1e5).round() / 1e3
}

fn of_each(report: &Value, key: &'static str) -> impl Iterator<Item = f64> {
    let talks = report["conversations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    talks.into_iter().filter_map(move |talk| talk[key].as_f64())
}

fn gap(report: &Value, what: &str) -> Row {
    let count = &report["gapsMs"]["count"];
    Row {
        what: format!("{what}, median of {count}"),
        value: report["gapsMs"]["median"].as_f64(),
        unit: " ms",
        most: Some(GAP_MS),
    }
}

/// How many things are wrong in these words.
fn faults(report: &Value, words: &str) -> usize {
    let talks = report["conversations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let faults = talks
        .iter()
        .flat_map(|talk| talk["faults"].as_array().cloned().unwrap_or_default());
    let texts = faults.filter_map(|fault| fault["text"].as_str().map(str::to_owned));
    texts.filter(|text| text.starts_with(words)).count()
}

/// An error where a conversation was not what it was to be.
fn passed(report: &Value) -> Result<(), Failure> {
    match report["passed"] == true {
        true => Ok(()),
        false => Err(format!("a conversation failed: {}", report["conversations"]).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn late_packets_are_compared_by_their_share() {
        assert_eq!(beyond((30.0, 50_000.0), (10.0, 16_000.0)), 0.0);
        assert_eq!(beyond((30.0, 50_000.0), (0.0, 16_000.0)), 0.06);
        assert_eq!(beyond((0.0, 0.0), (0.0, 0.0)), 0.0);
    }

    #[test]
    fn faults_are_counted_by_their_words_over_all_conversations() {
        let fault = |text: &str| json!({"line": 3, "text": text});
        let cut = fault("the answer lasted 900 ms, less than 2500 ms");
        let report = json!({"conversations": [
            {"faults": [cut, fault("a pause of 400 ms in the answer, longer than 300 ms")]},
            {"faults": [cut]},
        ], "passed": false});
        assert_eq!(faults(&report, "the answer lasted"), 2);
        assert_eq!(faults(&report, "a pause of"), 1);
        assert!(passed(&report).is_err());
    }
}
