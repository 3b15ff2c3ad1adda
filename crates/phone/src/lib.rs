//! A softphone and a load generator made of the same parts as the gateway.
#![forbid(unsafe_code)]
