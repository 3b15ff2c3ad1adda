//! Virtual time and a seeded network for tests.
//!
//! Nothing here knows a protocol: [`SeededNet`] carries whatever it is given from one address to
//! another, late, twice, out of order or not at all, the same way for the same seed.
#![forbid(unsafe_code)]

mod net;
mod seeded;

pub use net::{Arrival, Conditions, Counts, SeededNet};
pub use seeded::Seeded;
