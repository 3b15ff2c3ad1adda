//! How the machines of a call tell time.
//!
//! Inside a session time is a signed count of microseconds since answer: differences and grids are
//! then plain arithmetic, and a test is a loop over numbers. Media positions are counts of RTP ticks
//! or samples and never durations, so nothing is rounded and nothing accumulates.

/// How much before its time a thing may be done. A driver that wakes up for one purpose then serves
/// every other that is nearly due, and a packet that is a little early needs no timer.
pub const EARLY_MAX_US: i64 = 1_000;

/// Microseconds of one tick of the 8 kHz RTP clock.
pub const TICK_US: i64 = 125;

/// One canonical frame.
pub const FRAME_US: i64 = 20_000;

/// 16 kHz samples in a millisecond.
pub const SAMPLES_PER_MS: u64 = 16;
