//! Virtual time and a seeded network for tests.
#![forbid(unsafe_code)]
