//! What decides what a phone does while it is on a call.

use std::time::Instant;

use trunkline_call::{CallCommand, CallEvent};

/// What somebody on the phone is told.
#[derive(Clone, Copy, Debug)]
pub enum Cue<'a> {
    /// Something happened on the call.
    Event(&'a CallEvent),
    /// The time that was asked for has come, or time has passed.
    Timeout,
}

/// What somebody on the phone does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Asks this of the call.
    Command(CallCommand<'static>),
    /// From now on the network loses this share of the packets of audio, 0 to 1, both ways.
    Lose(f64),
    /// Nothing more for now; comes back at this time.
    Timeout(Option<Instant>),
}

/// Somebody on the phone: a machine under the drain law. The first thing they are told is what
/// happens once the call is begun.
pub trait Act {
    /// Takes in what happened.
    fn handle_input(&mut self, now: Instant, cue: Cue<'_>);
    /// What they do about it.
    fn poll_output(&mut self) -> Deed;
}
