//! Marks and clips whose end an application wants to hear of, and how it will be told.

use std::collections::VecDeque;

use crate::stream::Nonsense;

/// As many as jambonz lets wait: 30 marks and 10 clips.
const WAITING_MAX: usize = 40;

/// What is said when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `mark`
    Mark,
    /// `playDone`
    Clip,
}

/// What has not been reached yet, in its order.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<Entry>);

#[derive(Debug)]
struct Entry {
    name: String,
    kind: Kind,
    cleared: bool,
}

impl Waiting {
    pub(super) fn add(&mut self, name: &str, kind: Kind) -> Result<(), Nonsense> {
        if self.0.len() >= WAITING_MAX {
            return Err(Nonsense("more marks and clips than may wait"));
        }
        self.0.push_back(Entry {
            name: name.to_owned(),
            kind,
            cleared: false,
        });
        Ok(())
    }

    /// Everything queued is dropped: none of it will be played.
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(|entry| entry.cleared = true);
    }

    /// The marks do not count as played, though what they stand behind is.
    pub(super) fn take_back(&mut self) {
        let marks = self.0.iter_mut().filter(|entry| entry.kind == Kind::Mark);
        marks.for_each(|entry| entry.cleared = true);
    }

    /// The kind of what was reached, and jambonz's word for how.
    pub(super) fn settle(&mut self, name: &str) -> (Kind, &'static str) {
        let place = self.0.iter().position(|entry| entry.name == name);
        let entry = place.and_then(|place| self.0.remove(place));
        let kind = entry.as_ref().map_or(Kind::Mark, |entry| entry.kind);
        let cleared = entry.is_some_and(|entry| entry.cleared);
        (kind, if cleared { "cleared" } else { "playout" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_is_told_as_cleared() {
        let mut waiting = Waiting::default();
        waiting.add("a", Kind::Mark).unwrap();
        waiting.add("b", Kind::Clip).unwrap();
        assert_eq!(waiting.settle("a"), (Kind::Mark, "playout"));
        waiting.clear();
        waiting.add("c", Kind::Mark).unwrap();
        assert_eq!(waiting.settle("b"), (Kind::Clip, "cleared"));
        assert_eq!(waiting.settle("c"), (Kind::Mark, "playout"));
    }

    #[test]
    fn taking_marks_back_leaves_clips_alone() {
        let mut waiting = Waiting::default();
        waiting.add("mark", Kind::Mark).unwrap();
        waiting.add("clip", Kind::Clip).unwrap();
        waiting.take_back();
        assert_eq!(waiting.settle("mark"), (Kind::Mark, "cleared"));
        assert_eq!(waiting.settle("clip"), (Kind::Clip, "playout"));
    }

    #[test]
    fn no_more_wait_than_jambonz_lets() {
        let mut waiting = Waiting::default();
        for _ in 0..WAITING_MAX {
            waiting.add("again", Kind::Mark).unwrap();
        }
        assert!(waiting.add("one more", Kind::Mark).is_err());
        waiting.settle("again");
        assert!(waiting.add("one more", Kind::Mark).is_ok());
    }
}
