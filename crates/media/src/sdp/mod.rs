//! Session descriptions (RFC 8866).

mod direction;

pub use direction::Direction;
