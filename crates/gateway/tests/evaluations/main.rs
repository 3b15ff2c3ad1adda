//! `trunkline eval` of the real binary, against agents that do what they should and agents that do not.

mod engines;
mod faults;
mod files;
#[path = "../support/mod.rs"]
mod support;
mod talks;
