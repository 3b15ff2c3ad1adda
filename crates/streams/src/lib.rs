//! How an application hears a call: one file a dialect.
#![forbid(unsafe_code)]
