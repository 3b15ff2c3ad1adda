//! The seeded network does what its conditions say, and the same for the same seed.

use std::time::{Duration, Instant};
use trunkline_testkit::{Conditions, SeededNet};

const MILLISECOND: Duration = Duration::from_millis(1);

fn rough() -> Conditions {
    Conditions {
        delay: 20 * MILLISECOND,
        jitter: 30 * MILLISECOND,
        loss: 0.2,
        duplication: 0.1,
        reordering: 0.1,
        hold: 200 * MILLISECOND,
    }
}

/// What arrives when, in milliseconds, of 2,000 packets sent a millisecond apart.
fn run(seed: u64, conditions: Conditions) -> (Vec<(u128, u32)>, trunkline_testkit::Counts) {
    let start = Instant::now();
    let mut net = SeededNet::new(seed, conditions);
    for packet in 0..2_000_u32 {
        net.send(start + packet * MILLISECOND, 'a', 'b', packet);
    }
    let mut arrivals = Vec::new();
    while let Some(at) = net.next_arrival() {
        let arrival = net.receive(at).expect("it said that something arrives");
        arrivals.push(((arrival.at - start).as_micros(), arrival.packet));
    }
    (arrivals, net.counts())
}

#[test]
fn the_same_seed_makes_the_same_network() {
    assert_eq!(run(7, rough()), run(7, rough()));
    assert_ne!(run(7, rough()), run(8, rough()));
}

#[test]
fn what_is_counted_is_what_happened() {
    let (arrivals, counts) = run(1, rough());
    assert_eq!(counts.sent, 2_000);
    assert_eq!(
        counts.delivered,
        counts.sent - counts.lost + counts.duplicated
    );
    assert_eq!(arrivals.len() as u64, counts.delivered);
    assert!((300..500).contains(&counts.lost), "{counts:?}");
    assert!((100..220).contains(&counts.duplicated), "{counts:?}");
    assert!((100..260).contains(&counts.reordered), "{counts:?}");
}

#[test]
fn a_perfect_network_delays_and_nothing_else() {
    let (arrivals, counts) = run(1, Conditions::perfect(20 * MILLISECOND));
    let expected = (0..2_000).map(|packet| (u128::from(packet) * 1_000 + 20_000, packet));
    assert!(arrivals.into_iter().eq(expected));
    assert_eq!(
        (counts.lost, counts.duplicated, counts.reordered),
        (0, 0, 0)
    );
}

#[test]
fn jitter_alone_keeps_the_order() {
    let conditions = Conditions {
        jitter: 50 * MILLISECOND,
        ..Conditions::perfect(MILLISECOND)
    };
    let (arrivals, _) = run(3, conditions);
    assert!(arrivals.is_sorted_by_key(|(_, packet)| *packet));
}

#[test]
fn nothing_arrives_before_its_time() {
    let start = Instant::now();
    let mut net = SeededNet::new(1, Conditions::perfect(20 * MILLISECOND));
    net.send(start, 'a', 'b', ());
    assert!(net.receive(start + 19 * MILLISECOND).is_none());
    assert!(net.receive(start + 20 * MILLISECOND).is_some());
    assert_eq!(net.next_arrival(), None);
}
