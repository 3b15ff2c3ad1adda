//! What came of each scene: by the sound on the wire, and by what the engines did meanwhile.

use std::time::{Duration, Instant};

use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_phone::caller::{Conversation, Note, Span};
use trunkline_phone::page::Stage;
use trunkline_phone::softphone::Report;

use super::script::{Act, Scene};
use super::tap::Deed;

/// How long the agent waits to be sure that the caller has said all.
pub const END_OF_TURN: Duration = Duration::from_millis(500);
/// Where a wait goes, one after the other.
pub const SILENCE: &str = "is sure that all was said";
pub const HEARS: &str = "hears";
pub const THINKS: &str = "thinks";
pub const SPEAKS: &str = "speaks";
pub const ON_THE_WAY: &str = "on the way";
/// From the last key's release to the end of its step.
const AFTER_KEY: Duration = Duration::from_millis(150);
/// What the caller's last word may take to the wire.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

/// What came of one scene. Places are samples of the recording.
#[derive(Clone, Debug)]
pub struct Played {
    /// The scene.
    pub scene: Scene,
    /// Where the caller spoke; nothing where they did not.
    pub caller: Option<Span>,
    /// Where the caller began to wait.
    pub asked: u64,
    /// Where the agent spoke after it; nothing where it did not.
    pub agent: Option<Span>,
    /// What the agent understood of the caller.
    pub understood: Option<String>,
    /// The words of the answer.
    pub answer: String,
    /// The sentences of it that the agent's voice was given.
    pub sentences: Vec<String>,
    /// What the caller heard of it.
    pub heard: Vec<i16>,
    /// What of it was on the wire, from the question to its last sound.
    pub wire: Vec<i16>,
    /// The functions that were called.
    pub functions: Vec<(u64, String)>,
    /// Where the wait went.
    pub stages: Vec<Stage>,
    /// Whether the next scene interrupts the answer.
    pub cut: bool,
    /// Whether what the caller waited for came.
    pub met: bool,
}

impl Played {
    /// What the caller said, as far as anybody knows.
    pub fn words(&self) -> Option<&str> {
        match self.scene.act {
            Act::Talks => self.understood.as_deref(),
            act => act.words(),
        }
    }

    /// How long the caller waited for the first sound.
    pub fn gap(&self) -> Option<Duration> {
        let answered = self.agent?.from;
        Some(time(answered.saturating_sub(self.asked)))
    }
}

/// The time of so many samples.
pub fn time(samples: u64) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(SAMPLE_RATE_HZ))
}

/// What came of all these scenes that were begun. `of` says of which scene each step is.
pub fn account(
    held: &Conversation,
    scenes: &[Scene],
    of: &[usize],
    deeds: &[(Instant, Deed)],
) -> Vec<Played> {
    let notes = |number: usize| {
        let notes = held.notes.iter();
        notes.filter(move |note| of.get(note.step) == Some(&number))
    };
    let begins: Vec<Option<Instant>> = (0..)
        .zip(scenes)
        .map(|(number, scene)| begin(notes(number).next()?, *scene))
        .collect();
    let (_, wire) = held.report.sides();
    let mut played = Vec::new();
    for (number, scene) in scenes.iter().enumerate() {
        let mut later = begins.iter().skip(number);
        let Some(begun) = later.next().copied().flatten() else {
            continue;
        };
        let end = later.find_map(|begun| *begun);
        // The agent may greet a moment before the caller knows that the call is answered.
        let has_begun = |at: &Instant| number == 0 || *at >= begun;
        let is_meanwhile = |at: &Instant| has_begun(at) && end.is_none_or(|end| *at < end);
        let deeds: Vec<_> = deeds.iter().filter(|(at, _)| is_meanwhile(at)).collect();
        let next = notes(number + 1).next();
        let interruption = next.filter(|_| {
            let next = scenes.get(number + 1).map(|next| next.act);
            matches!(next, Some(Act::Interrupts(_)))
        });
        let part = Part {
            notes: notes(number).collect(),
            begun,
            end,
            interruption,
            wire: &wire,
        };
        played.push(part.played(held, *scene, &deeds));
    }
    played
}

