//! What is measured, section by section.

use std::time::Duration;

use serde_json::Value;

use super::figures::{Bound, Judged, Rounds, Row};
use super::system::{Bench, System, Way, Which};
use crate::workspace::Failure;

use Bound::{AtLeast, AtMost};

/// How much is measured.
pub struct Plan {
    /// Whether the figures mean anything.
    pub is_evidence: bool,
    /// Whether real-time priority is asked for.
    pub realtime: bool,
    /// Rounds of what is compared.
    pub rounds: usize,
    /// Seconds of a window.
    pub seconds: f64,
    /// Calls of the echo comparison.
    echo_calls: u32,
    /// Calls of the WebSocket comparisons.
    websocket_calls: [u32; 2],
    /// Calls a second whose CPU is compared.
    rate: f64,
    /// The search for limits begins here and ends there: calls at once, calls a second.
    search_calls: (u32, u32),
    search_rate: (f64, f64),
    /// Calls at once between which memory is compared.
    slope: (u32, u32),
    /// Calls in all after which memory is compared.
    churn: (u32, u32),
    /// The rest after a churn: longer than the longest timer of SIP (64·T1).
    rest: Duration,
}

impl Plan {
    /// What the page is made of.
    pub fn full() -> Self {
        Self {
            is_evidence: true,
            realtime: true,
            rounds: 3,
            seconds: 8.0,
            echo_calls: 200,
            websocket_calls: [80, 200],
            rate: 400.0,
            search_calls: (200, 3_200),
            search_rate: (400.0, 12_800.0),
            slope: (50, 500),
            churn: (1_000, 20_000),
            rest: Duration::from_secs(40),
        }
    }

    /// Everything once, with little load.
    pub fn quick() -> Self {
        Self {
            is_evidence: false,
            realtime: false,
            rounds: 1,
            seconds: 1.0,
            echo_calls: 10,
            websocket_calls: [5, 10],
            rate: 20.0,
            search_calls: (10, 20),
            search_rate: (20.0, 40.0),
            slope: (5, 20),
            churn: (20, 100),
            rest: Duration::from_secs(1),
        }
    }
}

/// Measures everything.
pub fn all(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    echo(bench, plan, rows)?;
    websocket(bench, plan, rows)?;
    set_up(bench, plan, rows)?;
    most_calls(bench, plan, rows)?;
    most_calls_a_second(bench, plan, rows)?;
    memory_of_a_call(bench, plan, rows)?;
    load_and_churn(bench, plan, rows)
}

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

    /// One round after the other, the systems in turn: what `figures` reads of each report.
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
            for ((ours, theirs), figure) in all.iter_mut().zip(figures) {
                ours.0.extend(valid(&own).and_then(figure));
                theirs
                    .0
                    .extend(peer.as_ref().and_then(valid).and_then(figure));
            }
        }
        Ok(all)
    }
}

/// A report that measured the target, and not the generator or a failure.
fn valid(report: &Value) -> Option<&Value> {
    let passed = report["pass"] == true && report["generator"]["void"].is_null();
    if !passed {
        eprintln!("      no figure: {report}");
    }
    passed.then_some(report)
}

fn cpu_of_call_second(report: &Value) -> Option<f64> {
    report["cpuMsPerCallSecond"].as_f64()
}

fn cpu_of_call(report: &Value) -> Option<f64> {
    report["cpuMsPerCall"].as_f64()
}

fn delay(report: &Value) -> Option<f64> {
    report["delayMs"]["p50"].as_f64()
}

fn answered(report: &Value) -> Option<f64> {
    report["answeredMs"]["p50"].as_f64()
}

fn ratio(what: String, unit: &'static str, (own, peer): (Rounds, Rounds)) -> Row {
    Row {
        what,
        unit,
        own,
        peer,
        judged: Judged::Ratio,
        gate: None,
        aim: None,
        note: String::new(),
    }
}

fn section(name: &str) {
    eprintln!("{name}");
}

