//! Conversations in virtual time: the call and the engines are played by [`Stage`].

mod echoes;
mod endings;
mod failures;
mod interruptions;
mod limits;
pub mod line;
mod stage;
mod turns;
mod voices;
