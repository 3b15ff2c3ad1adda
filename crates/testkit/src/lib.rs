//! Virtual time, a seeded network and a counting allocator, for tests.
//!
//! Nothing here knows a protocol: [`SeededNet`] carries whatever it is given from one address to
//! another, late, twice, out of order or not at all, the same way for the same seed.

mod allocations;
mod net;
mod seeded;

pub use allocations::Counting;
pub use net::{Arrival, Conditions, Counts, SeededNet};
pub use seeded::Seeded;
