//! How long each answer took, as bars of their stages.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{Escaped, Sheet, Stage, Turn, percent};

/// Colours of stages; the style has as many.
const COLOURS: usize = 6;

pub(super) fn write(page: &mut String, call: &Sheet) -> fmt::Result {
    let Some(longest) = call.turns.iter().map(|turn| turn.gap).max() else {
        return Ok(());
    };
    let whole = call
        .limit
        .map_or(longest, |limit| (limit * 21 / 20).max(longest));
    let names = stage_names(&call.turns);
    writeln!(page, "<section>\n<h2>How long the answers took</h2>")?;
    write_legend(page, &names)?;
    writeln!(page, "<div class=\"bars\">")?;
    for turn in &call.turns {
        write_bar(page, turn, &names, whole, call.limit)?;
    }
    writeln!(page, "</div>\n</section>")
}

/// Every stage that occurs, in the order in which it first does.
fn stage_names(turns: &[Turn]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for stage in turns.iter().flat_map(|turn| &turn.stages) {
        if !names.contains(&stage.name) {
            names.push(stage.name);
        }
    }
    names
}

fn colour(names: &[&str], stage: &Stage) -> usize {
    let place = names.iter().position(|name| *name == stage.name);
    place.unwrap_or(0) % COLOURS
}

fn write_legend(page: &mut String, names: &[&str]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    writeln!(page, "<ul class=\"legend\">")?;
    for (number, name) in names.iter().enumerate() {
        let (colour, name) = (number % COLOURS, Escaped(name));
        writeln!(page, "<li><i class=\"stage{colour}\"></i>{name}</li>")?;
    }
    writeln!(page, "</ul>")
}

fn write_bar(
    page: &mut String,
    turn: &Turn,
    names: &[&str],
    whole: Duration,
    limit: Option<Duration>,
) -> fmt::Result {
    let late = match limit.is_some_and(|limit| turn.gap > limit) {
        true => " late",
        false => "",
    };
    writeln!(
        page,
        "<div class=\"name\">{}</div>\n<div class=\"bar\">",
        Escaped(&turn.name)
    )?;
    if let Some(limit) = limit {
        let (at, ms) = (percent(limit, whole), limit.as_millis());
        writeln!(
            page,
            "<b class=\"limit\" style=\"left:{at:.2}%\" title=\"limit: {ms} ms\"></b>"
        )?;
    }
    if turn.stages.is_empty() {
        let width = percent(turn.gap, whole);
        writeln!(
            page,
            "<i class=\"stage0\" style=\"width:{width:.2}%\" title=\"not split\"></i>"
        )?;
    }
    for stage in &turn.stages {
        let width = percent(stage.took, whole);
        writeln!(
            page,
            "<i class=\"stage{}\" style=\"width:{width:.2}%\" title=\"{}: {:.1} ms\"></i>",
            colour(names, stage),
            Escaped(stage.name),
            stage.took.as_secs_f64() * 1e3
        )?;
    }
    let ms = turn.gap.as_millis();
    writeln!(page, "</div>\n<div class=\"ms{late}\">{ms} ms</div>")
}
