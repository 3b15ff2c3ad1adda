//! Measures conversations with the voice agent, by audio alone: how soon it answers, how soon it is
//! silent, whether its own echo interrupts it, and whether many conversations make packets late.

mod engines;
mod records;
mod sections;
mod stage;

use super::comparison::machine::Machine;
use super::write_page;
use crate::workspace::Failure;

use stage::Stage;

/// How much is measured.
pub struct Plan {
    /// Whether the figures mean anything.
    pub is_evidence: bool,
    /// Whether the build has models of its own.
    pub has_models: bool,
    /// Turns of one conversation.
    pub turns: usize,
    /// Interruptions of one conversation.
    pub interruptions: usize,
    /// Callers, and answers to each, on a line with an echo.
    pub echoed: (usize, usize),
    /// Conversations at once with scripted engines, and with those in the process.
    pub at_once: (usize, usize),
}

impl Plan {
    fn full(has_models: bool) -> Self {
        Self {
            is_evidence: true,
            has_models,
            turns: 10,
            interruptions: 40,
            echoed: (10, 10),
            at_once: (20, 4),
        }
    }

    fn quick(has_models: bool) -> Self {
        Self {
            is_evidence: false,
            has_models,
            turns: 2,
            interruptions: 2,
            echoed: (2, 1),
            at_once: (3, 2),
        }
    }
}

/// One figure, and what it may be at most.
pub struct Row {
    pub what: String,
    pub value: Option<f64>,
    pub unit: &'static str,
    pub most: Option<f64>,
}

impl Row {
    fn is_missed(&self) -> bool {
        match (self.value, self.most) {
            (Some(value), Some(most)) => value > most,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }

    fn markdown(&self) -> String {
        let value = self
            .value
            .map_or("-".to_owned(), |v| format!("{v}{}", self.unit));
        let most = self
            .most
            .map_or(String::new(), |most| format!("≤ {most}{}", self.unit));
        let verdict = match (self.is_missed(), self.most) {
            (true, _) => "missed",
            (false, Some(_)) => "met",
            (false, None) => "",
        };
        format!("| {} | {value} | {most} | {verdict} |\n", self.what)
    }
}

/// Measures everything and writes the page. `--quick` goes through every section once, to see that
/// all of it works, with a build that is not optimised; no page is written. `--speech` measures the
/// engines in the process too, whose models `trunkline models fetch` must have brought.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let known = |word: &&str| ["--quick", "--speech"].contains(word);
    if !arguments.iter().all(known) {
        return Err("usage: cargo xtask evidence agent [--quick] [--speech]".into());
    }
    let has_models = arguments.contains(&"--speech");
    let plan = match arguments.contains(&"--quick") {
        false => Plan::full(has_models),
        true => Plan::quick(has_models),
    };
    let stage = Stage::set(Machine::look(plan.is_evidence), &plan)?;
    let mut rows = Vec::new();
    let measured = sections::ALL
        .iter()
        .try_for_each(|section| section(&stage, &plan, &mut rows));
    let body = body(&stage, &plan, &rows);
    print!("{body}");
    measured?;
    if !plan.is_evidence {
        println!("\nEverything works; these figures mean nothing.");
        return Ok(());
    }
    write_page("agent", "Conversations with the voice agent", &body)?;
    let missed = rows.iter().filter(|row| row.is_missed());
    let missed: Vec<&str> = missed.map(|row| row.what.as_str()).collect();
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("missed: {}", missed.join("; ")).into()),
    }
}

fn body(stage: &Stage, plan: &Plan, rows: &[Row]) -> String {
    let models = match plan.has_models {
        true => "",
        false => " Engines in the process were not measured: `--speech` was not given.",
    };
    let mut body = format!("{}{models}\n\n{METHOD}\n", stage.machine.in_words_first());
    body += "| what | measured | gate | verdict |\n|---|---|---|---|\n";
    body.extend(rows.iter().map(Row::markdown));
    body
}

const METHOD: &str = "\
`trunkline eval` calls `trunkline serve` over SIP and G.711 on this machine, and measures on the packets at the caller. The \
gateway is asked for nothing but its own part of a time, which is in the record of each call: of a turn gap what is neither \
the filling of the caller's packet nor the application's, and how long after the decision to stop it was still heard. Scripted engines are a server with OpenAI's interface that answers at \
once: what is measured is the agent and the line, with its end of turn at 500 ms. A turn gap is from the last sound of \
the caller to the first of the answer. Silence is from the first sound of an interruption to the last sound of what was \
interrupted. On the line with an echo the callers' telephones give back all they hear at −20 dB; an answer is cut where \
it is shorter than what was spoken. A packet is late when it comes more than 10 ms after its time, by the \
timestamps and the pace of the packets around it; in the control run as many callers only listen, to 9 s of a voice and \
then to silence.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Option<f64>, most: Option<f64>) -> Row {
        let what = "a figure".to_owned();
        Row {
            what,
            value,
            unit: " ms",
            most,
        }
    }

    #[test]
    fn a_figure_above_its_gate_or_without_a_value_is_missed() {
        assert!(row(Some(251.0), Some(250.0)).is_missed());
        assert!(row(None, Some(250.0)).is_missed());
        assert!(!row(Some(250.0), Some(250.0)).is_missed());
        assert!(!row(None, None).is_missed());
        let line = row(Some(12.5), Some(20.0)).markdown();
        assert_eq!(line, "| a figure | 12.5 ms | ≤ 20 ms | met |\n");
    }
}
