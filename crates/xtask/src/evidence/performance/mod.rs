//! Measures the gateway against Asterisk: same machine, same core, same calls, in turns.
//!
//! Whatever is compared is measured in the same round, one system after the other, and only the
//! ratio counts; of three rounds the median. A run whose generator was late is void and repeated.

mod asterisk;
mod compare;
mod gateway;
mod holding;
mod limits;
mod plan;
mod system;

use super::comparison::figures::Row;
use super::comparison::machine::Machine;
use super::comparison::{Page, Rig, is_quick};
use crate::peers;
use crate::workspace::{self, Failure};

use plan::Plan;
use system::Bench;

type Section = fn(&Bench, &Plan, &mut Vec<Row>) -> Result<(), Failure>;

/// Everything, in its order.
const SECTIONS: [Section; 7] = [
    compare::echo,
    compare::websocket,
    compare::set_up,
    limits::most_calls,
    limits::most_calls_a_second,
    holding::memory_of_a_call,
    holding::load_and_churn,
];

/// Measures everything and writes the page. `--quick` goes through every section once with few
/// calls, to see that all of it works; its figures mean nothing, and no page is written.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let plan = match is_quick("performance", arguments)? {
        false => Plan::full(),
        true => Plan::quick(),
    };
    let bench = Bench {
        rig: Rig::build("performance", Machine::look(plan.realtime), plan.tries)?,
        asterisk: peers::find_asterisk(&workspace::target()?),
    };
    if bench.asterisk.is_none() {
        eprintln!("no Asterisk here: its rows are left empty; `cargo xtask peers` installs it");
    }
    let page = Page {
        name: "performance",
        title: "Performance",
        lead: lead(&bench, &plan),
        peer: "Asterisk",
        is_evidence: plan.is_evidence,
    };
    page.fill(&SECTIONS, |section, rows| section(&bench, &plan, rows))
}

fn lead(bench: &Bench, plan: &Plan) -> String {
    format!(
        "{}\n\n{METHOD}\nRounds: {}. Window: {} s. Ratios are Trunkline over Asterisk; medians, with \
         the least and the greatest of the rounds.\n",
        bench.rig.machine.in_words(),
        plan.rounds,
        plan.seconds
    )
}

const METHOD: &str = "\
Everything runs on the loopback interface. The system under test is held on core 0; the generator \
(`trunkline bench`) and, in its process, the application that echoes on a WebSocket are held on \
core 1. Audio is G.711 \u{b5}-law in packets of 20 ms both ways: silence with a 20 ms pulse of 1 kHz \
in each second of each call, found again to the sample. CPU is the process clock of the system under \
test. Three seconds of full load pass before a window. A run is void when the generator's ticks of \
1 ms came more than 1 ms late (p99), or it used more than 0.8 of its core; it is then repeated, up to \
three times. A run passes when every call was answered, less than 0.1 % of packets were missing both \
by sequence number and by count, and 99 of 100 packets came within 5 ms of their time; \
of the loads that are looked for, when two of three such runs passed. Trunkline keeps its call records and times its turns throughout. Asterisk runs `Answer`, `Echo()` and \
`Dial(WebSocket/…/c(slin16))` with no modules but those it needs.
";
