//! What the page of a conversation shows.

use std::time::Duration;

use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_phone::caller::{Interruption, Note, Span, Turn};
use trunkline_phone::page::{self, Figure, Mark, MarkKind, Said, Sheet, Who};

use super::judge::Case;
use super::outcome::Outcome;
use super::scenario::{Action, Utterance};
use crate::cli::call::end_in_words;

/// The sheet of a conversation that was judged.
pub fn sheet(case: &Case<'_>, outcome: &Outcome) -> Sheet {
    let talk = case.talk;
    let gap = |figure: &str, times: &[u64]| {
        let longest = times.iter().max();
        longest.map(|ms| Figure {
            name: figure.to_owned(),
            value: format!("{ms} ms"),
        })
    };
    let end = Figure {
        name: "end".to_owned(),
        value: end_in_words(&talk.report),
    };
    let figures = [
        gap("longest wait", &outcome.gaps_ms),
        gap("slowest silence", &outcome.silences_ms),
        Some(end),
    ];
    let mut said: Vec<Said> = said(case).chain(heard(case, outcome)).collect();
    said.sort_by_key(|said| said.from);
    Sheet {
        title: format!("{}, caller {}", outcome.scenario, outcome.caller),
        good: outcome.passed(),
        faults: outcome
            .faults
            .iter()
            .map(|f| format!("line {}: {}", f.line, f.text))
            .collect(),
        figures: figures.into_iter().flatten().collect(),
        said,
        marks: marks(case),
        turns: talk.timeline.turns.iter().zip(1..).map(turn).collect(),
        limit: limit(case),
        ladder: talk.report.ladder.rungs().to_vec(),
        recording: Some(format!("{}.wav", outcome.files)),
    }
}

/// What the caller said, step by step.
fn said<'c>(case: &'c Case<'_>) -> impl Iterator<Item = Said> + 'c {
    let steps = case.scenario.steps.iter().enumerate();
    steps.filter_map(|(place, step)| {
        let note = case.notes(place).first()?;
        let text = match step.action.utterance()? {
            Utterance::Text { text, .. } => text.clone(),
            Utterance::Sound(_) => "a recording".to_owned(),
        };
        let from = case.talk.report.position(note.spoke?);
        let to = case.talk.report.position(note.ended);
        Some(words(Who::Caller, Span { from, to }, text))
    })
}

/// What was heard, where a step asks for words.
fn heard<'c>(case: &'c Case<'_>, outcome: &'c Outcome) -> impl Iterator<Item = Said> + 'c {
    outcome.heard.iter().filter_map(|(line, text)| {
        let place = case
            .scenario
            .steps
            .iter()
            .position(|step| step.line == *line)?;
        let stretch = case.stretch(place)?;
        // An answer to keys may begin before the last of them is over.
        let inside = |span: &&Span| span.to > stretch.from && span.from < stretch.to;
        let mut spans = case.talk.timeline.far.iter().filter(inside);
        let first = spans.next()?;
        let to = spans.next_back().unwrap_or(first).to;
        let span = Span {
            from: first.from,
            to,
        };
        Some(words(Who::Agent, span, text.clone()))
    })
}

fn words(who: Who, span: Span, text: String) -> Said {
    Said {
        who,
        from: time(span.from),
        to: time(span.to),
        text,
        understood: None,
        wer: None,
        cut: false,
    }
}

fn marks(case: &Case<'_>) -> Vec<Mark> {
    let cut_in = |cut_in: &Interruption| Mark {
        at: time(cut_in.onset),
        kind: MarkKind::Interruption,
        text: format!("silent after {} ms", cut_in.silence_ms()),
    };
    let keys = |(note, keys): (&Note, String)| Mark {
        at: time(case.talk.report.position(note.begun)),
        kind: MarkKind::Keys,
        text: keys,
    };
    let steps = case.scenario.steps.iter().enumerate();
    let pressed = steps.filter_map(|(place, step)| match &step.action {
        Action::Press(pressed) => {
            let pressed = pressed.iter().map(|key| key.as_char()).collect();
            Some((case.notes(place).first()?, pressed))
        }
        _ => None,
    });
    let cut_in = case.talk.timeline.interruptions.iter().map(cut_in);
    let mut marks: Vec<Mark> = cut_in.chain(pressed.map(keys)).collect();
    marks.sort_by_key(|mark| mark.at);
    marks
}

fn turn((turn, number): (&Turn, usize)) -> page::Turn {
    page::Turn {
        name: format!("answer {number}"),
        at: time(turn.asked),
        gap: Duration::from_millis(turn.gap_ms()),
        stages: Vec::new(),
    }
}

/// The strictest wait that the scenario asks for.
fn limit(case: &Case<'_>) -> Option<Duration> {
    let steps = case.scenario.steps.iter();
    let limits = steps.filter_map(|step| match &step.action {
        Action::Expect(wanted) => wanted.gap_ms,
        _ => None,
    });
    limits.min().map(Duration::from_millis)
}

fn time(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE_HZ))
}
