//! Callers who say the sentences, and what came of it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::desk::{Desk, Talk};
use super::score::WordErrors;
use super::sentences::Sentence;

/// A sentence as somebody says it.
pub type Spoken = (&'static Sentence, Arc<[i16]>);

/// What came of some calls.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Calls.
    pub calls: usize,
    /// Words that were heard wrongly.
    pub errors: WordErrors,
    /// Callers who were answered as they should be.
    pub answered: usize,
    /// Callers who were not understood word by word, or answered otherwise, a line each.
    pub missed: String,
    /// Packets of the callers that came to the gateway, and that did not.
    pub packets: u64,
    pub lost: u64,
    /// Packets that came too late to be heard.
    pub late: u64,
    /// The longest that a transcript took.
    pub slowest: Duration,
    /// Times that the agent apologised for an engine.
    pub apologies: usize,
}

impl Outcome {
    /// Has each of these said in a call of its own, with this share of the packets lost.
    pub fn of(desk: &Desk, all: &[Spoken], loss: f64) -> Self {
        let mut outcome = Self::default();
        let talks = desk.work_off(all, |line, (_, sound)| desk.call(line, sound, loss));
        for ((sentence, _), talk) in all.iter().zip(talks) {
            outcome.add(sentence, &talk);
        }
        outcome
    }

    /// The share of packets that were lost, as the gateway counted them.
    pub fn loss_percent(&self) -> f64 {
        100.0 * self.lost as f64 / (self.packets + self.lost).max(1) as f64
    }

    fn add(&mut self, sentence: &Sentence, talk: &Talk) {
        let Talk { seen, record } = talk;
        let errors = WordErrors::between(sentence.text, &seen.understood);
        let is_answered = sentence.is_answered_by(&seen.answer, seen.function.as_deref());
        if errors.wrong > 0 || !is_answered {
            let verdict = if is_answered {
                "and"
            } else {
                "**and wrongly**"
            };
            let _ = writeln!(
                self.missed,
                "- \"{}\" was heard as \"{}\", {verdict} answered with \"{}\"",
                sentence.text, seen.understood, seen.answer
            );
        }
        self.calls += 1;
        self.errors += errors;
        self.answered += usize::from(is_answered);
        self.apologies += seen.apologies;
        let took = seen.transcripts.iter().map(|(_, took)| *took).max();
        self.slowest = self.slowest.max(took.unwrap_or_default());
        if let Some(media) = &record.media {
            self.packets += media.packets_received;
            self.lost += media.packets_lost;
            self.late += media.packets_late;
        }
    }
}
