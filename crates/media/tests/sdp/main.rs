//! Session descriptions: what is read, what is refused and where, and what is printed.

mod addresses;
mod lenience;
mod properties;
mod refusals;
mod vectors;
