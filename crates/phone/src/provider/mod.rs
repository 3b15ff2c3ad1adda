//! The provider's side of a call over a media stream, against any server: what Twilio, Telnyx and
//! their kin ask, send, play and expect, and a verdict on what the server made of it.
//!
//! [`Simulator`] is the stream, a machine without I/O: the same words as the gateway's own dialects
//! (`trunkline_streams::stream`), paced as a provider paces them. [`webhook`] is what comes before
//! it. [`call`] drives the machine over a connection, and [`Report`] says what came of it.

mod faults;
mod line;
mod plan;
mod playing;
mod report;
mod rules;
mod seen;
mod simulator;
pub mod webhook;

#[cfg(test)]
mod tests;

pub use faults::{FAULTS_MAX, Fault};
pub use line::{CallError, Opening, Transport, call};
pub use plan::{KEY_EVERY, PAUSE, Plan};
pub use playing::QUEUE_SAMPLES_MAX;
pub use report::{Counts, End, Report};
pub use simulator::{CLOSE_MAX, Input, Output, Simulator};
