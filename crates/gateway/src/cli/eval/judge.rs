//! Says what of a conversation is not as it should be.

use std::ops::Range;

use trunkline_call::{CommandKind, Digit, EndReason, Why};
use trunkline_phone::caller::{Conversation, Note, Span, Step};
use trunkline_phone::words::{contains, word_error_rate};

use super::intents::intent;
use super::scenario::{Action, Expectation, Placed, Scenario, Scenarios};
use super::script::Script;

/// Times on the wire are as fine as a packet: 20 ms.
const PACKET: u64 = trunkline_audio::FRAME_SAMPLES as u64;

/// Something that is wrong, and the line of the step that found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In the file of scenarios, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// A conversation, and what it was to be.
pub struct Case<'a> {
    /// The file.
    pub file: &'a Scenarios,
    /// Its scenario.
    pub scenario: &'a Scenario,
    /// What the caller did.
    pub script: &'a Script,
    /// What came of it.
    pub talk: &'a Conversation,
}

impl Case<'_> {
    /// Everything that is wrong. `heard` has the words of the answer to each step that asks for them.
    pub fn faults(&self, heard: &[Option<String>]) -> Vec<Fault> {
        if self.talk.report.answered_after.is_none() {
            let end = crate::cli::call::end_in_words(&self.talk.report);
            return vec![self.fault(format!("the call was not answered: {end}"))];
        }
        let mut faults: Vec<Fault> = self.refusals();
        for (place, step) in self.scenario.steps.iter().enumerate() {
            let line = step.line;
            if let Some(text) = self.in_vain(place, step) {
                faults.push(Fault { line, text });
                return faults;
            }
            if let Action::Expect(wanted) = &step.action {
                let words = heard.get(place).and_then(Option::as_deref);
                let found = self.unmet(place, wanted, words);
                faults.extend(found.into_iter().map(|text| Fault { line, text }));
            }
        }
        faults
    }

    /// What the caller heard of the answer to this step, as samples of their ear; nothing where it was
    /// not reached.
    pub fn answer(&self, place: usize) -> Option<&[i16]> {
        let asked = self.asked(place);
        let until = self.last_note(place)?.heard.end;
        let from = asked.map_or(0, |note| note.heard.end);
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        self.talk
            .ear
            .get(index(from)..index(until).min(self.talk.ear.len()))
    }

    fn fault(&self, text: String) -> Fault {
        Fault {
            line: self.scenario.line,
            text,
        }
    }

    fn refusals(&self) -> Vec<Fault> {
        let refused = self.talk.report.refused.iter();
        let in_words = |(command, why): &(CommandKind, Why)| {
            self.fault(format!(
                "the caller's {} was refused: {}",
                command.word(),
                why.word()
            ))
        };
        refused.map(in_words).collect()
    }

    /// What was noted of the caller's steps that this one became.
    pub fn notes(&self, place: usize) -> &[Note] {
        let range: Range<usize> = self.script.places.get(place).cloned().unwrap_or_default();
        let end = range.end.min(self.talk.notes.len());
        self.talk.notes.get(range.start..end).unwrap_or_default()
    }

    fn last_note(&self, place: usize) -> Option<&Note> {
        self.notes(place).last()
    }

    /// What the caller said or pressed last before this step.
    fn asked(&self, place: usize) -> Option<&Note> {
        let before = self.scenario.steps.get(..place)?;
        let spoken = before.iter().rposition(|step| step.action.speaks())?;
        self.last_note(spoken)
    }

    /// Why a step was not done, in words.
    fn in_vain(&self, place: usize, step: &Placed) -> Option<String> {
        let range = self.script.places.get(place)?;
        let notes = self.notes(place);
        let failed = notes.iter().find(|note| !note.met);
        if failed.is_none() && notes.len() == range.len() {
            return None;
        }
        let left = matches!(self.talk.report.end, EndReason::App(_));
        if !left {
            let end = crate::cli::call::end_in_words(&self.talk.report);
            return Some(format!(
                "the call was over before this step was done: {end}"
            ));
        }
        let wait = failed.and_then(|note| self.script.steps.get(note.step));
        let within = self.file.within.as_secs_f64();
        let asked = self.what_was_asked(place);
        Some(match (wait, &step.action) {
            (Some(Step::WaitForKeys { .. }), Action::Expect(wanted)) => format!(
                "the far end pressed {:?} within {within} s, not {:?}",
                self.keys_until(place),
                text_of(&wanted.keys)
            ),
            (Some(Step::WaitForHangUp { .. }), _) => {
                format!("the far end did not hang up within {within} s")
            }
            (Some(Step::Interrupt { after, .. }), _) => {
                let after = after.as_secs_f64();
                format!(
                    "the far end did not speak for {after} s within {within} s{asked}: there was nothing to interrupt"
                )
            }
            (Some(Step::WaitForEnd { .. }), _) if self.has_spoken_since(place) => {
                format!("the far end still spoke {within} s{asked}")
            }
            _ => format!("the far end said nothing within {within} s{asked}"),
        })
    }

    fn has_spoken_since(&self, place: usize) -> bool {
        let from = self.asked(place).map_or(0, |note| self.position(note));
        self.talk.timeline.far.iter().any(|span| span.from >= from)
    }

    /// ` after …`, in words.
    fn what_was_asked(&self, place: usize) -> String {
        let before = self.scenario.steps.get(..place).unwrap_or_default();
        let spoken = before.iter().rev().find(|step| step.action.speaks());
        match spoken.map(|step| &step.action) {
            Some(Action::Press(keys)) => format!(" after the keys {}", text_of(keys)),
            Some(_) => " after the caller had spoken".to_owned(),
            None => String::new(),
        }
    }

    /// Where the line was when a step was over.
    fn position(&self, note: &Note) -> u64 {
        self.talk.report.position(note.ended)
    }

    fn unmet(&self, place: usize, wanted: &Expectation, heard: Option<&str>) -> Vec<String> {
        let mut unmet = Vec::new();
        if let Some(heard) = heard {
            unmet.extend(self.wrong_words(wanted, heard));
        }
        unmet.extend(wanted.gap_ms.and_then(|limit| self.late(place, limit)));
        unmet.extend(
            wanted
                .silence_ms
                .and_then(|limit| self.not_silent(place, limit)),
        );
        unmet.extend(self.cut(place, wanted));
        let keys = self.keys_until(place);
        if !wanted.keys.is_empty() && !keys.ends_with(&text_of(&wanted.keys)) {
            let wanted = text_of(&wanted.keys);
            unmet.push(format!("the far end pressed {keys:?}, not {wanted:?}"));
        }
        unmet
    }

    fn wrong_words(&self, wanted: &Expectation, heard: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some((text, most)) = &wanted.text {
            let rate = word_error_rate(text, heard);
            if rate > *most {
                let (rate, most) = (rate * 100.0, most * 100.0);
                wrong.push(format!(
                    "heard {heard:?}: {rate:.0} % of the words of {text:?} are wrong, more than {most:.0} %"
                ));
            }
        }
        let missing = wanted
            .contains
            .iter()
            .filter(|words| !contains(heard, words));
        wrong.extend(missing.map(|words| format!("heard {heard:?}, without {words:?}")));
        if let Some(regex) = wanted.regex.as_ref().filter(|regex| !regex.is_match(heard)) {
            let pattern = regex.as_str();
            wrong.push(format!("heard {heard:?}, which does not fit {pattern:?}"));
        }
        if let Some(class) = &wanted.intent {
            match intent(heard, &self.file.intents) {
                Some(found) if found == class => {}
                Some(found) => wrong.push(format!(
                    "heard {heard:?}, which is {found:?}, not {class:?}"
                )),
                None => wrong.push(format!(
                    "heard {heard:?}, which is of no one class, not {class:?}"
                )),
            }
        }
        wrong
    }

    fn late(&self, place: usize, limit: u64) -> Option<String> {
        match self.gap_ms(place) {
            Some(gap) if gap <= limit => None,
            Some(gap) => Some(format!(
                "the answer came after {gap} ms, later than {limit} ms"
            )),
            None => {
                Some("the far end spoke on when the caller had spoken: no answer began".to_owned())
            }
        }
    }

    /// From the caller's last sound, or 250 ms after the last key, to the answer, by audio alone.
    fn gap_ms(&self, place: usize) -> Option<u64> {
        let asked = self.asked(place)?;
        let timeline = &self.talk.timeline;
        let Some(spoke) = asked.spoke else {
            let from = self.position(asked);
            let answer = timeline.far.iter().find(|span| span.from >= from)?;
            return Some(
                Span {
                    from,
                    to: answer.from,
                }
                .ms(),
            );
        };
        let spoke = self.talk.report.position(spoke).saturating_sub(PACKET);
        let turn = timeline.turns.iter().find(|turn| turn.asked > spoke)?;
        Some(turn.gap_ms())
    }

    fn not_silent(&self, place: usize, limit: u64) -> Option<String> {
        let spoke = self.talk.report.position(self.asked(place)?.spoke?);
        let spoke = spoke.saturating_sub(PACKET);
        let mut cut_in = self.talk.timeline.interruptions.iter();
        match cut_in.find(|interruption| interruption.onset >= spoke) {
            Some(cut_in) if cut_in.silence_ms() <= limit => None,
            Some(cut_in) => Some(format!(
                "the far end was silent {} ms after the caller cut in, later than {limit} ms",
                cut_in.silence_ms()
            )),
            None => Some("the far end was silent already when the caller cut in".to_owned()),
        }
    }

    /// From the end of what the caller said last to the end of this step, on the wire.
    pub fn stretch(&self, place: usize) -> Option<Span> {
        let from = self.asked(place).map_or(0, |note| self.position(note));
        let to = self.position(self.last_note(place)?);
        Some(Span { from, to })
    }

    fn cut(&self, place: usize, wanted: &Expectation) -> Vec<String> {
        let Some(answer) = self.stretch(place) else {
            return Vec::new();
        };
        let timeline = &self.talk.timeline;
        let (spoken, pause) = (
            timeline.spoken_ms(answer),
            timeline.longest_pause_ms(answer),
        );
        let short = wanted.spoken_ms.filter(|least| spoken < *least);
        let paused = wanted.pause_ms.filter(|most| pause > *most);
        let short =
            short.map(|least| format!("the answer lasted {spoken} ms, less than {least} ms"));
        let paused = paused
            .map(|most| format!("a pause of {pause} ms in the answer, longer than {most} ms"));
        short.into_iter().chain(paused).collect()
    }

    /// The keys of the far end, as far as expectations up to this step ask for them.
    fn keys_until(&self, place: usize) -> String {
        let steps = self.scenario.steps.get(..=place).unwrap_or_default();
        let wanted = steps.iter().map(|step| match &step.action {
            Action::Expect(wanted) => wanted.keys.len(),
            _ => 0,
        });
        let pressed = self.talk.report.keys.iter().take(wanted.sum());
        pressed.map(|key| key.as_char()).collect()
    }
}

fn text_of(keys: &[Digit]) -> String {
    keys.iter().map(|key| key.as_char()).collect()
}
