//! Reads the steps of a scenario.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use trunkline_call::Digit;
use trunkline_phone::caller::STEPS_MAX;

use super::file::{number, seconds};
use super::keys;
use super::noise::white;
use super::scenario::{Action, Awaited, Expectation, Intents, Placed, Utterance};
use crate::cli::call::keys as digits;
use crate::config::field::{Field, Section};
use crate::sound::samples;

/// An interruption comes so long after the answer began.
const AFTER: Duration = Duration::from_millis(700);
/// The share of wrong words that is forgiven where the file does not say.
const WER: f64 = 0.15;
/// The largest bound that is taken, in ms.
const MS_MAX: u64 = 600_000;
/// A step of a scenario becomes three of a caller at most.
const SCENARIO_STEPS_MAX: usize = STEPS_MAX / 3;
const QUIET_DB: f64 = -90.0;
const WAV_REMEDY: &str = "name a WAV file beside this one, 16 bit, µ-law or A-law";

/// What the steps of a file mean.
pub struct Reader<'a> {
    /// Names of files are relative to this.
    pub folder: &'a Path,
    /// The classes of answers that there are.
    pub intents: &'a Intents,
}

impl Reader<'_> {
    /// The steps of a scenario.
    pub fn steps(&self, field: &Field<'_>) -> Option<Vec<Placed>> {
        let list = field.list();
        if list.len() > SCENARIO_STEPS_MAX {
            let message = format!("has more than {SCENARIO_STEPS_MAX} steps");
            field.wrong(message, "make two scenarios of it");
            return None;
        }
        let mut steps: Vec<Placed> = Vec::new();
        let mut is_well = !list.is_empty();
        if list.is_empty() {
            field.wrong("has no step", "write `- say: …`, a line for each step");
        }
        for field in &list {
            let before = steps.iter().rev().find(|step| step.action.speaks());
            match self.step(field, before.map(|step| &step.action)) {
                Some(step) => steps.push(step),
                None => is_well = false,
            }
        }
        is_well.then_some(steps)
    }

    fn step(&self, field: &Field<'_>, before: Option<&Action>) -> Option<Placed> {
        // What is no step, or no mapping, is reported here.
        field.section(&keys::STEP);
        if field.is_mapping() && field.names().len() != 1 {
            field.wrong("is not one step", "begin a line with `- ` for each step");
            return None;
        }
        let name = field.names().first().copied()?;
        let (_, value) = field.entries().into_iter().next()?;
        let action = match name {
            "say" => self.say(&value),
            "interrupt" => self.interrupt(&value),
            "wait_for" => wait_for(&value),
            "dtmf" => press(&value).map(Action::Press),
            "noise" => self.noise(&value),
            "echo" => echo(&value),
            "loss" => loss(&value),
            "pause" => seconds(&value).map(Action::Pause),
            "expect" => self.expect(&value, before),
            _ => None,
        };
        let line = field.place().line;
        Some(Placed {
            line,
            action: action?,
        })
    }

    fn say(&self, field: &Field<'_>) -> Option<Action> {
        if field.is_mapping() {
            return self.utterance(&field.section(&keys::SAY)).map(Action::Say);
        }
        text_of(field).map(Action::Say)
    }

    fn interrupt(&self, field: &Field<'_>) -> Option<Action> {
        if !field.is_mapping() {
            let (after, speech) = (AFTER, text_of(field)?);
            return Some(Action::Interrupt { after, speech });
        }
        let section = field.section(&keys::INTERRUPT);
        let after = section.get("after").map(|field| seconds(&field));
        let speech = self.utterance(&section);
        Some(Action::Interrupt {
            after: after.unwrap_or(Some(AFTER))?,
            speech: speech?,
        })
    }

    fn utterance(&self, section: &Section<'_>) -> Option<Utterance> {
        let voice = section.get("voice").map(|f| f.text().map(str::to_owned));
        match (section.get("text"), section.get("wav")) {
            (Some(text), None) => Some(Utterance::Text {
                text: text.text()?.to_owned(),
                voice: voice.map_or(Some(None), |voice| voice.map(Some))?,
            }),
            (None, Some(file)) => self.sound(&file).map(Utterance::Sound),
            _ => {
                let field = section.field();
                field.wrong(
                    "says nothing, or two things",
                    "write `text: …` or `wav: FILE`",
                );
                None
            }
        }
    }

    fn sound(&self, field: &Field<'_>) -> Option<Arc<[i16]>> {
        let understand = |name: &str| {
            let bytes = std::fs::read(self.folder.join(name));
            let bytes = bytes.map_err(|error| format!("{name}: {error}"))?;
            samples(&bytes).map_err(|why| format!("{name}: {why}"))
        };
        field.read(understand, WAV_REMEDY).map(Arc::from)
    }

    fn noise(&self, field: &Field<'_>) -> Option<Action> {
        if !field.is_mapping() {
            return field
                .word(&[("off", ())])
                .map(|()| Action::Noise(Arc::from([])));
        }
        let section = field.section(&keys::NOISE);
        let samples = match (section.get("wav"), section.get("level_db")) {
            (Some(file), None) => self.sound(&file)?,
            (None, Some(level)) => white(level_of(&level)?),
            _ => {
                field.wrong(
                    "is no noise, or two",
                    "write `wav: FILE` or `level_db: -40`",
                );
                return None;
            }
        };
        Some(Action::Noise(samples))
    }

    fn expect(&self, field: &Field<'_>, before: Option<&Action>) -> Option<Action> {
        let section = field.section(&keys::EXPECT);
        if field.is_mapping() && field.names().is_empty() || !field.is_mapping() {
            field.wrong(
                "expects nothing",
                "write at least one of its keys, such as `contains`",
            );
            return None;
        }
        let ms = |key| section.get(key).map(|f| f.number(0..=MS_MAX));
        let (gap, silence) = (ms("gap_ms"), ms("silence_ms"));
        let (spoken, pause) = (ms("spoken_ms"), ms("pause_ms"));
        let words = self.expected_words(&section);
        let keys = section.get("keys").map(|field| press(&field));
        let mut wanted = words?;
        wanted.gap_ms = gap.map_or(Some(None), |gap| gap.map(Some))?;
        wanted.silence_ms = silence.map_or(Some(None), |ms| ms.map(Some))?;
        wanted.spoken_ms = spoken.map_or(Some(None), |ms| ms.map(Some))?;
        wanted.pause_ms = pause.map_or(Some(None), |ms| ms.map(Some))?;
        wanted.keys = keys.unwrap_or(Some(Vec::new()))?;
        self.belongs_here(&section, before)?;
        Some(Action::Expect(wanted))
    }

    /// What is measured from something must come after it.
    fn belongs_here(&self, section: &Section<'_>, before: Option<&Action>) -> Option<()> {
        if let Some(gap) = section.get("gap_ms").filter(|_| before.is_none()) {
            gap.wrong(
                "nothing was said before it",
                "put `say` or `dtmf` before it",
            );
            return None;
        }
        let interrupts = matches!(before, Some(Action::Interrupt { .. }));
        if let Some(silence) = section.get("silence_ms").filter(|_| !interrupts) {
            silence.wrong(
                "nobody was interrupted before it",
                "put it after `interrupt`",
            );
            return None;
        }
        Some(())
    }

    fn expected_words(&self, section: &Section<'_>) -> Option<Expectation> {
        let text = section.get("text").map(|f| f.text().map(str::to_owned));
        let wer = section
            .get("wer")
            .map(|f| number(&f, 0.0..=1.0, "a share of all words"));
        let regex = section
            .get("regex")
            .map(|f| f.read(case_blind, "write a regular expression of Rust's syntax"));
        let contains = section
            .get("contains")
            .map_or_else(Vec::new, |f| f.one_or_more());
        let contains = contains.iter().map(|f| Some(f.text()?.to_owned()));
        let contains: Option<Vec<String>> = contains.collect();
        let intent = section.get("intent").map(|field| self.intent(&field));
        if let Some(field) = section.get("wer").filter(|_| text.is_none()) {
            field.wrong("there is no `text` to compare", "add `text: …`");
            return None;
        }
        let wer = wer.unwrap_or(Some(WER))?;
        Some(Expectation {
            text: text.map_or(Some(None), |text| text.map(|text| Some((text, wer))))?,
            contains: contains?,
            regex: regex.map_or(Some(None), |regex| regex.map(Some))?,
            intent: intent.map_or(Some(None), |intent| intent.map(Some))?,
            ..Expectation::default()
        })
    }

    fn intent(&self, field: &Field<'_>) -> Option<String> {
        let known: Vec<(&str, &str)> = self
            .intents
            .keys()
            .map(|n| (n.as_str(), n.as_str()))
            .collect();
        if known.is_empty() {
            let remedy = "add `intents: {NAME: [words by which it is known]}` to the file";
            field.wrong("the file has no intents", remedy);
            return None;
        }
        field.word(&known).map(str::to_owned)
    }
}

