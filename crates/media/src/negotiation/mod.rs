//! Offer and answer (RFC 3264).

mod agreed;

pub use agreed::{Agreed, PayloadTypes};
