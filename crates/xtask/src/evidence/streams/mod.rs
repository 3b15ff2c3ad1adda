//! Measures a provider's media streams against what else answers them: Pipecat's echo, and a server
//! written by hand in Python. Same machine, same core, same streams, in turns.

mod compare;
mod limit;
mod system;

use super::performance::figures::Row;
use super::performance::machine::Machine;
use super::performance::verdict;
use super::write_page;
use crate::peers;
use crate::workspace::{self, Failure, pass_through};

use system::Bench;

/// How much is measured.
pub struct Plan {
    /// Whether the figures mean anything.
    pub is_evidence: bool,
    /// How often a run is tried whose generator was late.
    pub tries: usize,
    /// Rounds of what is compared.
    pub rounds: usize,
    /// Seconds of a window.
    pub seconds: f64,
    /// Streams at once of the comparison: at most half of what the peers can take.
    pub compared: u32,
    /// Streams at once that one core has to serve, and those that it is wanted to.
    pub limit: (u32, u32),
}

impl Plan {
    /// What the page is made of.
    fn full() -> Self {
        Self {
            is_evidence: true,
            tries: 3,
            rounds: 3,
            seconds: 8.0,
            compared: 20,
            limit: (700, 2_000),
        }
    }

    /// Everything once, with little load.
    fn quick() -> Self {
        Self {
            is_evidence: false,
            tries: 1,
            rounds: 1,
            seconds: 3.0,
            compared: 2,
            limit: (8, 16),
        }
    }
}

/// Measures everything and writes the page. `--quick` goes through every section once with few
/// streams, to see that all of it works; its figures mean nothing, and no page is written.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let plan = match arguments {
        [] => Plan::full(),
        ["--quick"] => Plan::quick(),
        _ => return Err("usage: cargo xtask evidence streams [--quick]".into()),
    };
    pass_through(workspace::cargo().args(["build", "--release", "--package", "trunkline"]))?;
    let target = workspace::target()?;
    let bench = Bench {
        binary: target.join("release/trunkline"),
        folder: target.join("evidence/streams"),
        python: peers::PIPECAT.find(&target),
        machine: Machine::look(plan.is_evidence),
        tries: plan.tries,
    };
    if bench.python.is_none() {
        eprintln!(
            "no Pipecat here: the peers' figures are left empty; `cargo xtask peers` installs it"
        );
    }
    std::fs::create_dir_all(&bench.folder)?;
    let mut rows = Vec::new();
    let measured = measure(&bench, &plan, &mut rows);
    // What was measured before something failed is shown all the same.
    print!("{}", page(&rows, &bench, &plan));
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
    for section in [compare::echo, limit::most_streams] {
        section(bench, plan, rows)?;
        if plan.is_evidence {
            write_page("streams", "Media streams", &page(rows, bench, plan))?;
        }
    }
    Ok(())
}

fn page(rows: &[Row], bench: &Bench, plan: &Plan) -> String {
    let mut page = format!("{}\n\n", bench.machine.in_words());
    page.push_str(METHOD);
    page.push_str(&format!(
        "\nRounds: {}. Window: {} s. Ratios are Trunkline over the peer that the row names; medians, \
         with the least and the greatest of the rounds.\n\n",
        plan.rounds, plan.seconds
    ));
    page.push_str("| what | Trunkline | peer | ratio | gate | aim | verdict |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for row in rows {
        page.push_str(&row.markdown());
    }
    page
}

const METHOD: &str = "\
A provider's end of Twilio media streams (`trunkline bench --streams twilio`) opens WebSockets on the loopback \
interface and sends a message of 20 ms of G.711 \u{b5}-law every 20 ms on each; what is measured sends the audio back. \
The system under test is held on core 0, the generator on core 1. Audio is silence with a 20 ms pulse of 1 kHz in \
each second of each stream, found again to the sample. CPU is the process clock of the system under test. Three \
seconds of full load pass before a window, and one run is thrown away before the rounds. A run is void when the \
generator's ticks of 1 ms came more than 1 ms late (p99), or it used more than 0.8 of its core; it is then repeated, \
up to three times. A run passes when every stream was taken and kept, every pulse came back with no audio missing \
between them, less than 0.1 % of the audio was missing by count (beside one message of each stream that may be on its \
way), and 99 of 100 messages came within 5 ms of their time. The limit is the most streams that pass with a delay \
(p99) less than three times that at a quarter of them.

In all three an application hears 16 kHz and sends back what it hears. Trunkline is `trunkline serve` with its built-in \
echo, with call records and metrics as always. Pipecat is \
[`pipecat_echo.py`](../../crates/xtask/src/evidence/streams/pipecat_echo.py): its FastAPI transport, its Twilio \
serializer with the resamplers it brings, and a processor that turns input frames into output frames. The server by \
hand is [`fastapi_echo.py`](../../crates/xtask/src/evidence/streams/fastapi_echo.py), written for this comparison: \
FastAPI, \u{b5}-law and linear interpolation in numpy, and nothing else. Both run under uvicorn with uvloop and \
httptools, log nothing, and have one process, as Trunkline has. They need not pass, only take every stream, keep it \
and bring every pulse back.
";
