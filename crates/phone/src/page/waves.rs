//! The sound of both sides on one time line, with what was said and what happened.

use std::fmt::{self, Write as _};
use std::time::Duration;

use trunkline_audio::SAMPLE_RATE_HZ;

use super::{Clock, Escaped, Mark, MarkKind, Said, Sheet, Turn, Who};

/// The drawing, in its own units.
const WIDTH: usize = 1_200;
const HEIGHT: usize = 268;
/// The middle of either side's lane, and half its height.
const CALLER_Y: usize = 84;
const AGENT_Y: usize = 194;
const REACH: usize = 44;
/// Between the lanes are the waits.
const WAITS_Y: usize = 130;
const WAITS_HEIGHT: usize = 18;
/// Half of what the number of a wait takes: one at either end is not cut off.
const WAIT_HALF: f64 = 30.0;
/// Where the seconds stand.
const AXIS_Y: usize = 244;
/// Labels of marks stand in two rows, so that neighbours do not cover each other.
const LABELS_Y: [usize; 2] = [14, 30];
/// About so many seconds are named on the axis.
const TICKS: u64 = 12;
/// Less than this is drawn as if it were this loud, so that noise does not fill the page.
const LOUD_MIN: u16 = 2_000;

/// From time to place.
struct Scale {
    whole: Duration,
}

impl Scale {
    fn x(&self, at: Duration) -> f64 {
        super::percent(at, self.whole) * WIDTH as f64 / 100.0
    }
}

pub(super) fn write(page: &mut String, call: &Sheet, caller: &[i16], agent: &[i16]) -> fmt::Result {
    let samples = caller.len().max(agent.len()).max(1);
    let whole = Duration::from_secs_f64(samples as f64 / f64::from(SAMPLE_RATE_HZ));
    let scale = Scale { whole };
    writeln!(
        page,
        "<section>\n<h2>Both sides</h2>\n<div class=\"wave\" data-seconds=\"{:.3}\">\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"The sound of both sides\">",
        whole.as_secs_f64()
    )?;
    write_axis(page, &scale)?;
    for said in &call.said {
        write_span(page, &scale, said)?;
    }
    let loudest = [caller, agent].into_iter().flatten();
    let loudest = loudest.map(|sample| sample.unsigned_abs()).max();
    let loudest = loudest.unwrap_or(0).max(LOUD_MIN);
    for (who, y, side) in [
        (Who::Caller, CALLER_Y, caller),
        (Who::Agent, AGENT_Y, agent),
    ] {
        let word = who.word();
        let path = envelope(side, samples, y, loudest);
        writeln!(page, "<path class=\"sound {word}\" d=\"{path}\"/>")?;
        let above = y - REACH + 12;
        writeln!(
            page,
            "<text class=\"lane {word}\" x=\"4\" y=\"{above}\">{word}</text>"
        )?;
    }
    for turn in &call.turns {
        write_wait(page, &scale, turn, call.limit)?;
    }
    for (number, mark) in call.marks.iter().enumerate() {
        write_mark(page, &scale, mark, LABELS_Y[number % LABELS_Y.len()])?;
    }
    writeln!(
        page,
        "<line class=\"head\" x1=\"0\" x2=\"0\" y1=\"0\" y2=\"{AXIS_Y}\"/>\n</svg>\n</div>"
    )?;
    if let Some(file) = &call.recording {
        let file = Escaped(file);
        writeln!(
            page,
            "<audio controls=\"\" preload=\"metadata\" src=\"{file}\"></audio>"
        )?;
    }
    writeln!(page, "</section>")
}

