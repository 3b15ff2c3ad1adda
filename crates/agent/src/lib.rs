//! The voice agent: hears a caller, has speech, language and voice engines answer, and speaks.
//!
//! [`Conversation`] decides all of it and does none: a state machine that knows no runtime, no
//! socket and no clock. It orders transcripts, answers and voices by [`Job`], and takes them back.
//! [`Agent`] drives it as an application in tokio, with [`engines`] behind four small traits.
#![forbid(unsafe_code)]

mod agent;
pub mod conversation;
pub mod engines;
mod history;
mod realtime;
mod sentences;
mod settings;
mod tools;
mod work;

pub use agent::{Agent, Engines};
pub use conversation::{Conversation, Engine, Input, Job, Note, Output};
pub use history::{ENTRIES_MAX, Message, ToolCall};
pub use realtime::{RealtimeAgent, RealtimeEngines};
pub use settings::{Phrases, Settings, Sounds, ToolSpec};
