//! The ways in: a leg turns bytes and time into call events.
#![forbid(unsafe_code)]
