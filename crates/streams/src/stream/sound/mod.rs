//! The audio of a stream: payloads in the format that was announced, and 20 ms frames at 16 kHz.
//!
//! [`Hearing`] makes frames of the pieces that the provider's end sends; [`Decoder`] and
//! [`Encoder`] turn a payload into samples and a frame into a payload, for either end. Nothing
//! here allocates once it is warm, except where the format is Opus.

mod decoder;
mod encoder;
mod hearing;
mod order;
mod reorder;

#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use hearing::Hearing;
pub use reorder::WINDOW;

use thiserror::Error;

use super::MediaFormat;

/// A format that cannot be turned into 16 kHz and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "audio of {} samples a second is not supported; let the provider send 8000, 16000, 24000 or 48000",
    .0.rate
)]
pub struct UnsupportedFormat(pub MediaFormat);
