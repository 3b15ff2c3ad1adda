//! The endpoint against RFC 3261, message by message. The test is the peer and the network.

// Tests need some instant to count from.
#![allow(clippy::disallowed_methods)]

mod bench;
mod dialogs;
mod elsewhere;
mod hostile;
mod incoming;
mod matching;
mod outgoing;
mod policy;
mod registrar;
mod registration;
mod transfer;
mod ways;
