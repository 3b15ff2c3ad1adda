//! A provider's media stream as a call, in virtual time, with a provider that queues and plays
//! what it gets as a real one does.

mod calls;
#[path = "../../../streams/tests/dialects/mod.rs"]
mod dialects;
mod greeting;
mod heard;
mod hostile;
mod mutated;
mod rig;
mod said;
mod turns;
