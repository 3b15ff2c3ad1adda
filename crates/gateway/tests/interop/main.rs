//! Calls with programs by other people: SIPp, Asterisk, baresip, Linphone, Pipecat, the packages of providers; servers for the
//! voice agent; and Autobahn, for WebSockets; and with the
//! system itself where it must grant something.
//!
//! `cargo xtask test` runs these with every peer it finds and says at its end which were used.

#[path = "../support/mod.rs"]
mod support;

#[path = "../../src/shard/scripted.rs"]
mod scripted;

mod asterisk;
mod asterisk_ari;
mod asterisk_calls;
mod asterisk_changes;
mod asterisk_streams;
mod autobahn;
mod baresip;
mod engines;
mod linphone;
mod peer;
mod pipecat;
#[cfg(target_os = "linux")]
mod priority;
mod providers;
mod sipp;
