//! What falls due when: one ordered set for all timers of an endpoint.

use super::{OwnerId, TransactionId};
use crate::transaction::Timer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Whose timer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Holder {
    Client(TransactionId),
    Server(TransactionId),
    Call(OwnerId),
    Registration(OwnerId),
    Registrar,
}

/// Timers in the order they fall due. Each holder has at most one of each kind.
#[derive(Debug)]
pub(crate) struct Schedule {
    due: BTreeSet<(Instant, Holder, Timer)>,
    armed: BTreeMap<Holder, Vec<(Timer, Instant)>>,
    fired: [u64; Timer::COUNT],
}

impl Schedule {
    pub fn new() -> Self {
        Self {
            due: BTreeSet::new(),
            armed: BTreeMap::new(),
            fired: [0; Timer::COUNT],
        }
    }

    /// Sets a timer, in place of an earlier one of the same holder and kind.
    pub fn arm(&mut self, holder: Holder, timer: Timer, at: Instant) {
        self.disarm(holder, timer);
        self.due.insert((at, holder, timer));
        self.armed.entry(holder).or_default().push((timer, at));
    }

    pub fn disarm(&mut self, holder: Holder, timer: Timer) {
        let Some(timers) = self.armed.get_mut(&holder) else {
            return;
        };
        if let Some(index) = timers.iter().position(|(armed, _)| *armed == timer) {
            let (_, at) = timers.swap_remove(index);
            self.due.remove(&(at, holder, timer));
        }
    }

    /// Takes every timer of a holder that is no more.
    pub fn forget(&mut self, holder: Holder) {
        for (timer, at) in self.armed.remove(&holder).unwrap_or_default() {
            self.due.remove(&(at, holder, timer));
        }
    }

    pub fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _, _)| *at)
    }

    /// Takes the first timer that is due.
    pub fn pop(&mut self, now: Instant) -> Option<(Holder, Timer)> {
        let (at, holder, timer) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.disarm(holder, timer);
        self.fired[timer as usize] += 1;
        Some((holder, timer))
    }

    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// How often each timer has fired, by `timer as usize`.
    pub fn fired(&self) -> &[u64; Timer::COUNT] {
        &self.fired
    }
}
