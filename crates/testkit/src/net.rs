//! A network in virtual time: delay, jitter, loss, duplication, reordering, all from one seed.

use crate::Seeded;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How a network treats what it carries. Probabilities are of `0.0..=1.0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// What every packet takes.
    pub delay: Duration,
    /// What a packet may take more, evenly distributed. Packets keep their order all the same.
    pub jitter: Duration,
    /// The probability that a packet vanishes.
    pub loss: f64,
    /// The probability that a packet arrives twice.
    pub duplication: f64,
    /// The probability that a packet is held back by [`Conditions::hold`], so that later ones
    /// overtake it.
    pub reordering: f64,
    /// How long such a packet is held back at most.
    pub hold: Duration,
}

impl Conditions {
    /// Everything arrives, in order, after the same time.
    #[must_use]
    pub fn perfect(delay: Duration) -> Self {
        Self {
            delay,
            jitter: Duration::ZERO,
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            hold: Duration::ZERO,
        }
    }
}

/// What a network has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets given to it.
    pub sent: u64,
    /// Packets that vanished.
    pub lost: u64,
    /// Packets that arrive twice.
    pub duplicated: u64,
    /// Packets held back.
    pub reordered: u64,
    /// Arrivals handed out.
    pub delivered: u64,
}

/// A packet at its destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival<A, P> {
    /// When it arrived.
    pub at: Instant,
    /// Who sent it.
    pub from: A,
    /// Who it is for.
    pub to: A,
    /// What it is.
    pub packet: P,
}

/// A network between addresses of type `A` for packets of type `P`.
#[derive(Debug)]
pub struct SeededNet<A, P> {
    random: Seeded,
    conditions: Conditions,
    /// Packets under way by arrival; the number keeps those of one instant in order.
    under_way: BTreeMap<(Instant, u64), Arrival<A, P>>,
    /// The latest arrival of a packet that was not held back, by way, which the next one of that
    /// way does not overtake.
    last: BTreeMap<(A, A), Instant>,
    next_number: u64,
    counts: Counts,
}

impl<A: Copy + Ord, P: Clone> SeededNet<A, P> {
    /// An empty network.
    #[must_use]
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            random: Seeded::new(seed),
            conditions,
            under_way: BTreeMap::new(),
            last: BTreeMap::new(),
            next_number: 0,
            counts: Counts::default(),
        }
    }

    /// Changes how packets sent from now on are treated.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a packet. Returns false when it is lost.
    pub fn send(&mut self, now: Instant, from: A, to: A, packet: P) -> bool {
        self.counts.sent += 1;
        if self.random.chance(self.conditions.loss) {
            self.counts.lost += 1;
            return false;
        }
        if self.random.chance(self.conditions.duplication) {
            self.counts.duplicated += 1;
            self.carry(now, from, to, packet.clone());
        }
        self.carry(now, from, to, packet);
        true
    }

    fn carry(&mut self, now: Instant, from: A, to: A, packet: P) {
        let Conditions {
            delay,
            jitter,
            reordering,
            hold,
            ..
        } = self.conditions;
        let mut at = now + delay + self.up_to(jitter);
        if self.random.chance(reordering) {
            self.counts.reordered += 1;
            at += self.up_to(hold);
        } else {
            let last = self.last.entry((from, to)).or_insert(at);
            at = at.max(*last);
            *last = at;
        }
        self.next_number += 1;
        let arrival = Arrival {
            at,
            from,
            to,
            packet,
        };
        self.under_way.insert((at, self.next_number), arrival);
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.random.below(micros.saturating_add(1)))
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// Hands out the first packet that has arrived by `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Arrival<A, P>> {
        let entry = self
            .under_way
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        self.counts.delivered += 1;
        Some(entry.remove())
    }
}
