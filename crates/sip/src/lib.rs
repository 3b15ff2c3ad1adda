//! SIP without I/O: messages, transactions, dialogs, digest, registrar, and the endpoint that joins them.
#![forbid(unsafe_code)]

pub mod digest;
pub mod framing;
pub mod header;
pub mod message;
pub mod uri;

mod span;

pub use header::{Key, Name};
pub use message::{Builder, Malformed, Message, Method};
pub use uri::Uri;
