//! Measures bots in Pipecat: what its pipeline adds to the delay of a call, beside what its own way to
//! a telephone adds; how soon an interruption is silence; what is left of 500 calls.

mod compare;
mod interruption;
mod leftovers;
mod system;

use std::time::Duration;

use super::comparison::figures::Row;
use super::comparison::machine::Machine;
use super::comparison::{Page, Rig, is_quick};
use crate::python;
use crate::workspace::{self, Failure};

use system::{Pipecat, Stage};

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
    /// Calls at once.
    pub calls: u32,
    /// How often a bot is interrupted.
    pub interruptions: u32,
    /// Calls in all after which what is held is compared.
    pub churn: (u32, u32),
    /// The rest before that: longer than the longest timer of SIP (64·T1).
    pub rest: Duration,
}

impl Plan {
    /// What the page is made of.
    fn full() -> Self {
        Self {
            is_evidence: true,
            tries: 3,
            rounds: 3,
            seconds: 8.0,
            calls: 20,
            interruptions: 50,
            churn: (100, 500),
            rest: Duration::from_secs(35),
        }
    }

    /// Everything once, with little load.
    fn quick() -> Self {
        Self {
            is_evidence: false,
            tries: 1,
            rounds: 1,
            seconds: 2.0,
            calls: 2,
            interruptions: 3,
            churn: (2, 4),
            rest: Duration::from_secs(1),
        }
    }
}

type Section = fn(&Stage, &Plan, &Pipecat, &mut Vec<Row>) -> Result<(), Failure>;

/// Everything that is measured of a version.
const SECTIONS: [Section; 3] = [
    compare::added_delay,
    interruption::silence,
    leftovers::churn,
];

/// Measures everything and writes the page. `--quick` goes through every section once with few
/// calls, to see that all of it works; its figures mean nothing, and no page is written.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let plan = match is_quick("pipecat", arguments)? {
        false => Plan::full(),
        true => Plan::quick(),
    };
    let versions = versions()?;
    let rig = Rig::build("pipecat", Machine::look(plan.is_evidence), plan.tries)?;
    let packages = system::packages(&rig)?;
    let stage = Stage { rig, packages };
    let page = Page {
        name: "pipecat",
        title: "Bots in Pipecat",
        lead: lead(&stage, &plan),
        peer: "Pipecat's own",
        is_evidence: plan.is_evidence,
    };
    let of_each = |pipecat| SECTIONS.iter().map(move |section| (pipecat, section));
    let sections: Vec<(&Pipecat, &Section)> = versions.iter().flat_map(of_each).collect();
    page.fill(&sections, |(pipecat, section), rows| {
        section(&stage, &plan, pipecat, rows)
    })
}

/// The newest and the oldest Pipecat that are supported.
fn versions() -> Result<Vec<Pipecat>, Failure> {
    let environments = python::pipecats(&workspace::target()?)?.into_iter();
    environments.map(Pipecat::of).collect()
}

fn lead(stage: &Stage, plan: &Plan) -> String {
    format!(
        "{}\n\n{METHOD}\nRounds: {}. Window: {} s. Medians, with the least and the greatest of the \
         rounds.\n",
        stage.rig.machine.in_words(),
        plan.rounds,
        plan.seconds
    )
}

const METHOD: &str = "\
The bot is [`echo.py`](../../python/tests/pipecat/bots/echo.py): a Pipecat pipeline with a processor that turns input \
frames into output frames, the same file in every run, one process for all calls. Trunkline is \
`python -m trunkline.pipecat echo.py -t sip`, gateway and pipelines in one process. Pipecat's own is \
`python echo.py -t twilio`: its runner and its Twilio serializer at its default rates of 16 and 24 kHz, reached \
through `trunkline serve` with an application of `protocol: twilio`. Both are called over SIP by `trunkline bench`, and so is \
`trunkline serve` with its built-in echo, in the same round; the delay of a pulse through that is taken off both. The \
system under test is held on core 0, the generator on core 1. A run counts when every call was answered and every \
pulse came back.

An interruption is one of [`story.py`](../../python/tests/pipecat/bots/story.py), ten seconds of speech ahead: from its \
`InterruptionFrame`, by the clock of the machine, to the last packet with more than 2 ms of sound, as the kernel \
stamps it at the telephone (the tail of the gateway's filter reaches 1.75 ms into the packet after that). It is less \
than nothing where that packet had left before the frame. What is left of calls is counted after so many, twenty at once with audio both ways, against what is \
held after the first of them: descriptors, UDP ports and threads by the kernel, asyncio tasks and Python objects of \
Trunkline's classes by the bot itself.
";
