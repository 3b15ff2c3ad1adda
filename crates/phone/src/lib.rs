//! The other side of a call: what `call`, `demo` and `bench` are made of.
//!
//! [`softphone`] is one telephone, made of the gateway's own endpoint and leg; [`caller`] is somebody who
//! follows a script on it. [`load`] is many
//! callers at once, made to be far cheaper than what it measures, and [`standin`] is an application
//! of the same kind. [`provider`] is the other side of a media stream: a provider and its caller. What a call sounded like is judged from the packets alone: [`tape`] puts them
//! on a time line, [`alignment`] finds one side in the other, [`ladder`] says who sent what when,
//! [`words`] compares what was heard with what was said, and [`page`] draws all of it. [`murmur`] is a voice where none is
//! to be had.
//!
//! This crate has sockets, threads and a clock; nothing of it runs in a gateway that serves calls.

pub mod alignment;
pub mod caller;
pub mod ladder;
pub mod load;
pub mod murmur;
pub mod page;
pub mod provider;
pub mod softphone;
pub mod standin;
pub mod tape;
pub mod words;
