//! A datagram: read or refused, and answered with something that can be read.
#![no_main]

#[path = "../../crates/sip/tests/reading/mod.rs"]
mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| reading::read_or_refuse(bytes));
