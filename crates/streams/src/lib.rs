//! How an application hears a call: an [`AppWire`] is a leg turned round. It takes the call's
//! events, the bytes of its own connection and the time, and gives commands, bytes and its next
//! deadline. One file a dialect, all listed in [`dialect`]; [`Echo`] and [`QueueWire`]
//! are applications without a connection.
#![forbid(unsafe_code)]

pub mod audiosocket;
pub mod chan_websocket;
pub mod dialect;
pub mod document;
mod downlink;
mod echo;
pub mod exotel;
mod heartbeat;
pub mod jambonz;
mod line;
mod marks;
pub mod mod_audio_stream;
mod outbox;
pub mod pipecat;
pub mod plivo;
mod queue;
mod reconnect;
pub mod stream;
mod stream_app;
pub mod telnyx;
pub mod trunkline;
pub mod twilio;
pub mod vonage;
mod wire;

pub use dialect::{
    AnswerMode, BadSampleRate, Codecs, Dialect, SampleRate, StreamDialect, UnknownDialect,
    WireOptions,
};
pub use document::Document;
pub use downlink::{AUDIO_BACKLOG_BYTES_MAX, HELD_FRAMES_MAX};
pub use echo::Echo;
pub use heartbeat::{PING_EVERY, PINGS_MISSED_MAX};
pub use marks::MARKS_MAX;
pub use queue::QueueWire;
pub use reconnect::{OnLost, PIECE_SAMPLES_MAX, Reconnecting};
pub use stream_app::StreamApp;
pub use trunkline::Trunkline;
pub use trunkline_call::AppStats;
pub use wire::{AppInput, AppOutput, AppWire, CloseCode, Frame, MESSAGE_BYTES_MAX};
