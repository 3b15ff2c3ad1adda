//! Which dialect a provider speaks, where the path of its connection does not say.

use serde_json::Value;
use thiserror::Error;

use crate::Frame;
use crate::dialect::{STREAMS, StreamDialect};

/// So many messages tell the dialect, or none will.
pub const OPENING_MESSAGES_MAX: usize = 2;
/// How much of a message is repeated in [`UnknownStream`], in characters.
const SEEN_CHARS_MAX: usize = 120;

/// An early message of the provider's end.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The message.
    pub frame: Frame<'a>,
    json: Value,
}

impl<'a> Opening<'a> {
    /// Reads a message once for every dialect that asks about it.
    pub fn new(frame: Frame<'a>) -> Self {
        let json = match frame {
            Frame::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Value::Null,
        };
        Self { frame, json }
    }

    /// Whether it is JSON with a value at this place (RFC 6901).
    pub fn has(&self, pointer: &str) -> bool {
        self.json
            .pointer(pointer)
            .is_some_and(|value| !value.is_null())
    }

    /// Whether it is JSON with this string at this place.
    pub fn is(&self, pointer: &str, text: &str) -> bool {
        self.json.pointer(pointer).and_then(Value::as_str) == Some(text)
    }
}

/// What the first messages tell.
#[derive(Debug)]
pub enum Detected {
    /// They are of this dialect.
    Dialect(&'static StreamDialect),
    /// Nothing yet: `connected`, which several dialects say alike.
    NotYet,
}

/// The first messages are of no dialect of this build.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "no known media stream begins with {seen}; name the provider in the path, \
     /sip/<provider>/media-stream, or check what connects here"
)]
pub struct UnknownStream {
    /// The beginning of what was seen, escaped.
    pub seen: String,
}

/// The dialect of a connection, by the shape of its first messages: every one that came so far.
/// A bare `connected` is never taken for an answer.
///
/// # Errors
/// When [`OPENING_MESSAGES_MAX`] messages have come and none of them tells.
pub fn detect(messages: &[Frame<'_>]) -> Result<Detected, UnknownStream> {
    for frame in messages.iter().take(OPENING_MESSAGES_MAX) {
        let opening = Opening::new(*frame);
        if let Some(dialect) = STREAMS.iter().find(|dialect| (dialect.opens)(&opening)) {
            return Ok(Detected::Dialect(dialect));
        }
    }
    match messages.last() {
        Some(last) if messages.len() >= OPENING_MESSAGES_MAX => {
            Err(UnknownStream { seen: seen(*last) })
        }
        _ => Ok(Detected::NotYet),
    }
}

fn seen(frame: Frame<'_>) -> String {
    match frame {
        Frame::Text(text) => {
            let head: String = text.chars().take(SEEN_CHARS_MAX).collect();
            format!("{head:?}")
        }
        Frame::Binary(bytes) => format!("a binary message of {} bytes", bytes.len()),
        Frame::Ping => "a ping".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_connected_tells_nothing_and_two_of_them_are_an_error() {
        let connected = Frame::Text(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#);
        assert!(matches!(detect(&[]), Ok(Detected::NotYet)));
        assert!(matches!(detect(&[connected]), Ok(Detected::NotYet)));
        let error = detect(&[connected, connected]).unwrap_err().to_string();
        assert!(error.contains(r#"\"protocol\":\"Call\""#), "{error}");
    }

    #[test]
    fn what_was_seen_is_escaped_and_short() {
        let long = format!("\u{1b}[2J{}", "x".repeat(10_000));
        let error = detect(&[Frame::Ping, Frame::Text(&long)]).unwrap_err();
        assert!(
            !error.seen.contains('\u{1b}') && error.seen.len() < 200,
            "{error}"
        );
        let error = detect(&[Frame::Binary(&[0; 320]); 2]).unwrap_err();
        assert!(error.seen.contains("320 bytes"), "{error}");
    }
}
