//! The ways in: a [`Leg`] turns bytes, commands and time into call events, bytes and deadlines.
//!
//! [`sip::SipLeg`] is a call over SIP and RTP, [`stream::StreamLeg`] one that a provider hands over
//! as a media stream; [`bridge::Bridge`] joins two legs. Nothing here
//! does I/O or reads a clock: whoever drives a leg gives it the time with every input, and then
//! does what it wants until it wants nothing more.
//!
//! ```
//! use std::time::Instant;
//! use trunkline_call::CallEvent;
//! use trunkline_legs::{Input, Leg, Output};
//!
//! /// Gives a leg one input. Returns when it wants to be woken; `None` once it is finished.
//! fn drive(leg: &mut dyn Leg, now: Instant, input: Input<'_>) -> Option<Option<Instant>> {
//!     leg.handle_input(now, input);
//!     loop {
//!         match leg.poll_output() {
//!             Output::Timeout(at) => return Some(at),
//!             Output::Transmit { port, destination, bytes } => {
//!                 println!("{} bytes to {destination} by {port:?}", bytes.len());
//!             }
//!             Output::Signal(action) => println!("for the SIP endpoint: {action:?}"),
//!             Output::Event(CallEvent::Audio { frame, .. }) => println!("heard {frame:?}"),
//!             Output::Event(event) => println!("for the application: {event:?}"),
//!             Output::Dial { target, .. } => println!("wants {} called", target.as_str()),
//!             Output::Send(frame) => println!("for its connection: {frame:?}"),
//!             Output::Close(code) => println!("its connection is done: {code}"),
//!             Output::AtProvider(_) => println!("for the provider's REST interface"),
//!             Output::Finished => return None,
//!         }
//!     }
//! }
//! ```
#![forbid(unsafe_code)]

pub mod bridge;
mod leg;
pub mod sip;
mod stats;
pub mod stream;
mod turns;

pub use leg::{DialNews, DialPurpose, Input, Leg, Output, Port, Wish};
pub use stats::{Description, KeyWay, Stats};
