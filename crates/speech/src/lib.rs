//! Models in the process: what hears and speaks without any server.
//!
//! Everything here is synchronous and keeps whoever calls it busy for as long as the model takes; on
//! which thread that is, is the caller's business. Samples are 16 kHz, 16 bit, mono. No file is
//! opened but those of the models, which are given by path.
#![forbid(unsafe_code)]

pub mod english;
pub mod ggml;
#[cfg(feature = "rten")]
pub mod hibari;
#[cfg(feature = "whisper")]
pub mod whisper;
