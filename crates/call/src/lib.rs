//! The vocabulary of a call, one for every way in and every application.
//!
//! [`CallEvent`] says what happened, [`CallCommand`] what is asked. The WebSocket protocol, the
//! Rust API and the test scripts are these two enums, spelled differently; nothing that is not
//! in them can pass between a leg and an application.
#![forbid(unsafe_code)]

mod app;
mod command;
mod digit;
mod end;
mod event;
mod info;
pub mod json;
pub mod numbers;
mod parameters;
mod queue;
pub mod record;
pub mod routes;
pub mod turns;

pub use app::AppStats;
pub use command::{CallCommand, CommandKind, HangupCause, Headers, Target, TransferMode};
pub use digit::Digit;
pub use end::{EndReason, GatewayReason};
pub use event::{CallEvent, Mark, TransferOutcome, Why};
pub use info::{CallId, CallInfo, Direction};
pub use parameters::Parameters;
pub use queue::{
    AUDIO_FRAMES_MAX, App, BoxFuture, COMMANDS_MAX, Call, CallPeer, EVENTS_MAX, PLAY_SAMPLES_MAX,
    Pushed, WakeLoop, queue,
};
pub use record::{CallRecord, MediaRecord, Records, why};
pub use trunkline_audio::{AudioFrame, FRAME_SAMPLES, SAMPLE_RATE_HZ};
