//! Why a description is refused, and at which line.

use crate::sdp::{SDP_BYTES_MAX, SDP_FORMATS_MAX, SDP_LINES_MAX, SDP_MEDIA_MAX};

/// A description that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SDP line {line}: {fault}")]
pub struct SdpError {
    /// The line at fault, counted from 1, empty lines included.
    pub line: usize,
    /// What is wrong with it.
    pub fault: SdpFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpFault {
    /// Longer than [`SDP_BYTES_MAX`].
    #[error("the description is longer than {SDP_BYTES_MAX} bytes")]
    TooLong,
    /// More than [`SDP_LINES_MAX`] lines.
    #[error("more than {SDP_LINES_MAX} lines")]
    TooManyLines,
    /// More than [`SDP_MEDIA_MAX`] media sections.
    #[error("more than {SDP_MEDIA_MAX} media sections")]
    TooManyMedia,
    /// More than [`SDP_FORMATS_MAX`] formats on an `m=` line.
    #[error("more than {SDP_FORMATS_MAX} formats")]
    TooManyFormats,
    /// The description does not begin with `v=0`.
    #[error("a description begins with `v=0`")]
    NotVersionZero,
    /// Not of the form `letter=value`.
    #[error("a line has the form `letter=value`")]
    NotALine,
    /// A control character, which could end a line for another reader.
    #[error("control character in the value")]
    ControlCharacter,
    /// A line that may appear once appeared again.
    #[error("second `{0}=` line at this level")]
    Repeated(char),
    /// Not `c=IN IP4|IP6 address`.
    #[error("a connection has the form `c=IN IP4 address` or `c=IN IP6 address`")]
    BadConnection,
    /// Not `m=media port protocol formats`.
    #[error("a media line has the form `m=media port protocol formats`")]
    BadMedia,
    /// A port that is not a number from 0 to 65535.
    #[error("the port is not a number from 0 to 65535")]
    BadPort,
    /// Two directions at one level that say different things.
    #[error("the direction contradicts an earlier one at this level")]
    ContradictoryDirection,
}
