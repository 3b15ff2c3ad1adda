//! SIP without I/O: messages, transactions, dialogs, digest, registrar, and the endpoint that joins them.
#![forbid(unsafe_code)]

pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod framing;
pub mod header;
pub mod locate;
pub mod message;
pub mod registrar;
pub mod registration;
pub mod uri;
pub mod user_agent;

mod span;
mod transaction;

pub use header::{Key, Name};
pub use message::{Builder, Malformed, Message, Method};
pub use transaction::{Timer, Timing};
pub use uri::Uri;
