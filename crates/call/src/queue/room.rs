//! Who waits until there is room for more to say.

use std::task::Waker;

/// The most that wait at one time. One more has the first of them look again.
const WAITING_MAX: usize = 64;

/// Those that wait, and the number of queued samples below which each goes on.
#[derive(Default)]
pub(super) struct Room(Vec<(usize, Waker)>);

impl Room {
    pub(super) fn wait(&mut self, below: usize, waiting: &Waker) {
        if let Some(known) = self
            .0
            .iter_mut()
            .find(|(_, waker)| waker.will_wake(waiting))
        {
            known.0 = below;
            return;
        }
        if self.0.len() >= WAITING_MAX {
            self.0.remove(0).1.wake();
        }
        self.0.push((below, waiting.clone()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes those who go on with so much queued.
    pub(super) fn below(&mut self, queued: usize) -> Vec<Waker> {
        let gone_on = self.0.extract_if(.., |(below, _)| queued < *below);
        gone_on.map(|(_, waker)| waker).collect()
    }

    /// Takes all of them.
    pub(super) fn all(&mut self) -> Vec<Waker> {
        self.0.drain(..).map(|(_, waker)| waker).collect()
    }
}
