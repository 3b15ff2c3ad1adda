//! What a wire wants done, in order, with the buffers that the outputs borrow.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::Range;

use serde_json::Value;
use trunkline_call::{CallCommand, GatewayReason};

use crate::document::{Errand, ErrandId};
use crate::{AppOutput, Frame};

/// What a buffer keeps for the next message: two seconds of 16 kHz. More than that is given back.
const SAMPLES_KEPT: usize = 32_768;
const BYTES_KEPT: usize = 65_536;

#[derive(Debug)]
enum Item {
    Text(Range<usize>),
    Binary(Range<usize>),
    Ping,
    Close(u16),
    Command(CallCommand<'static>),
    Play(Range<usize>),
    Redial,
    Absent(bool),
    Errand(ErrandId, Errand),
    End(GatewayReason),
}

/// Filled by `handle_input`, emptied by `poll_output`. Its buffers are reused, so audio does not
/// allocate.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: VecDeque<Item>,
    texts: String,
    bytes: Vec<u8>,
    samples: Vec<i16>,
}

impl Outbox {
    /// A JSON text message.
    pub(crate) fn text(&mut self, object: &Value) {
        let start = self.texts.len();
        // Writing to a String cannot fail.
        let _ = write!(self.texts, "{object}");
        self.items.push_back(Item::Text(start..self.texts.len()));
    }

    /// A message as it is.
    pub(crate) fn message(&mut self, frame: Frame<'_>) {
        match frame {
            Frame::Text(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                self.items.push_back(Item::Text(start..self.texts.len()));
            }
            Frame::Binary(bytes) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                self.items.push_back(Item::Binary(start..self.bytes.len()));
            }
            Frame::Ping => self.ping(),
        }
    }

    /// Up to `len` samples to speak; `write` fills them and says how many.
    pub(crate) fn play(&mut self, len: usize, write: impl FnOnce(&mut [i16]) -> usize) -> usize {
        let start = self.samples.len();
        self.samples.resize(start + len, 0);
        let written = write(self.samples.get_mut(start..).unwrap_or_default());
        self.samples.truncate(start + written);
        if written > 0 {
            self.items.push_back(Item::Play(start..start + written));
        }
        written
    }

    /// A command for the leg.
    pub(crate) fn command(&mut self, command: CallCommand<'static>) {
        self.items.push_back(Item::Command(command));
    }

    /// A ping.
    pub(crate) fn ping(&mut self) {
        self.items.push_back(Item::Ping);
    }

    /// The end of the connection.
    pub(crate) fn close(&mut self, code: u16) {
        self.items.push_back(Item::Close(code));
    }

    /// Another connection to the application.
    pub(crate) fn redial(&mut self) {
        self.items.push_back(Item::Redial);
    }

    /// The application is not there from here on, or is there again.
    pub(crate) fn absent(&mut self, absent: bool) {
        self.items.push_back(Item::Absent(absent));
    }

    /// Something to be done for a document.
    pub(crate) fn errand(&mut self, id: ErrandId, errand: Errand) {
        self.items.push_back(Item::Errand(id, errand));
    }

    /// The end of the call.
    pub(crate) fn end(&mut self, reason: GatewayReason) {
        self.items.push_back(Item::End(reason));
    }

    /// The next thing to do; `None` once all is done.
    pub(crate) fn next(&mut self) -> Option<AppOutput<'_>> {
        let Some(item) = self.items.pop_front() else {
            self.reset();
            return None;
        };
        Some(match item {
            Item::Text(range) => {
                AppOutput::Send(Frame::Text(self.texts.get(range).unwrap_or_default()))
            }
            Item::Binary(range) => {
                AppOutput::Send(Frame::Binary(self.bytes.get(range).unwrap_or_default()))
            }
            Item::Play(range) => {
                let samples = self.samples.get(range).unwrap_or_default();
                AppOutput::Command(CallCommand::Play(Cow::Borrowed(samples)))
            }
            Item::Ping => AppOutput::Send(Frame::Ping),
            Item::Close(code) => AppOutput::Close(code),
            Item::Command(command) => AppOutput::Command(command),
            Item::Redial => AppOutput::Redial,
            Item::Absent(absent) => AppOutput::Absent(absent),
            Item::Errand(id, errand) => AppOutput::Errand(id, errand),
            Item::End(reason) => AppOutput::End(reason),
        })
    }

    /// Empties the buffers. What one large message needed is not kept for the rest of the call.
    fn reset(&mut self) {
        self.texts.clear();
        self.texts.shrink_to(BYTES_KEPT);
        self.bytes.clear();
        self.bytes.shrink_to(BYTES_KEPT);
        self.samples.clear();
        self.samples.shrink_to(SAMPLES_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drain(outbox: &mut Outbox) -> usize {
        std::iter::from_fn(|| outbox.next().map(drop)).count()
    }

    #[test]
    fn buffers_do_not_grow_with_a_call() {
        let mut outbox = Outbox::default();
        for _ in 0..10_000 {
            outbox.text(&json!({"type": "held"}));
            outbox.message(Frame::Binary(&[1; 640]));
            outbox.play(320, |samples| samples.len());
            assert_eq!(drain(&mut outbox), 3);
        }
        let held = outbox.texts.capacity() + outbox.bytes.capacity() + outbox.samples.capacity();
        assert!(held < 4_096, "{held}");
    }

    #[test]
    fn what_one_large_message_needed_is_given_back() {
        let mut outbox = Outbox::default();
        outbox.play(1 << 20, |samples| samples.len());
        outbox.message(Frame::Binary(&vec![0; 1 << 20]));
        outbox.text(&json!("x".repeat(1 << 20)));
        assert_eq!(drain(&mut outbox), 3);
        assert!(outbox.samples.capacity() <= SAMPLES_KEPT);
        assert!(outbox.bytes.capacity() <= BYTES_KEPT);
        assert!(outbox.texts.capacity() <= BYTES_KEPT);
    }

    #[test]
    fn outputs_come_in_order_and_borrow_what_was_put_in() {
        let mut outbox = Outbox::default();
        outbox.text(&json!("one"));
        outbox.text(&json!("two"));
        outbox.close(1000);
        assert!(matches!(
            outbox.next(),
            Some(AppOutput::Send(Frame::Text("\"one\"")))
        ));
        assert!(matches!(
            outbox.next(),
            Some(AppOutput::Send(Frame::Text("\"two\"")))
        ));
        assert!(matches!(outbox.next(), Some(AppOutput::Close(1000))));
        assert!(outbox.next().is_none());
    }

    #[test]
    fn samples_that_were_not_written_are_not_played() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.play(10, |_| 0), 0);
        assert_eq!(drain(&mut outbox), 0);
    }
}
