//! How speech sounds after a call: PESQ of the echo path and of loss concealment, on all voices.
//!
//! PESQ is run from outside, in a Python environment of its own under the build folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::write_page;
use crate::workspace::{self, Failure, cargo, output, pass_through};

const PACKAGES: [&str; 2] = ["pesq==0.0.4", "numpy"];

/// One comparison and what it must come to: ours less the other variant, in PESQ.
struct Gate {
    what: &'static str,
    other: &'static str,
    least: f64,
    says: &'static str,
}

const GATES: [Gate; 3] = [
    Gate {
        what: "echo",
        other: "plain",
        least: -0.1,
        says: "echo call against two plain µ-law codecs",
    },
    Gate {
        what: "loss3",
        other: "repeat",
        least: 0.1,
        says: "concealment against repeating, 3 % loss",
    },
    Gate {
        what: "loss5",
        other: "repeat",
        least: 0.15,
        says: "concealment against repeating, 5 % loss",
    },
];

/// One line of what `pesq_scores.py` prints.
struct Score {
    what: String,
    voice: String,
    variant: String,
    pesq: f64,
}

/// Makes the recordings, rates them and writes the page. A gate that is missed fails the run.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask evidence quality".into());
    }
    let folder = workspace::target()?.join("quality");
    let mut example = cargo();
    example.args([
        "run",
        "--quiet",
        "--package",
        "trunkline-audio",
        "--example",
        "quality",
        "--",
    ]);
    let resampler = output(example.arg(&folder))?;
    let scores = rated(&folder)?;

    let mut body = LEAD.to_owned();
    let mut missed = Vec::new();
    body += "\n| what | other | ours | difference | asked | |\n|---|---|---|---|---|---|\n";
    for gate in &GATES {
        let (other, ours) = (
            median(&scores, gate, gate.other, None)?,
            median(&scores, gate, "ours", None)?,
        );
        let met = ours - other >= gate.least;
        let Gate { says, least, .. } = gate;
        let outcome = if met { "met" } else { "MISSED" };
        let difference = ours - other;
        writeln!(
            body,
            "| {says} | {other:.2} | {ours:.2} | {difference:+.2} | ≥ {least:+.2} | {outcome} |"
        )?;
        if !met {
            missed.push(gate.says);
        }
    }
    write_voices(&mut body, &scores)?;
    write!(body, "\n## Resampler\n\n{TONES}\n\n{resampler}")?;
    write_page("quality", "Speech quality", &body)?;
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("missed: {}", missed.join(", ")).into())
    }
}

const LEAD: &str = "\
PESQ is ITU-T P.862 narrow-band (MOS-LQO), against the clean 8 kHz speech. Medians over the four voices of
`fixtures/speech`; losses are independent, of 20 ms frames, with five fixed seeds a voice, the same for
both ways of concealment. Repeating plays the last 20 ms unchanged, at most three times, then silence.
";

const TONES: &str = "\
Tones of −6 dBFS from 8 to 16 to 8 kHz. 2 kHz repeats every four samples and so does its rounding, which
leaves nothing beside the tone.";

/// Medians by voice.
fn write_voices(body: &mut String, scores: &[Score]) -> Result<(), Failure> {
    body.push_str("\n| what | voice | other | ours |\n|---|---|---|---|\n");
    for gate in &GATES {
        let mut voices: Vec<&str> = scores.iter().map(|score| score.voice.as_str()).collect();
        voices.sort_unstable();
        voices.dedup();
        for voice in voices {
            let other = median(scores, gate, gate.other, Some(voice))?;
            let ours = median(scores, gate, "ours", Some(voice))?;
            writeln!(body, "| {} | {voice} | {other:.2} | {ours:.2} |", gate.says)?;
        }
    }
    Ok(())
}

fn median(
    scores: &[Score],
    gate: &Gate,
    variant: &str,
    voice: Option<&str>,
) -> Result<f64, Failure> {
    let counts = |score: &&Score| {
        score.what == gate.what
            && score.variant == variant
            && voice.is_none_or(|name| score.voice == name)
    };
    let mut values: Vec<f64> = scores
        .iter()
        .filter(counts)
        .map(|score| score.pesq)
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => Err(format!("no scores of {} {variant}", gate.what).into()),
        Some(upper) if values.len() % 2 == 1 => Ok(*upper),
        Some(upper) => Ok(values[middle - 1].midpoint(*upper)),
    }
}

fn rated(folder: &Path) -> Result<Vec<Score>, Failure> {
    let script = workspace::root().join("crates/xtask/src/evidence/pesq_scores.py");
    let printed = output(Command::new(python()?).arg(script).arg(folder))?;
    printed.lines().map(score).collect()
}

fn score(line: &str) -> Result<Score, Failure> {
    let mut words = line.split('\t').map(str::to_owned);
    let mut word = || {
        words
            .next()
            .ok_or_else(|| format!("pesq_scores.py printed {line:?}"))
    };
    Ok(Score {
        what: word()?,
        voice: word()?,
        variant: word()?,
        pesq: word()?.parse()?,
    })
}

/// The Python of an environment that has PESQ; made when it is not there yet.
fn python() -> Result<PathBuf, Failure> {
    let environment = workspace::target()?.join("pesq-venv");
    let python = environment.join("bin/python");
    if output(Command::new(&python).args(["-c", "import pesq"])).is_err() {
        pass_through(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
        pass_through(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(PACKAGES),
        )?;
    }
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(values: &[&str]) -> Vec<Score> {
        let line = |value: &&str| score(&format!("echo\tslt\tours\t{value}")).expect("a line");
        values.iter().map(line).collect()
    }

    #[test]
    fn the_median_of_an_even_count_lies_between_the_middle_two() {
        let of = |values: &[&str]| median(&sheet(values), &GATES[0], "ours", None).ok();
        assert_eq!(of(&["3", "1", "2"]), Some(2.0));
        assert_eq!(of(&["4", "1", "2", "3"]), Some(2.5));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_line_that_is_no_score_is_an_error_that_shows_it() {
        let error = score("loss3\tslt").err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("loss3")));
        assert!(score("loss3\tslt\tours\tnan?").is_err());
    }
}
