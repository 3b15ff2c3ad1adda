//! Messages that are none, and what may be answered to them.

use super::{Builder, Message, Method};
use crate::header::{Invalid, Name};

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing but line ends.
    Empty,
    /// Longer than `MESSAGE_BYTES_MAX`.
    TooLarge,
    /// No empty line ends the headers.
    Unterminated,
    /// A CR without LF or a LF without CR among the headers.
    BareLineEnd,
    /// A control byte that no backslash in a quoted string excuses.
    ControlByte,
    /// The first line is neither a request line nor a status line.
    StartLine(&'static str),
    /// A request in a version other than 2.0.
    Version,
    /// A header line without a token and a colon.
    HeaderName,
    /// A line longer than `LINE_BYTES_MAX`.
    LineTooLong,
    /// More headers than `HEADERS_MAX`.
    TooManyHeaders,
    /// A header that every message needs is not there.
    Missing(Name),
    /// A header that may stand once stands several times.
    Repeated(Name),
    /// A header does not follow its grammar.
    Header(Invalid),
    /// The CSeq method is not the request's.
    MethodMismatch,
    /// Content-Length announces more bytes than there are.
    BodyTooShort,
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Fault::Header(invalid)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Empty => f.write_str("the message is empty"),
            Fault::TooLarge => f.write_str("the message is larger than the limit"),
            Fault::Unterminated => f.write_str("no empty line ends the headers"),
            Fault::BareLineEnd => f.write_str("a line does not end in CRLF"),
            Fault::ControlByte => f.write_str("a header holds a control character"),
            Fault::StartLine(why) => write!(f, "first line: {why}"),
            Fault::Version => f.write_str("the version is not SIP/2.0"),
            Fault::HeaderName => f.write_str("a header line has no name and colon"),
            Fault::LineTooLong => f.write_str("a header line is longer than the limit"),
            Fault::TooManyHeaders => f.write_str("there are more headers than the limit"),
            Fault::Missing(name) => write!(f, "{name} is missing"),
            Fault::Repeated(name) => write!(f, "{name} stands more than once"),
            Fault::Header(invalid) => invalid.fmt(f),
            Fault::MethodMismatch => f.write_str("CSeq: the method is not the request's"),
            Fault::BodyTooShort => f.write_str("Content-Length is larger than the body"),
        }
    }
}

/// A message that cannot be used, with what could be read of it.
#[derive(Clone, Debug)]
pub struct Malformed {
    fault: Fault,
    /// The headers that were readable, in a message that is good for nothing but an answer.
    readable: Option<Message>,
}

impl Malformed {
    pub(super) fn new(fault: Fault, readable: Option<Message>) -> Self {
        Self { fault, readable }
    }

    /// What is wrong.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The status to answer with; `None` for what gets no answer: a response, an ACK, and what
    /// neither begins nor goes on like SIP.
    pub fn status(&self) -> Option<u16> {
        let readable = self.readable.as_ref()?;
        let method = readable.method().filter(|method| **method != Method::Ack)?;
        if readable.header(Name::Via).is_none() && matches!(self.fault, Fault::StartLine(_)) {
            return None;
        }
        Some(match self.fault {
            Fault::Version => 505,
            Fault::TooLarge => 513,
            // RFC 4475 §3.1.2.18: an unknown method comes before what is wrong with it.
            Fault::MethodMismatch if matches!(method, Method::Other(_)) => 501,
            _ => 400,
        })
    }

    /// The answer, with the Via, From, To, Call-ID and CSeq that could be read. The caller adds
    /// the To tag ([`Builder::to_tag`]).
    pub fn answer(&self) -> Option<Builder> {
        let status = self.status()?;
        let reason = match status {
            501 => "Not Implemented".to_owned(),
            505 => "Version Not Supported".to_owned(),
            513 => "Message Too Large".to_owned(),
            _ => format!("Bad Request ({})", self.fault),
        };
        Some(self.readable.as_ref()?.response(status, &reason))
    }

    /// What could be read, for a log or a trace. Not a valid message.
    pub fn readable(&self) -> Option<&Message> {
        self.readable.as_ref()
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for Malformed {}
