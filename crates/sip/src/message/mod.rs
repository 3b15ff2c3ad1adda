//! SIP messages: one buffer, spans into it, headers read when asked for.
//!
//! A [`Message`] is always well formed: [`Message::parse`] refuses what is not, with what may be
//! answered. It holds its header section unfolded and in UTF-8 (a line that is not UTF-8 is taken
//! for Latin-1), so every value is a plain `&str`; the body is kept byte for byte.
//!
//! Line ends have one rule: in the header section CR and LF stand only together. Anything else is
//! malformed, so no two readers can disagree about where a header ends.

mod builder;
mod check;
mod edit;
mod malformed;
mod method;
pub(crate) mod parse;
mod typed;

use std::sync::Arc;

pub use builder::Builder;
pub use malformed::{Fault, Malformed};
pub use method::Method;

use crate::header::lex::split_list;
use crate::header::{Key, Name};
use crate::span::Span;

/// The largest message read, in bytes: what a UDP datagram can hold.
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// Header lines a message may have.
pub const HEADERS_MAX: usize = 256;
/// The longest header line, unfolded, in bytes.
pub const LINE_BYTES_MAX: usize = 8_192;

/// A SIP request or response. Cloning is cheap: clones share the buffer.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    bytes: Vec<u8>,
    start: Start,
    fields: Vec<Field>,
    body: Span,
}

#[derive(Clone, Debug)]
enum Start {
    Request { method: Method, uri: Span },
    Response { status: u16, reason: Span },
}

/// One header line.
#[derive(Clone, Copy, Debug)]
struct Field {
    known: Option<Name>,
    name: Span,
    value: Span,
}

impl Message {
    /// Whether it is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.0.start, Start::Request { .. })
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&Method> {
        match &self.0.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The Request-URI as it is written.
    pub fn request_uri_str(&self) -> Option<&str> {
        match self.0.start {
            Start::Request { uri, .. } => Some(self.text(uri)),
            Start::Response { .. } => None,
        }
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<u16> {
        match self.0.start {
            Start::Response { status, .. } => Some(status),
            Start::Request { .. } => None,
        }
    }

    /// The reason phrase of a response; may be empty.
    pub fn reason(&self) -> Option<&str> {
        match self.0.start {
            Start::Response { reason, .. } => Some(self.text(reason)),
            Start::Request { .. } => None,
        }
    }

    /// The value of the first line of this header, unfolded and trimmed.
    pub fn header<'k>(&self, key: impl Into<Key<'k>>) -> Option<&str> {
        self.lines(key.into()).next()
    }

    /// The values of every line of this header. A list header's lines are split at their commas.
    pub fn headers<'k>(&self, key: impl Into<Key<'k>>) -> impl Iterator<Item = &str> {
        let key = key.into();
        let list = matches!(key, Key::Known(name) if name.is_list());
        let lines = self.lines(key);
        lines.flat_map(move |line| {
            // An iterator of one type for both: the whole line, or its parts.
            let whole = (!list).then_some(line);
            whole
                .into_iter()
                .chain(list.then(|| split_list(line)).into_iter().flatten())
        })
    }

    /// Every header line in order: name and value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .fields
            .iter()
            .map(|field| (self.text(field.name), self.text(field.value)))
    }

    /// The body, byte for byte; empty when there is none.
    pub fn body(&self) -> &[u8] {
        self.0.body.bytes_of(&self.0.bytes)
    }

    /// The message as it goes on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// A copy of the message as it goes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.bytes.clone()
    }

    /// The lines of a header, each whole.
    fn lines<'k>(&self, key: Key<'k>) -> impl Iterator<Item = &str> + use<'_, 'k> {
        let fields = self
            .0
            .fields
            .iter()
            .filter(move |field| match (key, field.known) {
                (Key::Known(wanted), known) => known == Some(wanted),
                (Key::Other(wanted), None) => self.text(field.name).eq_ignore_ascii_case(wanted),
                (Key::Other(_), Some(_)) => false,
            });
        fields.map(|field| self.text(field.value))
    }

    fn text(&self, span: Span) -> &str {
        span.text_of(&self.0.bytes)
    }
}

/// The same bytes are the same message.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes == other.0.bytes
    }
}

impl Eq for Message {}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({:?})", String::from_utf8_lossy(&self.0.bytes))
    }
}
