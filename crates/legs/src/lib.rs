//! The ways in: a [`Leg`] turns bytes, commands and time into call events, bytes and deadlines.
//!
//! [`sip::SipLeg`] is a call over SIP and RTP; [`bridge::Bridge`] joins two legs. Nothing here
//! does I/O or reads a clock.
#![forbid(unsafe_code)]

pub mod bridge;
mod leg;
pub mod sip;
mod stats;

pub use leg::{DialNews, DialPurpose, Input, Leg, Output, Port};
pub use stats::{Description, KeyWay, Stats};
