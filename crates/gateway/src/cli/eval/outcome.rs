//! What is kept of a conversation once it was judged.

use std::time::Duration;

use serde_json::{Value, json};
use trunkline_phone::caller::{Conversation, Interruption, Turn};

use super::judge::Fault;
use super::scenario::Scenario;
use crate::cli::measure::{in_ms, rounded};

/// A packet that comes this long after its time is late.
const LATE: Duration = Duration::from_millis(10);

/// A conversation, judged.
pub struct Outcome {
    /// The scenario's name.
    pub scenario: String,
    /// The line on which that begins.
    pub line: usize,
    /// Which of its callers, counted from 1.
    pub caller: usize,
    /// What is wrong; nothing where it passed.
    pub faults: Vec<Fault>,
    /// What was heard, by the line of the step that asks for it.
    pub heard: Vec<(usize, String)>,
    /// From answer to end.
    pub lasted: Duration,
    /// How long the caller waited for each answer, in ms.
    pub gaps_ms: Vec<u64>,
    /// How soon each interruption was silence, in ms.
    pub silences_ms: Vec<u64>,
    /// How long after their time packets came: the latest, and how many came late.
    pub late: (Duration, usize),
    /// Packets that came.
    pub packets: usize,
    /// What its files are called, without their ending.
    pub files: String,
}

impl Outcome {
    /// That of a caller.
    pub fn of(scenario: &Scenario, caller: usize, number: usize) -> Self {
        Self {
            scenario: scenario.name.clone(),
            line: scenario.line,
            caller,
            faults: Vec::new(),
            heard: Vec::new(),
            lasted: Duration::ZERO,
            gaps_ms: Vec::new(),
            silences_ms: Vec::new(),
            late: (Duration::ZERO, 0),
            packets: 0,
            files: format!("{number:02}-{}-{caller}", plain(&scenario.name)),
        }
    }

    /// Notes what was measured.
    pub fn measure(&mut self, talk: &Conversation) {
        self.lasted = talk.report.lasted;
        let (turns, cut_in) = (&talk.timeline.turns, &talk.timeline.interruptions);
        self.gaps_ms = turns.iter().copied().map(Turn::gap_ms).collect();
        self.silences_ms = cut_in
            .iter()
            .copied()
            .map(Interruption::silence_ms)
            .collect();
        let latest = talk.report.heard.lateness().max().unwrap_or_default();
        let late = talk.report.heard.lateness().filter(|late| *late > LATE);
        self.late = (latest, late.count());
        self.packets = talk.report.heard.lateness().count();
    }

    /// Whether nothing was wrong.
    pub fn passed(&self) -> bool {
        self.faults.is_empty()
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let faults = self.faults.iter();
        let heard = self.heard.iter();
        json!({
            "scenario": self.scenario,
            "line": self.line,
            "caller": self.caller,
            "passed": self.passed(),
            "faults": faults.map(|f| json!({"line": f.line, "text": f.text})).collect::<Vec<_>>(),
            "heard": heard.map(|(line, text)| json!({"line": line, "text": text})).collect::<Vec<_>>(),
            "lastedMs": rounded(in_ms(self.lasted)),
            "gapsMs": self.gaps_ms,
            "silencesMs": self.silences_ms,
            "packets": self.packets,
            "latePackets": self.late.1,
            "latestMs": rounded(in_ms(self.late.0)),
            "files": self.files,
        })
    }
}

/// Times of many conversations in three figures.
pub struct Figures {
    /// How many.
    pub count: usize,
    /// Half of them are no longer.
    pub median: u64,
    /// 95 of 100 are no longer.
    pub p95: u64,
    /// The longest.
    pub max: u64,
}

impl Figures {
    /// Those of these times; nothing where there are none.
    pub fn of(times: impl Iterator<Item = u64>) -> Option<Self> {
        let mut times: Vec<u64> = times.collect();
        times.sort_unstable();
        let rank = |part: usize| times.get((times.len() * part).div_ceil(100).saturating_sub(1));
        Some(Self {
            count: times.len(),
            median: *rank(50)?,
            p95: *rank(95)?,
            max: *times.last()?,
        })
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        json!({"count": self.count, "median": self.median, "p95": self.p95, "max": self.max})
    }
}

/// A name as a part of a file's name.
fn plain(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let plain: String = name.chars().map(letter).take(40).collect();
    plain.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_ranks_of_what_was_measured() {
        let figures = Figures::of((1..=100).rev()).unwrap();
        assert_eq!((figures.median, figures.p95, figures.max), (50, 95, 100));
        let one = Figures::of([7].into_iter()).unwrap();
        assert_eq!((one.count, one.median, one.p95), (1, 7, 7));
        assert!(Figures::of([].into_iter()).is_none());
    }

    #[test]
    fn a_name_cannot_leave_its_folder() {
        assert_eq!(plain("../Opening hours?"), "opening-hours");
        assert_eq!(plain("été"), "t");
    }
}
