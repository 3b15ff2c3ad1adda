//! How events and commands are spelled in JSON. The WebSocket protocol, the HTTP interface and
//! the event stream all spell them with these functions, so one word never has two spellings.

mod command;
mod event;
#[cfg(test)]
mod tests;

pub use command::{
    BadCommand, DIGIT_MS, DIGIT_MS_MAX, DIGIT_MS_MIN, DigitsRequest, HangupRequest, MarkName,
    MarkRequest, TransferRequest, commands,
};
pub use event::{event, headers, info, interruption, parameters, stages, turn};
