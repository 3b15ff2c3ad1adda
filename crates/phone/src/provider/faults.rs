//! What a server did against the rules of its provider.

use std::borrow::Cow;
use std::time::Duration;

use trunkline_streams::Frame;

/// The most kinds of faults that are kept; one more says that there were others.
pub const FAULTS_MAX: usize = 32;
/// How much of a message is shown.
const EXCERPT_CHARS: usize = 100;

/// One kind of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub what: Cow<'static, str>,
    /// How often.
    pub count: u64,
    /// When first, after the stream began.
    pub first_at: Duration,
    /// The beginning of the first message that had it, escaped; empty where it is about no message.
    pub example: String,
}

/// Every fault of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault of a message.
    pub(super) fn of_message(&mut self, at: Duration, what: &'static str, frame: Frame<'_>) {
        self.note(at, Cow::Borrowed(what), || excerpt(frame));
    }

    /// Notes a fault of the connection.
    pub(super) fn of_connection(&mut self, at: Duration, what: impl Into<Cow<'static, str>>) {
        self.note(at, what.into(), String::new);
    }

    fn note(&mut self, at: Duration, what: Cow<'static, str>, example: impl Fn() -> String) {
        let full = self.0.len() >= FAULTS_MAX && !self.0.iter().any(|fault| fault.what == what);
        let what = if full {
            Cow::Borrowed("further kinds of faults")
        } else {
            what
        };
        match self.0.iter_mut().find(|fault| fault.what == what) {
            Some(known) => known.count += 1,
            None => self.0.push(Fault {
                what,
                count: 1,
                first_at: at,
                example: example(),
            }),
        }
    }

    pub(super) fn into_list(self) -> Vec<Fault> {
        self.0
    }
}

/// What a person needs to recognise a message.
fn excerpt(frame: Frame<'_>) -> String {
    match frame {
        Frame::Text(text) => {
            let mut excerpt: String = text
                .chars()
                .take(EXCERPT_CHARS)
                .flat_map(char::escape_default)
                .collect();
            if text.chars().nth(EXCERPT_CHARS).is_some() {
                excerpt.push_str("...");
            }
            excerpt.replace("\\\"", "\"")
        }
        Frame::Binary(bytes) => format!("{} bytes", bytes.len()),
        Frame::Ping => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_faults_have_an_end_and_what_comes_after_it_is_counted() {
        let mut faults = Faults::default();
        for number in 0..FAULTS_MAX + 5 {
            faults.of_connection(Duration::ZERO, format!("fault {number}"));
        }
        let list = faults.into_list();
        assert_eq!(list.len(), FAULTS_MAX + 1);
        let last = list.last().map(|fault| (fault.what.as_ref(), fault.count));
        assert_eq!(last, Some(("further kinds of faults", 5)));
    }

    #[test]
    fn an_example_is_short_and_escaped() {
        let text = "\"\n\u{1b}[31m".repeat(50);
        let example = excerpt(Frame::Text(&text));
        assert!(example.starts_with("\"\\n\\u{1b}[31m"), "{example}");
        assert!(example.ends_with("...") && !example.contains('\u{1b}'));
    }
}
