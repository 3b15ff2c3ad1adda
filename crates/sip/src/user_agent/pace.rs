//! How many requests one source may send.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// How many sources are kept apart. Those beyond share one allowance, so that a flood from forged
/// addresses costs strangers their pace, and the gateway no memory.
const SOURCES_MAX: usize = 4_096;
/// What a source may send at once after a silence: so many seconds' worth of its rate.
const BURST_SECONDS: u32 = 5;
/// How often a full table is looked through for sources that have been silent.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// A token bucket a source, each kept as the one moment at which it is full again: a source that is
/// past its moment is as one that was never seen.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The time in which one request is earned.
    interval: Duration,
    full_again: BTreeMap<IpAddr, Instant>,
    /// The bucket of all who have none of their own.
    crowd: Option<Instant>,
    swept: Option<Instant>,
}

impl Pace {
    pub fn new(per_second: NonZeroU32) -> Self {
        Self {
            interval: Duration::from_secs(1) / per_second.get(),
            full_again: BTreeMap::new(),
            crowd: None,
            swept: None,
        }
    }

    /// Whether a source may send one request more now; it is counted if so.
    pub fn allows(&mut self, now: Instant, source: IpAddr) -> bool {
        let source = network(source);
        let has_place = self.full_again.contains_key(&source) || self.make_room(now);
        let known = match has_place {
            true => self.full_again.get(&source).copied(),
            false => self.crowd,
        };
        let full_again = known.unwrap_or(now).max(now) + self.interval;
        // A second of the rate is `1 / interval` requests, so the bucket is this long in time.
        if full_again > now + Duration::from_secs(BURST_SECONDS.into()) {
            return false;
        }
        match has_place {
            true => {
                self.full_again.insert(source, full_again);
            }
            false => self.crowd = Some(full_again),
        }
        true
    }

    /// Whether one source more can be kept; forgets the silent ones where there are too many.
    fn make_room(&mut self, now: Instant) -> bool {
        let is_full = self.full_again.len() >= SOURCES_MAX;
        let may_sweep = self.swept.is_none_or(|last| now >= last + SWEEP_EVERY);
        if is_full && may_sweep {
            self.swept = Some(now);
            self.full_again.retain(|_, full_again| *full_again > now);
        }
        self.full_again.len() < SOURCES_MAX
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.full_again.len()
    }
}

/// What counts as one source: an IPv4 address, or the /64 that one IPv6 host may choose from.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    // Tests need some instant to count from.
    #[allow(clippy::disallowed_methods)]
    fn ten_a_second() -> (Pace, Instant) {
        (Pace::new(NonZeroU32::new(10).unwrap()), Instant::now())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many of so many requests at one moment are let through.
    fn let_through(pace: &mut Pace, now: Instant, source: IpAddr, count: usize) -> usize {
        (0..count).filter(|_| pace.allows(now, source)).count()
    }

    #[test]
    fn a_source_may_send_its_burst_and_then_its_rate() {
        let (mut pace, start) = ten_a_second();
        let source = ip("203.0.113.5");
        assert_eq!(let_through(&mut pace, start, source, 1_000), 50);
        let later = start + Duration::from_secs(1);
        assert_eq!(let_through(&mut pace, later, source, 1_000), 10);
        let much_later = later + Duration::from_secs(3_600);
        assert_eq!(let_through(&mut pace, much_later, source, 1_000), 50);
    }

    #[test]
    fn sources_do_not_cost_each_other_anything_and_an_ipv6_network_is_one() {
        let (mut pace, now) = ten_a_second();
        assert_eq!(let_through(&mut pace, now, ip("203.0.113.5"), 99), 50);
        assert_eq!(let_through(&mut pace, now, ip("203.0.113.6"), 99), 50);
        assert_eq!(let_through(&mut pace, now, ip("::ffff:203.0.113.6"), 99), 0);
        assert_eq!(let_through(&mut pace, now, ip("2001:db8:0:1::1"), 99), 50);
        assert_eq!(let_through(&mut pace, now, ip("2001:db8:0:1:f::2"), 99), 0);
        assert_eq!(let_through(&mut pace, now, ip("2001:db8:0:2::1"), 99), 50);
    }

    #[test]
    fn a_flood_from_forged_addresses_is_bounded_and_harms_no_source_that_is_known() {
        let (mut pace, start) = ten_a_second();
        let known = ip("198.51.100.1");
        assert!(pace.allows(start, known));
        let forged = |n: u32| IpAddr::from(Ipv4Addr::from_bits(0x0B00_0000 + n));
        let strangers = (0..100_000).filter(|&n| pace.allows(start, forged(n)));
        // Each that has a place, and one burst for all the others.
        assert_eq!(strangers.count(), SOURCES_MAX - 1 + 50);
        assert_eq!(pace.len(), SOURCES_MAX);
        assert!(pace.allows(start, known));
        // Once they are silent their places are free.
        let later = start + Duration::from_secs(2);
        assert_eq!(let_through(&mut pace, later, ip("192.0.2.1"), 99), 50);
        assert_eq!(pace.len(), 1);
    }
}