fn text_of(field: &Field<'_>) -> Option<Utterance> {
    let text = field.text()?.to_owned();
    Some(Utterance::Text { text, voice: None })
}

fn wait_for(field: &Field<'_>) -> Option<Action> {
    let words = [
        ("speech", Awaited::Speech),
        ("end", Awaited::End),
        ("hang_up", Awaited::HangUp),
    ];
    field.word(&words).map(Action::WaitFor)
}

fn press(field: &Field<'_>) -> Option<Vec<Digit>> {
    let read = field.read(digits, "write the keys in quotes, such as \"42#\"");
    read.map(|keys| keys.0)
}

fn echo(field: &Field<'_>) -> Option<Action> {
    if !field.is_mapping() {
        return field.word(&[("off", ())]).map(|()| Action::Echo(0.0));
    }
    let section = field.section(&keys::ECHO);
    let level = level_of(&section.need("level_db")?)?;
    Some(Action::Echo(10_f64.powf(level / 20.0)))
}

fn loss(field: &Field<'_>) -> Option<Action> {
    let percent = number(field, 0.0..=100.0, "packets of a hundred")?;
    Some(Action::Lose(percent / 100.0))
}

fn level_of(field: &Field<'_>) -> Option<f64> {
    number(field, QUIET_DB..=0.0, "dB, 0 is the loudest")
}

/// A pattern that does not tell capitals from small letters.
fn case_blind(pattern: &str) -> Result<Regex, regex_lite::Error> {
    let mut builder = regex_lite::RegexBuilder::new(pattern);
    builder.case_insensitive(true).build()
}
