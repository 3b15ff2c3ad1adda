//! Session descriptions (RFC 8866): parsed from bytes that may be hostile, printed for the wire.
//!
//! The parser is lenient where the world is and strict where a guess would be dangerous:
//!
//! * A line that decides where media goes or what is in it (`v=`, `c=`, `m=`, the direction)
//!   must be right, and stated once, or the description is refused by line and reason.
//! * `o=` is compared, never calculated with: an unintelligible one is taken as missing.
//! * `s=` and `t=` may be missing. Lines end in CRLF, LF or CR; empty lines are skipped.
//! * `a=` and `b=` are kept, also the unknown ones; a malformed `b=` is dropped.
//! * Every other letter is skipped. RFC 8866 §5 would have unknown letters end the parse, but a
//!   call lost for a line that changes nothing helps nobody.

mod address;
mod description;
mod direction;
mod error;
mod format;
mod parse;
mod print;

pub use address::{Address, AddressFault, media_address_fault};
pub use description::{Attribute, Bandwidth, Media, Origin, RtcpAddress, SessionDescription};
pub use direction::Direction;
pub use error::{SdpError, SdpFault};
pub use format::Encoding;

/// The longest description read, in bytes.
pub const SDP_BYTES_MAX: usize = 32 * 1024;
/// The most lines read.
pub const SDP_LINES_MAX: usize = 512;
/// The most media sections (`m=` lines) read.
pub const SDP_MEDIA_MAX: usize = 16;
/// The most formats on one `m=` line.
pub const SDP_FORMATS_MAX: usize = 64;