/// What came of a conversation whose caller follows no script: the greeting, and an answer to everything
/// that the agent was asked.
pub fn account_of_person(held: &Conversation, deeds: &[(Instant, Deed)]) -> Vec<Played> {
    let questions = deeds.iter().enumerate();
    let questions = questions.filter_map(|(place, (at, deed))| match deed {
        Deed::Asked(Some(words)) => Some((place, *at, Some(words.clone()))),
        _ => None,
    });
    let greeting = (0, held.report.sent.origin(), None);
    let questions = questions.map(|(place, at, words)| (place, Some(at), words));
    let turns: Vec<_> = std::iter::once(greeting).chain(questions).collect();
    let mut played: Vec<Played> = Vec::new();
    for (number, (place, at, words)) in turns.iter().enumerate() {
        let next = turns.get(number + 1);
        let end = next.map_or(deeds.len(), |(place, ..)| *place);
        let position = |at: Option<Instant>| at.map_or(0, |at| held.report.position(at));
        let turn = Answering {
            since: played.last().map_or(0, |before| before.asked),
            asked: position(*at),
            until: next.map_or(u64::MAX, |(_, at, _)| position(*at)),
            words: words.clone(),
        };
        let deeds: Vec<_> = deeds.get(*place..end).unwrap_or_default().iter().collect();
        played.push(turn.played(held, &deeds));
    }
    played
}

/// A turn of a conversation without a script. Places are samples of the recording.
struct Answering {
    /// Where the caller had said what was before.
    since: u64,
    /// Where the agent was sure that all was said.
    asked: u64,
    /// Where it was asked the next time.
    until: u64,
    /// What it understood; nothing of the greeting.
    words: Option<String>,
}

impl Answering {
    fn played(self, held: &Conversation, deeds: &[&(Instant, Deed)]) -> Played {
        let timeline = &held.timeline;
        let said = timeline.caller.iter().copied();
        let caller = all_of(said.filter(|span| span.to > self.since && span.to <= self.asked));
        let is_greeting = self.words.is_none();
        let caller = caller.filter(|_| !is_greeting);
        let asked = caller.map_or(self.asked, |span| span.to);
        let answers = timeline.far.iter().copied();
        let agent = all_of(answers.filter(|span| span.from >= asked && span.from < self.until));
        let is_inside = |at: u64| agent.is_some_and(|span| span.from < at && at < span.to);
        let act = match is_greeting {
            true => Act::Listens,
            false => Act::Talks,
        };
        Played {
            scene: Scene { act, answer: &[] },
            caller,
            asked,
            agent,
            understood: self.words,
            answer: answer(deeds, act),
            sentences: sentences(deeds),
            heard: Vec::new(),
            wire: Vec::new(),
            functions: functions(deeds, &held.report),
            stages: stages(deeds, &held.report, asked, agent.map(|span| span.from)),
            cut: timeline
                .interruptions
                .iter()
                .any(|cut| is_inside(cut.onset)),
            met: true,
        }
    }
}

/// From the first of these stretches to the last.
fn all_of(spans: impl Iterator<Item = Span>) -> Option<Span> {
    spans.reduce(|first, next| Span {
        to: next.to,
        ..first
    })
}

/// When a scene begins: who interrupts has waited first.
fn begin(first: &Note, scene: Scene) -> Option<Instant> {
    match scene.act {
        Act::Interrupts(_) => first.spoke,
        _ => Some(first.begun),
    }
}

/// A scene's part of the conversation.
struct Part<'c> {
    /// What was noted of its steps.
    notes: Vec<&'c Note>,
    begun: Instant,
    /// When the next scene began.
    end: Option<Instant>,
    /// What was noted of the step that interrupts its answer.
    interruption: Option<&'c Note>,
    /// What the agent sent in the whole call.
    wire: &'c [i16],
}
impl Part<'_> {
    fn played(&self, held: &Conversation, scene: Scene, deeds: &[&(Instant, Deed)]) -> Played {
        let report = &held.report;
        let acted = self.notes.first().copied();
        let caller = acted.and_then(|note| spoken(held, note));
        let asked = match (scene.act, acted) {
            (Act::Presses(_), Some(note)) => {
                let released = note.ended.checked_sub(AFTER_KEY);
                report.position(released.unwrap_or(note.ended))
            }
            _ => caller.map_or(report.position(self.begun), |span| span.to),
        };
        let agent = self.answered(held, asked);
        Played {
            scene,
            caller,
            asked,
            agent,
            understood: understood(deeds),
            answer: answer(deeds, scene.act),
            sentences: sentences(deeds),
            heard: self.heard(held),
            wire: self.on_the_wire(asked, agent),
            functions: functions(deeds, report),
            stages: stages(deeds, report, asked, agent.map(|agent| agent.from)),
            cut: self.interruption.is_some(),
            met: !self.notes.is_empty() && self.notes.iter().all(|note| note.met),
        }
    }

    /// Where the agent spoke from its first sound after `asked` on. What is interrupted goes on a
    /// little after the caller's first sound, which is where the next scene begins.
    fn answered(&self, held: &Conversation, asked: u64) -> Option<Span> {
        let until = self.end.map_or(u64::MAX, |end| held.report.position(end));
        let inside = |span: &&Span| span.from >= asked && span.from < until;
        let spans = held.timeline.far.iter().filter(inside);
        let all = all_of(spans.copied())?;
        let cuts = held.timeline.interruptions.iter();
        let silent = cuts.map(|cut| cut.silent).find(|at| *at > all.from);
        let to = silent.filter(|_| self.interruption.is_some());
        Some(Span {
            to: to.unwrap_or(all.to),
            ..all
        })
    }

    /// What came at the caller's ear since they had spoken; of an answer that is interrupted, until the
    /// interruption is over.
    fn heard(&self, held: &Conversation) -> Vec<i16> {
        let waits = self.interruption.or(self.notes.last().copied());
        let whole = waits.map(|note| note.heard.clone());
        let whole = whole.unwrap_or_default();
        part_of(&held.ear, whole.start, whole.end)
    }

    fn on_the_wire(&self, asked: u64, agent: Option<Span>) -> Vec<i16> {
        agent.map_or_else(Vec::new, |agent| part_of(self.wire, asked, agent.to))
    }
}

