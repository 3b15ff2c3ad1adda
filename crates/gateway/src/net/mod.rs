//! The system calls of the media path and the addresses they need.

mod datagrams;
mod descriptors;
mod facing;
mod ports;
mod taken;

pub use datagrams::Datagrams;
pub use descriptors::{descriptors_open, raise_descriptor_limit};
pub use facing::Facing;
pub use ports::{PortPool, bind};
pub use taken::CannotListen;
