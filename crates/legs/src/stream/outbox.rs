//! Messages on their way to the connection.

use std::collections::VecDeque;
use std::ops::Range;

use trunkline_call::{CallEvent, Headers, Target};
use trunkline_streams::Frame;
use trunkline_streams::stream::{Down, StreamCodec};

use crate::{DialPurpose, Output, Wish};

/// An output that waits to be polled.
#[derive(Debug)]
enum Queued {
    Event(CallEvent),
    Text(Range<usize>),
    Binary(Range<usize>),
    Ping,
    Close(u16),
    Dial(Box<(Target, Headers)>),
    AtProvider(Wish),
    Finished,
}

/// What a leg has to say, to its application and to its connection, in its order. Bytes of one
/// input lie one after the other in buffers that are reused for the next.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Queued>,
    texts: String,
    bytes: Vec<u8>,
}

impl Outbox {
    /// Everything given before was polled: its bytes are not needed any more.
    pub(super) fn reuse(&mut self) {
        if self.queue.is_empty() {
            self.texts.clear();
            self.bytes.clear();
        }
    }

    /// Says something in the dialect of the codec; `false` where that has no words for it.
    pub(super) fn say(&mut self, codec: &mut dyn StreamCodec, down: &Down<'_>) -> bool {
        let Some(frame) = codec.write_down(down) else {
            return false;
        };
        self.queue.push_back(match frame {
            Frame::Text(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                Queued::Text(start..self.texts.len())
            }
            Frame::Binary(bytes) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                Queued::Binary(start..self.bytes.len())
            }
            Frame::Ping => Queued::Ping,
        });
        true
    }

    pub(super) fn tell(&mut self, event: CallEvent) {
        self.queue.push_back(Queued::Event(event));
    }

    pub(super) fn ping(&mut self) {
        self.queue.push_back(Queued::Ping);
    }

    pub(super) fn close(&mut self, code: u16) {
        self.queue.push_back(Queued::Close(code));
    }

    pub(super) fn join(&mut self, target: Target, headers: Headers) {
        self.queue
            .push_back(Queued::Dial(Box::new((target, headers))));
    }

    pub(super) fn ask_provider(&mut self, wish: Wish) {
        self.queue.push_back(Queued::AtProvider(wish));
    }

    pub(super) fn finish(&mut self) {
        self.queue.push_back(Queued::Finished);
    }

    /// The next output; `None` when there is nothing more.
    pub(super) fn next(&mut self) -> Option<Output<'_>> {
        Some(match self.queue.pop_front()? {
            Queued::Event(event) => Output::Event(event),
            Queued::Text(range) => {
                Output::Send(Frame::Text(self.texts.get(range).unwrap_or_default()))
            }
            Queued::Binary(range) => {
                Output::Send(Frame::Binary(self.bytes.get(range).unwrap_or_default()))
            }
            Queued::Ping => Output::Send(Frame::Ping),
            Queued::Close(code) => Output::Close(code),
            Queued::Dial(dial) => {
                let (target, headers) = *dial;
                Output::Dial {
                    purpose: DialPurpose::Join,
                    target,
                    headers,
                }
            }
            Queued::AtProvider(wish) => Output::AtProvider(wish),
            Queued::Finished => Output::Finished,
        })
    }
}
