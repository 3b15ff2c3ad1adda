//! What one schedule does: drawn from its number, the same each time.

use std::time::Duration;
use trunkline_testkit::{Conditions, Seeded};

/// The story of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Rings, is answered, talks, ends.
    Answered,
    /// The caller gives up around the time of the answer.
    Cancelled,
    Refused,
    /// Both sides send a re-INVITE, or an UPDATE, at about the same time.
    Glare,
    /// Both sides hang up at about the same time.
    ByeCrossing,
    /// The callee hangs up before it can have the ACK.
    ByeBeforeAck,
    /// Nobody answers: the callee rings on, or its phone says nothing beyond the 100.
    Unanswered,
    /// The caller transfers the callee, and leaves before or after the news of it.
    Transfer,
    /// The caller registers at the callee, refreshes, and leaves.
    Registers,
}

const SHAPES: [Shape; 16] = [
    Shape::Answered,
    Shape::Answered,
    Shape::Answered,
    Shape::Cancelled,
    Shape::Cancelled,
    Shape::Cancelled,
    Shape::Refused,
    Shape::Refused,
    Shape::Glare,
    Shape::Glare,
    Shape::Glare,
    Shape::ByeCrossing,
    Shape::ByeBeforeAck,
    Shape::Unanswered,
    Shape::Transfer,
    Shape::Registers,
];

#[derive(Debug, Clone)]
pub struct Plan {
    pub number: u64,
    pub shape: Shape,
    /// Over TCP nothing is lost, twice, or out of order.
    pub tcp: bool,
    pub conditions: Conditions,
    /// From then on nothing arrives any more.
    pub dead_after: Option<Duration>,
    /// So many final responses to INVITE, and so many ACKs, are lost besides.
    pub lost_finals: u32,
    pub lost_acks: u32,
    /// When the callee's phone says 180 (if it does), and when it answers.
    pub ring: Option<Duration>,
    pub answer: Duration,
    pub cancel: Duration,
    /// When each side hangs up, after it knows that the call is up.
    pub caller_talks: Duration,
    pub callee_talks: Duration,
    /// When each side changes the session, after it knows that the call is up.
    pub refresh: [Duration; 2],
    pub refresh_by_update: bool,
}

impl Plan {
    pub fn draw(number: u64) -> Self {
        let mut random = Seeded::new(number ^ 0x51b0_75e7);
        let mut ms = |from: u64, to: u64| Duration::from_millis(from + random.below(to - from + 1));
        let (answer, cancel) = (ms(0, 3_000), ms(0, 4_000));
        let (talk, apart) = (ms(500, 6_000), ms(0, 300));
        let refresh = [ms(800, 1_000), ms(800, 1_000)];
        let ring = ms(0, 600);
        let (delay, jitter, hold) = (ms(1, 120), ms(0, 80), ms(0, 250));
        let dead_after = ms(0, 5_000);
        let shape = SHAPES[random.below(SHAPES.len() as u64) as usize];
        let tcp = random.chance(0.1);
        let loss = [0.0, 0.05, 0.15, 0.3][random.below(4) as usize];
        let rough = Conditions {
            delay,
            jitter,
            loss,
            duplication: 0.05,
            reordering: 0.1,
            hold,
        };
        let sabotaged = !tcp && random.chance(0.4);
        let long = Duration::from_secs(20);
        Self {
            number,
            shape,
            tcp,
            conditions: if tcp {
                Conditions::perfect(delay)
            } else {
                rough
            },
            dead_after: random.chance(0.04).then_some(dead_after),
            lost_finals: if sabotaged { random.below(3) as u32 } else { 0 },
            lost_acks: if sabotaged {
                1 + random.below(3) as u32
            } else {
                0
            },
            ring: random.chance(0.8).then_some(ring),
            answer,
            cancel,
            caller_talks: talk,
            callee_talks: if shape == Shape::ByeCrossing {
                talk + apart
            } else {
                long
            },
            refresh,
            refresh_by_update: random.chance(0.25),
        }
    }
}
