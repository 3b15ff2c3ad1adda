//! The vocabulary of a call: events, commands, records, routes.
#![forbid(unsafe_code)]
