//! How an application hears a call: an [`AppWire`] is a leg turned round. It takes the call's
//! events, the bytes of its own connection and the time, and gives commands, bytes and its next
//! deadline. One file a dialect; `echo` is a dialect without a connection.
#![forbid(unsafe_code)]

mod wire;

pub use wire::{AppInput, AppOutput, AppWire, CloseCode, Frame};