fn echo(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("SIP echo");
    let (calls, seconds) = (plan.echo_calls, plan.seconds);
    let pair = Pair::start(bench, plan, Way::Echo)?;
    let measure = |system: &System| bench.calls(system, Way::Echo, calls, seconds);
    let [cpu, delays] = pair.compare(plan.rounds, measure, [cpu_of_call_second, delay])?;
    rows.push(Row {
        gate: Some(AtMost(1.0 / 1.5)),
        aim: Some(AtMost(0.25)),
        ..ratio(
            format!("CPU of a call-second, SIP echo, {calls} calls"),
            " ms",
            cpu,
        )
    });
    rows.push(Row {
        note: "Asterisk passes packets on, Trunkline goes by 16 kHz".to_owned(),
        ..ratio(
            format!("delay (p50), SIP echo, {calls} calls"),
            " ms",
            delays,
        )
    });
    Ok(())
}

fn websocket(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("SIP to a WebSocket application, 16 kHz");
    let pair = Pair::start(bench, plan, Way::WebSocket)?;
    for calls in plan.websocket_calls {
        let measure = |system: &System| bench.calls(system, Way::WebSocket, calls, plan.seconds);
        let [cpu, delays] = pair.compare(plan.rounds, measure, [cpu_of_call_second, delay])?;
        rows.push(Row {
            gate: Some(AtMost(0.25)),
            aim: Some(AtMost(0.125)),
            ..ratio(
                format!("CPU of a call-second, SIP to WebSocket, {calls} calls"),
                " ms",
                cpu,
            )
        });
        rows.push(Row {
            judged: Judged::Own,
            gate: Some(AtMost(3.0)),
            aim: Some(AtMost(2.0)),
            ..ratio(
                format!("delay added (p50), SIP to WebSocket and back, {calls} calls"),
                " ms",
                delays,
            )
        });
    }
    Ok(())
}

fn set_up(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("set-up");
    let pair = Pair::start(bench, plan, Way::Answer)?;
    let measure = |system: &System| bench.rate(system, plan.rate, plan.seconds);
    let [cpu, wait] = pair.compare(plan.rounds, measure, [cpu_of_call, answered])?;
    rows.push(Row {
        gate: Some(AtMost(0.5)),
        aim: Some(AtMost(0.2)),
        ..ratio(
            format!(
                "CPU of setting up and ending a call, {} a second",
                plan.rate
            ),
            " ms",
            cpu,
        )
    });
    rows.push(ratio(
        format!("INVITE to 200 (p50), {} a second", plan.rate),
        " ms",
        wait,
    ));
    Ok(())
}

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

fn most_calls(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("most calls at once");
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
        ..ratio(
            "calls at once on one core, SIP to WebSocket".to_owned(),
            "",
            (own.0, peer.0),
        )
    });
    Ok(())
}

fn most_calls_a_second(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("most calls a second");
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
        ..ratio(
            "calls a second on one core, none failed, none repeated".to_owned(),
            "",
            (own.0, peer.0),
        )
    });
    Ok(())
}

fn resident(report: &Value) -> Option<f64> {
    report["holdings"]["rssKib"].as_f64()
}

fn memory_of_a_call(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("memory of a call");
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
        ..ratio(
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
        ..ratio(what, unit, (Rounds(values), Rounds::default()))
    }
}

/// What concerns Trunkline alone: that a call costs no more among many, and that nothing is left.
fn load_and_churn(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    section("load and churn");
    let system = bench.start(Which::Trunkline)?.ok_or("no Trunkline")?;
    let at_start = system.holdings()?;
    let (few, many) = (plan.slope.1 / 5, plan.slope.1);
    let mut ratios = Vec::new();
    for _ in 0..plan.rounds {
        let [a, b] = [few, many].map(|calls| {
            let report = bench.calls(&system, Way::WebSocket, calls, plan.seconds);
            report.map(|report| valid(&report).and_then(cpu_of_call_second))
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
        memory.push(system.holdings()?);
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
