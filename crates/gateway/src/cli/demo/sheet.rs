//! The conversation as a sheet: for the page and the JSON beside it.

use std::time::Duration;

use trunkline_phone::caller::Conversation;
use trunkline_phone::page::{Figure, Mark, MarkKind, Said, Sheet, Turn, Who};

use super::account::{Played, time};
use super::judge::{GAP_MAX, Heard};
use super::script::Act;

/// Everything that is known of it.
pub fn sheet(
    held: &Conversation,
    played: &[Played],
    heard: &[Heard],
    faults: &[String],
    recording: &str,
) -> Sheet {
    let mut said: Vec<Said> = played
        .iter()
        .zip(heard)
        .flat_map(|(scene, heard)| said(scene, heard))
        .collect();
    said.sort_by_key(|said| said.from);
    let mut marks: Vec<Mark> = played.iter().flat_map(of_scene).collect();
    marks.extend(interruptions(held));
    marks.sort_by_key(|mark| mark.at);
    Sheet {
        title: "A conversation with the voice agent".to_owned(),
        good: faults.is_empty(),
        faults: faults.to_vec(),
        figures: figures(held, played, heard),
        said,
        marks,
        turns: played.iter().filter_map(turn).collect(),
        limit: Some(GAP_MAX),
        ladder: held.report.ladder.rungs().to_vec(),
        recording: Some(recording.to_owned()),
    }
}

/// What both said in a scene.
fn said(scene: &Played, heard: &Heard) -> Vec<Said> {
    let caller = scene.words().zip(scene.caller);
    let caller = caller.map(|(words, span)| Said {
        who: Who::Caller,
        from: time(span.from),
        to: time(span.to),
        text: words.to_owned(),
        // A person's words are known only as they were understood.
        understood: scene
            .understood
            .clone()
            .filter(|_| scene.scene.act != Act::Talks),
        wer: None,
        cut: false,
    });
    let (understood, wer) = match heard {
        Heard::Words { text, wer } => (Some(text.clone()), Some(*wer)),
        Heard::Sound(_) => (None, None),
    };
    let agent = scene.agent.map(|span| Said {
        who: Who::Agent,
        from: time(span.from),
        to: time(span.to),
        text: scene.answer.clone(),
        understood,
        wer,
        cut: scene.cut,
    });
    caller.into_iter().chain(agent).collect()
}

/// Keys and functions of a scene.
fn of_scene(scene: &Played) -> Vec<Mark> {
    let keys = match scene.scene.act {
        Act::Presses(keys) => Some(Mark {
            at: time(scene.asked),
            kind: MarkKind::Keys,
            text: format!("keys {keys}"),
        }),
        _ => None,
    };
    let functions = scene.functions.iter().map(|(at, name)| Mark {
        at: time(*at),
        kind: MarkKind::Function,
        text: name.clone(),
    });
    keys.into_iter().chain(functions).collect()
}

fn interruptions(held: &Conversation) -> impl Iterator<Item = Mark> {
    held.timeline.interruptions.iter().map(|cut| Mark {
        at: time(cut.onset),
        kind: MarkKind::Interruption,
        text: format!("interrupted, silent after {} ms", cut.silence_ms()),
    })
}

fn turn(scene: &Played) -> Option<Turn> {
    let name = match scene.scene.act {
        Act::Listens => "(the greeting)".to_owned(),
        Act::Says(words) | Act::Interrupts(words) => words.to_owned(),
        Act::Presses(keys) => format!("(keys {keys})"),
        Act::Talks => scene.words().unwrap_or_default().to_owned(),
    };
    Some(Turn {
        name,
        at: time(scene.asked),
        gap: scene.gap()?,
        stages: scene.stages.clone(),
    })
}

/// What is worth a glance.
pub fn figures(held: &Conversation, played: &[Played], heard: &[Heard]) -> Vec<Figure> {
    let mut gaps: Vec<Duration> = played.iter().filter_map(Played::gap).collect();
    gaps.sort_unstable();
    let mut figures = Vec::new();
    let mut figure = |name: &str, value: Option<String>| {
        figures.extend(value.map(|value| Figure {
            name: name.to_owned(),
            value,
        }));
    };
    let ms = |time: &Duration| format!("{} ms", time.as_millis());
    figure("turns", Some(gaps.len().to_string()));
    figure("wait, median", gaps.get(gaps.len() / 2).map(ms));
    figure("wait, longest", gaps.last().map(ms));
    let cut = held.timeline.interruptions.first();
    figure(
        "interruption to silence",
        cut.map(|cut| format!("{} ms", cut.silence_ms())),
    );
    figure("words heard wrongly", wrong_words(heard));
    figure("likeness, least", least_likeness(heard));
    figure(
        "answered after",
        held.report.answered_after.as_ref().map(ms),
    );
    let counted = held.report.heard.figures();
    let (lost, of) = (counted.lost, counted.packets + counted.lost);
    figure("packets lost", Some(format!("{lost} of {of}")));
    figures
}

/// The mean over all answers, where words were heard.
fn wrong_words(heard: &[Heard]) -> Option<String> {
    let rates: Vec<f64> = heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Words { wer, .. } => Some(*wer),
            Heard::Sound(_) => None,
        })
        .collect();
    let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    (!rates.is_empty()).then(|| format!("{:.1} %", mean * 100.0))
}

/// Of the answers whose sound alone was compared.
fn least_likeness(heard: &[Heard]) -> Option<String> {
    let sentences = heard.iter().flat_map(|heard| match heard {
        Heard::Sound(sentences) => sentences.as_slice(),
        Heard::Words { .. } => &[],
    });
    let least = sentences.map(|(_, alike)| *alike);
    let least = least.min_by(f64::total_cmp)?;
    Some(format!("{least:.3} of 1"))
}
