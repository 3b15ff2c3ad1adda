//! How many cores one order may have.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After an order whose cores were busy with something else, every order has one for so long.
const BUSY: Duration = Duration::from_secs(30);

/// The cores that the orders of one engine share.
///
/// Threads that compute on one thing wait for each other, and do it by spinning: with all cores to
/// themselves they are done in a part of the time, and where they are kept from a core they take far
/// longer than one alone. So an order has all cores where no other is under way and nothing else
/// kept the last ones waiting, and one in any other case.
pub struct Cores {
    all: usize,
    orders: AtomicUsize,
    busy_until: Mutex<Option<Instant>>,
}

/// What one order has, until this is dropped.
pub struct Had<'a> {
    cores: &'a Cores,
    count: usize,
    since: Instant,
}

impl Cores {
    /// So many.
    pub const fn new(all: usize) -> Self {
        Self {
            all,
            orders: AtomicUsize::new(0),
            busy_until: Mutex::new(None),
        }
    }

    /// For an order that begins now.
    pub fn have(&self, now: Instant) -> Had<'_> {
        let others = self.orders.fetch_add(1, Ordering::Relaxed);
        let busy_until = self.busy_until.lock();
        let busy_until = *busy_until.unwrap_or_else(PoisonError::into_inner);
        let is_busy = busy_until.is_some_and(|until| now < until);
        let count = if others > 0 || is_busy { 1 } else { self.all };
        Had {
            cores: self,
            count,
            since: now,
        }
    }
}

impl Had<'_> {
    /// How many cores.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The order is done. With all cores for itself it would have taken `most` at the most.
    pub fn done(self, now: Instant, most: Duration) {
        if self.count > 1 && now.saturating_duration_since(self.since) > most {
            let busy_until = self.cores.busy_until.lock();
            *busy_until.unwrap_or_else(PoisonError::into_inner) = Some(now + BUSY);
        }
    }
}

impl Drop for Had<'_> {
    fn drop(&mut self) {
        self.cores.orders.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_millis(600);

    #[test]
    fn who_comes_alone_has_all_cores_and_who_comes_later_has_one() {
        let (cores, now) = (Cores::new(2), Instant::now());
        let first = cores.have(now);
        let second = cores.have(now);
        assert_eq!((first.count(), second.count()), (2, 1));
        drop(first);
        assert_eq!(cores.have(now).count(), 1, "the second is not done");
        drop(second);
        assert_eq!(cores.have(now).count(), 2);
    }

    #[test]
    fn cores_that_are_busy_otherwise_are_left_alone_for_a_while() {
        let (cores, now) = (Cores::new(2), Instant::now());
        cores.have(now).done(now + MOST, MOST);
        assert_eq!(cores.have(now + MOST).count(), 2, "that was in time");
        let late = now + MOST * 2;
        cores.have(now).done(late, MOST);
        let alone = cores.have(late);
        assert_eq!(alone.count(), 1);
        alone.done(late + BUSY, MOST);
        assert_eq!(cores.have(late + BUSY).count(), 2);
    }
}
