//! A provider's media stream as a call, in virtual time, with a provider that queues and plays
//! what it gets as a real one does.

mod calls;
mod greeting;
mod heard;
mod hostile;
mod rig;
mod said;
