//! Virtual time, a seeded network, a counting allocator and certificates, for tests.
//!
//! Of the network nothing knows a protocol: [`SeededNet`] carries whatever it is given from one address to
//! another, late, twice, out of order or not at all, the same way for the same seed.

mod allocations;
mod certificates;
mod net;
mod seeded;

pub use allocations::Counting;
pub use certificates::{Authority, Certificate, Validity};
pub use net::{Arrival, Conditions, Counts, SeededNet};
pub use seeded::Seeded;
