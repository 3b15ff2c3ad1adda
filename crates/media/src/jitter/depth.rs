//! How long packets are held back before they are played.
//!
//! The depth follows the spread of transit times over the last 2 to 2.5 seconds: 0 as long as the
//! spread is within the patience, the spread otherwise, at most [`DEPTH_MAX_US`]. It rises at once
//! and falls when half would do, so that a network that is bad all the time does not cause slips all
//! the time.

use super::transit::TransitWindow;
use super::{FRAME_TICKS, PATIENCE_US};
use crate::timing::TICK_US;

/// The greatest depth. What is later than this is lost.
pub const DEPTH_MAX_US: i64 = 200_000;

/// The delay between a tick of the peer's and the time at which it is wanted here.
#[derive(Debug, Default)]
pub struct Depth {
    transit: TransitWindow,
    /// Ticks of the latest packet, and what its size adds to the delay.
    packet_ticks: i64,
    stagger_us: i64,
    depth_us: i64,
    max_us: i64,
}

impl Depth {
    /// A packet of so many ticks came after this time on its way.
    pub fn measure(&mut self, now_us: i64, transit_us: i64, ticks: i64) {
        if ticks != self.packet_ticks {
            self.packet_ticks = ticks;
            // A frame that two packets make up is complete with the second. Frames start on
            // multiples of what divides both, so the latest that a packet can begin within a frame
            // is that much before its end: 10 ms for packets of 10, 30 or 50 ms, else nothing.
            self.stagger_us = (FRAME_TICKS - common_divisor(ticks, FRAME_TICKS)) * TICK_US;
        }
        self.transit.push(now_us, transit_us);
        let spread = self.transit.spread();
        let needed = if spread > PATIENCE_US {
            spread.min(DEPTH_MAX_US)
        } else {
            0
        };
        if needed > self.depth_us || needed < self.depth_us / 2 || needed == 0 {
            self.depth_us = needed;
            self.max_us = self.max_us.max(needed);
        }
    }

    /// Forgets the timeline: the next packet is the first of another.
    pub fn begin(&mut self) {
        self.transit.clear();
        self.depth_us = 0;
    }

    /// The least transit time of the last seconds.
    pub fn base_us(&self) -> i64 {
        self.transit.base()
    }

    /// How long after its time at the peer a tick is wanted.
    pub fn delay_us(&self) -> i64 {
        self.transit.base() + self.stagger_us + self.depth_us
    }

    /// How long packets are held back at present.
    pub fn now_us(&self) -> i64 {
        self.depth_us
    }

    /// The longest that they were.
    pub fn max_us(&self) -> i64 {
        self.max_us
    }

    /// What divides packets and frames both, in ticks.
    pub fn packet_unit(&self) -> i64 {
        common_divisor(self.packet_ticks.max(1), FRAME_TICKS)
    }
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
