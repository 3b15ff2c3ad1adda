//! Marks that an application waits for.

use std::collections::VecDeque;

use trunkline_call::Mark;

/// The most marks that wait at a time.
pub const MARKS_MAX: usize = 256;
/// In front of the names of marks that stand for the end of a `playAudio`. Applications cannot
/// choose such names: those that begin with a control character are refused.
const PLAYED: char = '\u{1}';

/// Marks in the order of the audio they stand in.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    mark: Mark,
    /// The application took it back; the leg still reports it.
    forgotten: bool,
}

/// What a mark means to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'a> {
    /// One of its own, by name.
    Named(&'a str),
    /// The end of a `playAudio`, by id.
    Played(&'a str),
}

/// The mark at the end of a `playAudio`; `None` where its id is too long.
pub(crate) fn played(id: &str) -> Option<Mark> {
    Mark::new(&format!("{PLAYED}{id}"))
}

/// See [`Meaning`].
pub(crate) fn meaning(mark: &Mark) -> Meaning<'_> {
    match mark.name().strip_prefix(PLAYED) {
        Some(id) => Meaning::Played(id),
        None => Meaning::Named(mark.name()),
    }
}

impl Marks {
    /// Notes a mark; `false` where too many wait.
    pub(crate) fn add(&mut self, mark: &Mark) -> bool {
        let room = self.waiting.len() < MARKS_MAX;
        if room {
            self.waiting.push_back(Waiting {
                mark: mark.clone(),
                forgotten: false,
            });
        }
        room
    }

    /// A mark was played or cleared; whether the application wants to hear of it.
    pub(crate) fn settle(&mut self, mark: &Mark) -> bool {
        let place = self
            .waiting
            .iter()
            .position(|waiting| waiting.mark == *mark);
        let settled = place.and_then(|place| self.waiting.remove(place));
        settled.is_some_and(|waiting| !waiting.forgotten)
    }

    /// Whether the application wants to hear of a mark.
    pub(crate) fn waits(&self, mark: &Mark) -> bool {
        let waiting = self.waiting.iter().find(|waiting| waiting.mark == *mark);
        waiting.is_some_and(|waiting| !waiting.forgotten)
    }

    /// The leg did not take the newest mark.
    pub(crate) fn refused(&mut self) {
        self.waiting.pop_back();
    }

    /// Takes back every mark of the application's own; gives their names.
    pub(crate) fn forget(&mut self) -> Vec<Mark> {
        let mut forgotten = Vec::new();
        for waiting in &mut self.waiting {
            if !waiting.forgotten && matches!(meaning(&waiting.mark), Meaning::Named(_)) {
                waiting.forgotten = true;
                forgotten.push(waiting.mark.clone());
            }
        }
        forgotten
    }

    /// The application's own marks that still wait.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.waiting
            .iter()
            .filter(|waiting| !waiting.forgotten)
            .filter_map(|waiting| match meaning(&waiting.mark) {
                Meaning::Named(name) => Some(name),
                Meaning::Played(_) => None,
            })
    }
}
