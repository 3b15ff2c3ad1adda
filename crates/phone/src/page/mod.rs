//! A call as one page to look at: what was said by whom and when, how long each answer took, and
//! what went over the wire.
//!
//! [`Sheet`] is all that is known of a call beside its sound; as JSON it is written as it is.
//! [`page`] draws it as one HTML file that needs nothing beside it and nothing from elsewhere.
//! Everything in it that came from a call is text, and is escaped.

mod bars;
mod rungs;
#[cfg(test)]
mod tests;
mod waves;
mod words;

use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use serde::Serialize;

use crate::ladder::{Rung, as_ms};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What is known of a call. Times are since the first sample of its recording.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sheet {
    /// What the call was.
    pub title: String,
    /// Whether it was as it should be: then there are no `faults`.
    pub good: bool,
    /// What is not as it should be, in words.
    pub faults: Vec<String>,
    /// What is worth knowing at a glance.
    pub figures: Vec<Figure>,
    /// What was said, in the order of time.
    pub said: Vec<Said>,
    /// What happened besides.
    pub marks: Vec<Mark>,
    /// Every answer, and how long the caller waited for it.
    pub turns: Vec<Turn>,
    /// What a wait should not be longer than.
    #[serde(rename = "limitMs", serialize_with = "some_as_ms")]
    pub limit: Option<Duration>,
    /// What went over the wire; its times are since its own first packet.
    pub ladder: Vec<Rung>,
    /// The WAV file of both sides, by a name relative to the page.
    pub recording: Option<String>,
}

/// A figure with its name, both in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What it measures.
    pub name: String,
    /// The value with its unit.
    pub value: String,
}

/// One of the two who talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// Placed the call: the left channel, what was sent.
    Caller,
    /// Answered it: the right channel, what was heard.
    Agent,
}

impl Who {
    fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
        }
    }
}

/// Something that was said.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// By whom.
    pub who: Who,
    /// When its first sound was on the wire.
    #[serde(rename = "fromMs", serialize_with = "as_ms")]
    pub from: Duration,
    /// When its last one was.
    #[serde(rename = "toMs", serialize_with = "as_ms")]
    pub to: Duration,
    /// What they said, as they would write it.
    pub text: String,
    /// What the other side understood; nothing where nobody listened.
    pub understood: Option<String>,
    /// The part of the words that was understood wrongly, 0 to 1 and more.
    pub wer: Option<f64>,
    /// Whether it was cut short by the other side.
    pub cut: bool,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// When.
    #[serde(rename = "atMs", serialize_with = "as_ms")]
    pub at: Duration,
    /// What kind of thing.
    pub kind: MarkKind,
    /// What, in a few words.
    pub text: String,
}

/// Kinds of [`Mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// One side spoke while the other did.
    Interruption,
    /// Keys of the telephone.
    Keys,
    /// The agent called a function.
    Function,
    /// The call was transferred, held or ended.
    Call,
}

/// How long an answer took: from the last sound of one side to the first of the other.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// What is answered.
    pub name: String,
    /// When the wait began.
    #[serde(rename = "atMs", serialize_with = "as_ms")]
    pub at: Duration,
    /// How long it was.
    #[serde(rename = "gapMs", serialize_with = "as_ms")]
    pub gap: Duration,
    /// Where it went, one after the other; empty where that is not known.
    pub stages: Vec<Stage>,
}

/// A part of a wait.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// What took it; stages of one name are of one colour.
    pub name: &'static str,
    /// How long.
    #[serde(rename = "tookMs", serialize_with = "as_ms")]
    pub took: Duration,
}

fn some_as_ms<S: serde::Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => as_ms(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// The page of a call: what is known of it, and both sides of it at 16 kHz, as they were on the wire
/// from the same moment on.
pub fn page(call: &Sheet, caller: &[i16], agent: &[i16]) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, call, caller, agent);
    page
}

fn write_page(page: &mut String, call: &Sheet, caller: &[i16], agent: &[i16]) -> fmt::Result {
    let title = Escaped(&call.title);
    writeln!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>"
    )?;
    write_verdict(page, call)?;
    waves::write(page, call, caller, agent)?;
    words::write(page, call)?;
    bars::write(page, call)?;
    rungs::write(page, call)?;
    writeln!(
        page,
        "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>"
    )
}

fn write_verdict(page: &mut String, call: &Sheet) -> fmt::Result {
    let (class, verdict) = match call.good {
        true => ("good", "as it should be"),
        false => ("bad", "not as it should be"),
    };
    let title = Escaped(&call.title);
    writeln!(
        page,
        "<header>\n<h1>{title}</h1>\n<p class=\"verdict {class}\">{verdict}</p>\n</header>"
    )?;
    if !call.faults.is_empty() {
        writeln!(page, "<ul class=\"faults\">")?;
        for fault in &call.faults {
            writeln!(page, "<li>{}</li>", Escaped(fault))?;
        }
        writeln!(page, "</ul>")?;
    }
    if call.figures.is_empty() {
        return Ok(());
    }
    writeln!(page, "<dl class=\"figures\">")?;
    for Figure { name, value } in &call.figures {
        let (name, value) = (Escaped(name), Escaped(value));
        writeln!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    writeln!(page, "</dl>")
}

/// Text that is only text wherever it stands in HTML, in a quoted attribute too. What HTML
/// has no place for, such as control characters, is a space.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A time as one reads it off a player: `1:02.5`.
struct Clock(Duration);

impl Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.as_millis() / 100;
        let (minutes, tenths) = (tenths / 600, tenths % 600);
        write!(f, "{minutes}:{:02}.{}", tenths / 10, tenths % 10)
    }
}

/// The part of a whole as a percentage for CSS.
fn percent(part: Duration, whole: Duration) -> f64 {
    let whole = whole.as_secs_f64().max(f64::MIN_POSITIVE);
    (part.as_secs_f64() / whole * 100.0).clamp(0.0, 100.0)
}
