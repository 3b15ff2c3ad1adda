//! Measures the gateway against Asterisk: same machine, same core, same calls, in turns.
//!
//! Whatever is compared is measured in the same round, one system after the other, and only the
//! ratio counts; of three rounds the median. A run whose generator was late is void and repeated.

mod asterisk;
mod compare;
pub mod figures;
mod gateway;
mod holding;
mod limits;
pub mod machine;
mod plan;
pub mod report;
mod system;

use super::write_page;
use crate::peers::{self, Missing};
use crate::workspace::{self, Failure, pass_through};

use figures::Row;
use machine::Machine;
use plan::Plan;
use system::Bench;

/// Measures everything and writes the page. `--quick` goes through every section once with few
/// calls, to see that all of it works; its figures mean nothing, and no page is written.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let plan = match arguments {
        [] => Plan::full(),
        ["--quick"] => Plan::quick(),
        _ => return Err("usage: cargo xtask evidence performance [--quick]".into()),
    };
    pass_through(workspace::cargo().args(["build", "--release", "--package", "trunkline"]))?;
    let target = workspace::target()?;
    let found = peers::environment(&peers::look(&target, Missing::Leave));
    let asterisk = found
        .into_iter()
        .find(|(variable, _)| *variable == peers::ASTERISK);
    let bench = Bench {
        binary: target.join("release/trunkline"),
        folder: target.join("evidence/performance"),
        asterisk: asterisk.map(|(_, root)| root.into()),
        machine: Machine::look(plan.realtime),
        tries: plan.tries,
    };
    if bench.asterisk.is_none() {
        eprintln!("no Asterisk here: its rows are left empty; `cargo xtask peers` installs it");
    }
    std::fs::create_dir_all(&bench.folder)?;
    let mut rows = Vec::new();
    let measured = measure(&bench, &plan, &mut rows);
    // What was measured before something failed is shown all the same.
    let page = page(&rows, &bench, &plan);
    print!("{page}");
    measured?;
    if !plan.is_evidence {
        println!("\nEverything works; these figures mean nothing.");
        return Ok(());
    }
    verdict(&rows)
}

/// Everything, in its order. The page is written after each section, so that a long run that is
/// broken off leaves what it has.
fn measure(bench: &Bench, plan: &Plan, rows: &mut Vec<Row>) -> Result<(), Failure> {
    type Section = fn(&Bench, &Plan, &mut Vec<Row>) -> Result<(), Failure>;
    let sections: [Section; 7] = [
        compare::echo,
        compare::websocket,
        compare::set_up,
        limits::most_calls,
        limits::most_calls_a_second,
        holding::memory_of_a_call,
        holding::load_and_churn,
    ];
    for section in sections {
        section(bench, plan, rows)?;
        if plan.is_evidence {
            write_page("performance", "Performance", &page(rows, bench, plan))?;
        }
    }
    Ok(())
}

/// An error that names what misses its gate.
pub fn verdict(rows: &[Row]) -> Result<(), Failure> {
    let missed: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_missed())
        .map(|row| row.what.as_str())
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(format!("missed: {}", missed.join("; ")).into())
}

fn page(rows: &[Row], bench: &Bench, plan: &Plan) -> String {
    let mut page = format!("{}\n\n", bench.machine.in_words());
    page.push_str(METHOD);
    page.push_str(&format!(
        "\nRounds: {}. Window: {} s. Ratios are Trunkline over Asterisk; medians, with the least \
         and the greatest of the rounds.\n\n",
        plan.rounds, plan.seconds
    ));
    page.push_str("| what | Trunkline | Asterisk | ratio | gate | aim | verdict |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for row in rows {
        page.push_str(&row.markdown());
    }
    page
}

const METHOD: &str = "\
Everything runs on the loopback interface. The system under test is held on core 0; the generator \
(`trunkline bench`) and, in its process, the application that echoes on a WebSocket are held on \
core 1. Audio is G.711 \u{b5}-law in packets of 20 ms both ways: silence with a 20 ms pulse of 1 kHz \
in each second of each call, found again to the sample. CPU is the process clock of the system under \
test. Three seconds of full load pass before a window. A run is void when the generator's ticks of \
1 ms came more than 1 ms late (p99), or it used more than 0.8 of its core; it is then repeated, up to \
three times. A run passes when every call was answered, less than 0.1 % of packets were missing both \
by sequence number and by count, and 99 of 100 packets came within 5 ms of their time. Trunkline \
keeps its call records and times its turns throughout. Asterisk runs `Answer`, `Echo()` and \
`Dial(WebSocket/…/c(slin16))` with no modules but those it needs.
";
