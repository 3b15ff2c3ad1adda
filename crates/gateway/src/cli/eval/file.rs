//! Reads a file of scenarios. Whatever is wrong with it is told with its line, its key and what to
//! type, all of it at once, before anybody is called.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use trunkline_agent::engines::Connect;

use super::keys;
use super::scenario::{Action, Intents, Scenario, Scenarios};
use super::steps::Reader;
use crate::agent::Line;
use crate::config::field::{Field, Section};
use crate::config::sections::{agent, in_process};
use crate::config::{Refused, Variables, read_beside};
use crate::settings::Trust;

/// The most callers of a scenario at once.
pub const CALLERS_MAX: usize = 500;
/// The most scenarios of a file.
pub const SCENARIOS_MAX: usize = 1_000;
/// The longest name of a scenario.
const NAME_CHARACTERS_MAX: usize = 80;
/// The longest that can be waited, in seconds.
const WAIT_MAX_S: f64 = 600.0;
/// How long is waited for anything where the file does not say: for an answer with all of its words.
const WITHIN: Duration = Duration::from_secs(20);
/// Silence after which an answer is over where the file does not say.
const QUIET: Duration = Duration::from_millis(800);

/// Reads and proves a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<Scenarios, Refused> {
    let folder = path.parent().unwrap_or(Path::new(""));
    read_beside(path, Variables::of_process(), |root| {
        scenarios(&root.section(&keys::FILE), folder)
    })
}

fn scenarios(file: &Section<'_>, folder: &Path) -> Option<Scenarios> {
    let target = file.get("target").map(|f| f.text().map(str::to_owned));
    let callers = file.get("callers").map(|f| f.number(1..=CALLERS_MAX));
    let within = file.get("within").map(|field| seconds(&field));
    let quiet = file.get("quiet").map(|field| seconds(&field));
    let intents = file
        .get("intents")
        .map_or(Some(Intents::new()), |f| intents(&f));
    let intents = intents?;
    let reader = Reader {
        folder,
        intents: &intents,
    };
    let list = file.need("scenarios")?;
    let all = list.list();
    if all.is_empty() || all.len() > SCENARIOS_MAX {
        let message = format!("has no scenario, or more than {SCENARIOS_MAX}");
        list.wrong(message, "write `- name: …` and its `steps`");
        return None;
    }
    let read: Vec<_> = all.iter().map(|field| scenario(field, &reader)).collect();
    let scenarios: Vec<Scenario> = read.into_iter().collect::<Option<_>>()?;
    let line: Arc<dyn Connect> = Arc::new(Line(Trust::default()));
    let stt = wants_words(&scenarios).then(|| match file.get("stt") {
        Some(field) => agent::stt(&field, &line),
        None => in_process::stt_by_default(file),
    });
    let tts = wants_a_voice(&scenarios).then(|| agent::tts(file, &line));
    Some(Scenarios {
        target: target.map_or(Some(None), |target| target.map(Some))?,
        callers: callers.unwrap_or(Some(1))?,
        within: within.unwrap_or(Some(WITHIN))?,
        quiet: quiet.unwrap_or(Some(QUIET))?,
        stt: stt.map_or(Some(None), |stt| stt.map(Some))?,
        tts: tts.map_or(Some(None), |tts| tts.map(Some))?,
        intents,
        scenarios,
    })
}

fn intents(field: &Field<'_>) -> Option<Intents> {
    let read = field.entries().into_iter().map(|(name, words)| {
        let words = words.one_or_more();
        let words = words.iter().map(|word| Some(word.text()?.to_owned()));
        Some((name.name.clone(), words.collect::<Option<Vec<_>>>()?))
    });
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

fn scenario(field: &Field<'_>, reader: &Reader<'_>) -> Option<Scenario> {
    let section = field.section(&keys::SCENARIO);
    let name = section.need("name").and_then(|field| {
        let is_short = |text: &&str| text.chars().count() <= NAME_CHARACTERS_MAX;
        let name = field.text()?;
        if !is_short(&name) {
            let message = format!("is longer than {NAME_CHARACTERS_MAX} characters");
            field.wrong(
                message,
                "write a shorter one; it is a heading of the report",
            );
            return None;
        }
        Some(name.to_owned())
    });
    let target = section.get("target").map(|f| f.text().map(str::to_owned));
    let steps = section.need("steps").and_then(|field| reader.steps(&field));
    Some(Scenario {
        line: field.place().line,
        name: name?,
        target: target.map_or(Some(None), |target| target.map(Some))?,
        steps: steps?,
    })
}

fn wants_words(scenarios: &[Scenario]) -> bool {
    let mut steps = scenarios.iter().flat_map(|scenario| &scenario.steps);
    steps.any(|step| matches!(&step.action, Action::Expect(wanted) if wanted.is_about_words()))
}

fn wants_a_voice(scenarios: &[Scenario]) -> bool {
    let mut steps = scenarios.iter().flat_map(|scenario| &scenario.steps);
    steps.any(|step| {
        step.action
            .utterance()
            .is_some_and(|speech| speech.is_text())
    })
}

/// A time in seconds.
pub fn seconds(field: &Field<'_>) -> Option<Duration> {
    let seconds = number(field, 0.0..=WAIT_MAX_S, "seconds")?;
    Some(Duration::from_secs_f64(seconds))
}

/// A number with its fraction, within these bounds.
pub fn number(field: &Field<'_>, bounds: std::ops::RangeInclusive<f64>, unit: &str) -> Option<f64> {
    let text = field.text()?;
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    if number.is_none() {
        let (least, most) = (bounds.start(), bounds.end());
        let remedy = format!("write a number from {least} to {most}: {unit}");
        field.wrong(format!("{text:?} is out of range"), remedy);
    }
    number
}