/// The lowest and the highest sample of every column, as strokes.
fn envelope(side: &[i16], samples: usize, y: usize, loudest: u16) -> String {
    let mut path = String::new();
    let place = |sample: i16| {
        let part = f64::from(sample) / f64::from(loudest);
        y as f64 - part * REACH as f64
    };
    for column in 0..WIDTH {
        let (from, to) = (column * samples / WIDTH, (column + 1) * samples / WIDTH);
        let part = side.get(from.min(side.len())..to.min(side.len()));
        let part = part.unwrap_or_default();
        let (Some(&low), Some(&high)) = (part.iter().min(), part.iter().max()) else {
            continue;
        };
        // A stroke of no length is not drawn, and silence should be seen as a line.
        let (top, bottom) = (place(high) - 0.4, place(low) + 0.4);
        let _ = write!(path, "M{column}.5 {top:.1}V{bottom:.1}");
    }
    path
}

fn write_axis(page: &mut String, scale: &Scale) -> fmt::Result {
    let seconds = scale.whole.as_secs();
    let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300];
    let step = steps.into_iter().find(|step| seconds / step <= TICKS);
    let step = step.unwrap_or(600);
    for second in (0..=seconds).step_by(step as usize) {
        let x = scale.x(Duration::from_secs(second));
        let (bottom, below) = (AXIS_Y, AXIS_Y + 16);
        writeln!(
            page,
            "<line class=\"tick\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"40\" y2=\"{bottom}\"/>\
             <text class=\"second\" x=\"{x:.1}\" y=\"{below}\">{}:{:02}</text>",
            second / 60,
            second % 60
        )?;
    }
    Ok(())
}

fn write_span(page: &mut String, scale: &Scale, said: &Said) -> fmt::Result {
    let (from, to) = (scale.x(said.from), scale.x(said.to));
    let y = match said.who {
        Who::Caller => CALLER_Y,
        Who::Agent => AGENT_Y,
    };
    let (word, text) = (said.who.word(), Escaped(&said.text));
    writeln!(
        page,
        "<rect class=\"span {word}\" x=\"{from:.1}\" width=\"{:.1}\" y=\"{}\" height=\"{}\" rx=\"3\">\
         <title>{}: {text}</title></rect>",
        (to - from).max(1.0),
        y - REACH,
        2 * REACH,
        Clock(said.from)
    )
}

fn write_wait(
    page: &mut String,
    scale: &Scale,
    turn: &Turn,
    limit: Option<Duration>,
) -> fmt::Result {
    let (from, to) = (scale.x(turn.at), scale.x(turn.at + turn.gap));
    let class = match limit.is_some_and(|limit| turn.gap > limit) {
        true => "wait late",
        false => "wait",
    };
    let middle = f64::midpoint(from, to).clamp(WAIT_HALF, WIDTH as f64 - WAIT_HALF);
    let below = WAITS_Y + WAITS_HEIGHT - 5;
    writeln!(
        page,
        "<rect class=\"{class}\" x=\"{from:.1}\" width=\"{:.1}\" y=\"{WAITS_Y}\" \
         height=\"{WAITS_HEIGHT}\" rx=\"3\"/>\
         <text class=\"{class}\" x=\"{middle:.1}\" y=\"{below}\">{} ms</text>",
        (to - from).max(1.0),
        turn.gap.as_millis()
    )
}

fn write_mark(page: &mut String, scale: &Scale, mark: &Mark, label: usize) -> fmt::Result {
    let kind = match mark.kind {
        MarkKind::Interruption => "interruption",
        MarkKind::Keys => "keys",
        MarkKind::Function => "function",
        MarkKind::Call => "call",
    };
    let (x, text) = (scale.x(mark.at), Escaped(&mark.text));
    // A label near the end stands before its line.
    let (anchor, beside) = match x > WIDTH as f64 * 0.85 {
        true => ("end", x - 4.0),
        false => ("start", x + 4.0),
    };
    let top = label - 10;
    writeln!(
        page,
        "<g class=\"mark {kind}\"><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{AXIS_Y}\"/>\
         <text x=\"{beside:.1}\" y=\"{label}\" text-anchor=\"{anchor}\">{text}</text></g>"
    )
}