fn part_of(samples: &[i16], from: u64, to: u64) -> Vec<i16> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(samples.len());
    let part = samples.get(place(from)..place(to));
    part.unwrap_or_default().to_vec()
}

/// Where the caller spoke in this step.
fn spoken(held: &Conversation, note: &Note) -> Option<Span> {
    let from = held.report.position(note.spoke?);
    let to = held.report.position(note.ended + ON_ITS_WAY);
    let inside = |span: &&Span| span.to > from && span.from < to;
    let spans = held.timeline.caller.iter().filter(inside);
    all_of(spans.copied())
}

/// The last words that were understood: those before were not all.
fn understood(deeds: &[&(Instant, Deed)]) -> Option<String> {
    let understood = deeds.iter().rev().find_map(|(_, deed)| match deed {
        Deed::Understood(text) => Some(text.clone()),
        _ => None,
    });
    understood.filter(|text| !text.is_empty())
}

/// The words that answer the caller; the greeting is thought of by nobody.
fn answer(deeds: &[&(Instant, Deed)], act: Act) -> String {
    let words = deeds.iter().filter_map(|(_, deed)| match deed {
        Deed::Thought(words) if act != Act::Listens => Some(words.as_str()),
        Deed::ToSay(words) if act == Act::Listens => Some(words.as_str()),
        _ => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What the voice was given, from the question on: a sentence may be the last of the answer before.
fn sentences(deeds: &[&(Instant, Deed)]) -> Vec<String> {
    let asked = deeds
        .iter()
        .position(|(_, deed)| matches!(deed, Deed::Asked(_)));
    let answer = deeds.iter().skip(asked.unwrap_or(0));
    let sentences = answer.filter_map(|(_, deed)| match deed {
        Deed::ToSay(text) => Some(text.clone()),
        _ => None,
    });
    sentences.collect()
}

fn functions(deeds: &[&(Instant, Deed)], report: &Report) -> Vec<(u64, String)> {
    let called = deeds.iter().filter_map(|(at, deed)| match deed {
        Deed::Called(name) => Some((report.position(*at), name.clone())),
        _ => None,
    });
    called.collect()
}

/// From the caller's last sound to the first of the answer, one engine after the other; nothing where
/// one of them was not seen.
fn stages(
    deeds: &[&(Instant, Deed)],
    report: &Report,
    asked: u64,
    heard: Option<u64>,
) -> Vec<Stage> {
    let mut deeds = deeds.iter();
    let mut next = |wanted: fn(&Deed) -> bool| {
        let found = deeds.find(|(at, deed)| report.position(*at) >= asked && wanted(deed));
        found.map(|(at, _)| report.position(*at))
    };
    let question = next(|deed| matches!(deed, Deed::Asked(_)));
    let words = next(|deed| matches!(deed, Deed::ToSay(_)));
    let sound = next(|deed| matches!(deed, Deed::Sounded));
    let (Some(question), Some(words), Some(sound), Some(heard)) = (question, words, sound, heard)
    else {
        return Vec::new();
    };
    let waited = time(question.saturating_sub(asked));
    let silence = waited.min(END_OF_TURN);
    [
        (SILENCE, silence),
        (HEARS, waited - silence),
        (THINKS, time(words.saturating_sub(question))),
        (SPEAKS, time(sound.saturating_sub(words))),
        (ON_THE_WAY, time(heard.saturating_sub(sound))),
    ]
    .into_iter()
    .filter(|(_, took)| *took > Duration::ZERO)
    .map(|(name, took)| Stage { name, took })
    .collect()
}
