//! Measures a provider's media streams against what else answers them: Pipecat's echo, and a server
//! written by hand in Python. Same machine, same core, same streams, in turns.

mod compare;
mod limit;
mod system;

use super::comparison::figures::Row;
use super::comparison::machine::Machine;
use super::comparison::{Page, Rig, is_quick};
use crate::peers;
use crate::workspace::{self, Failure};

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

type Section = fn(&Bench, &Plan, &mut Vec<Row>) -> Result<(), Failure>;

/// Everything, in its order.
const SECTIONS: [Section; 2] = [compare::echo, limit::most_streams];

/// Measures everything and writes the page. `--quick` goes through every section once with few
/// streams, to see that all of it works; its figures mean nothing, and no page is written.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let plan = match is_quick("streams", arguments)? {
        false => Plan::full(),
        true => Plan::quick(),
    };
    let bench = Bench {
        rig: Rig::build("streams", Machine::look(plan.is_evidence), plan.tries)?,
        python: peers::PIPECAT.find(&workspace::target()?),
    };
    if bench.python.is_none() {
        eprintln!(
            "no Pipecat here: the peers' figures are left empty; `cargo xtask peers` installs it"
        );
    }
    let page = Page {
        name: "streams",
        title: "Media streams",
        lead: lead(&bench, &plan),
        peer: "peer",
        is_evidence: plan.is_evidence,
    };
    page.fill(&SECTIONS, |section, rows| section(&bench, &plan, rows))
}

fn lead(bench: &Bench, plan: &Plan) -> String {
    format!(
        "{}\n\n{METHOD}\nRounds: {}. Window: {} s. Ratios are Trunkline over the peer that the row \
         names; medians, with the least and the greatest of the rounds.\n",
        bench.rig.machine.in_words(),
        plan.rounds,
        plan.seconds
    )
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
way), and 99 of 100 messages came within 5 ms of their time.

The limit of Trunkline is the most streams that pass with a delay (p99) less than three times that at a quarter of them; \
that of a peer the most of which it takes and keeps every one and brings every pulse back, however late and unevenly. \
The load is doubled from the least that is looked for (700, and for a peer the 20 of the comparison) until one does not \
pass, and what lies between is halved three times. A system that did not pass is started anew. The CPU at the most \
streams of each is that of the run that passed with them: one core is then full, or nearly, and a wake-up serves \
several streams.

In all three an application hears 16 kHz and sends back what it hears. Trunkline is `trunkline serve` with its built-in \
echo, with call records and metrics as always. Pipecat is \
[`pipecat_echo.py`](../../crates/xtask/src/evidence/streams/pipecat_echo.py): its FastAPI transport, its Twilio \
serializer with the resamplers it brings, and a processor that turns input frames into output frames. The server by \
hand is [`fastapi_echo.py`](../../crates/xtask/src/evidence/streams/fastapi_echo.py), written for this comparison: \
FastAPI, \u{b5}-law and linear interpolation in numpy, and nothing else. Both run under uvicorn with uvloop and \
httptools, log nothing, and have one process, as Trunkline has. They need not pass, only take every stream, keep it \
and bring every pulse back.
";
