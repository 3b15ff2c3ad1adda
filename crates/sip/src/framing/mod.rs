//! Messages out of a byte stream: TCP and TLS (RFC 3261 §18.3, RFC 5626 §3.5.1).
//!
//! On a stream a message ends where its Content-Length says. A message whose end cannot be known
//! beyond doubt is reported once, so that it can be answered, and the connection is to be closed:
//! whatever follows could be read in two ways.

use std::time::{Duration, Instant};

use crate::message::parse::{Head, head_end};
use crate::message::{Fault, MESSAGE_BYTES_MAX, Malformed, Message};

/// How long a message may take from its first byte to its last.
pub const MESSAGE_TIME_MAX: Duration = Duration::from_secs(10);

/// How far apart the two line ends of one ping may arrive. Lone ones that come later are the pongs
/// to pings of ours, and two pongs are not a ping.
const PING_SPLIT_MAX: Duration = Duration::from_secs(1);

/// What the framer is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes that arrived.
    Bytes(&'a [u8]),
    /// The deadline of [`Output::Timeout`] has passed.
    Timeout,
}

/// What the framer says.
#[derive(Debug)]
pub enum Output {
    /// A whole message, or what is wrong with one and may be answered.
    Message(Result<Message, Malformed>),
    /// The peer sent a keep-alive: write [`PONG`] to it. Pings that arrive together get one pong.
    Pong,
    /// Close the connection once the answer is written; what arrives from now on is ignored.
    Close(Closed),
    /// Nothing more until the next input, or this time.
    Timeout(Option<Instant>),
}

/// The answer to a keep-alive.
pub const PONG: &[u8] = b"\r\n";

/// Why a stream cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The end of a message is unknown.
    Framing(Fault),
    /// A message was not finished within the time limit.
    TooSlow,
}

/// Cuts one stream into messages. Holds at most one unfinished message, of
/// [`MESSAGE_BYTES_MAX`] bytes, beside the input it was last given.
#[derive(Debug)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// How far the buffer is known to hold no end of headers.
    scanned: usize,
    /// The headers of the message whose body is still arriving, and its length.
    head: Option<(Head, usize)>,
    time_limit: Duration,
    now: Option<Instant>,
    deadline: Option<Instant>,
    /// Line ends seen since the last message; two are a ping.
    line_ends: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// To be reported.
    Closing(Closed),
    Closed,
}

impl Default for StreamFramer {
    fn default() -> Self {
        Self::new(MESSAGE_TIME_MAX)
    }
}

impl StreamFramer {
    /// A framer for a new connection, with the time a message may take to arrive.
    pub fn new(time_limit: Duration) -> Self {
        Self {
            buffer: Vec::new(),
            scanned: 0,
            head: None,
            time_limit,
            now: None,
            deadline: None,
            line_ends: 0,
            state: State::Open,
        }
    }

    /// Takes what arrived. Poll [`StreamFramer::poll_output`] until it says `Timeout` afterwards.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        let before = self.now.replace(now);
        let pause = before.map(|before| now.saturating_duration_since(before));
        if pause.is_some_and(|pause| pause > PING_SPLIT_MAX) {
            self.line_ends = 0;
        }
        if self.state != State::Open {
            return;
        }
        if let Input::Bytes(bytes) = input {
            self.buffer.extend_from_slice(bytes);
        } else if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.close(Closed::TooSlow);
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Output {
        match self.state {
            State::Open => {}
            State::Closing(why) => {
                self.state = State::Closed;
                return Output::Close(why);
            }
            State::Closed => return Output::Timeout(None),
        }
        if self.head.is_none() {
            if self.take_line_ends() {
                return Output::Pong;
            }
            if let Some(malformed) = self.take_head() {
                return Output::Message(Err(malformed));
            }
        }
        if let Some(message) = self.take_message() {
            return Output::Message(message);
        }
        self.set_deadline();
        Output::Timeout(self.deadline)
    }

    /// Drops CRLFs before a message; says whether there was a ping among them.
    fn take_line_ends(&mut self) -> bool {
        let (pairs, _) = self.buffer.as_chunks::<2>();
        let pairs = pairs.iter().take_while(|pair| *pair == b"\r\n").count();
        self.buffer.drain(..pairs * 2);
        self.scanned = self.scanned.saturating_sub(pairs * 2);
        self.line_ends += pairs;
        let ping = self.line_ends >= 2;
        self.line_ends %= 2;
        ping
    }

    /// Cuts the headers off once they are whole. An error closes the stream.
    fn take_head(&mut self) -> Option<Malformed> {
        // An empty line may straddle two inputs: look again at the last three bytes.
        let from = self.scanned.saturating_sub(3);
        let end = head_end(&self.buffer[from..]).map(|end| from + end);
        self.scanned = self.buffer.len();
        let end = match end {
            Some(end) if end <= MESSAGE_BYTES_MAX => end,
            None if self.buffer.len() <= MESSAGE_BYTES_MAX => return None,
            _ => {
                let head = Head::cut(&self.buffer[..MESSAGE_BYTES_MAX]);
                return Some(self.refuse(head, Fault::TooLarge));
            }
        };
        let head = Head::cut(&self.buffer[..end]);
        match head.framed_length() {
            Ok(length) if end.saturating_add(length) > MESSAGE_BYTES_MAX => {
                Some(self.refuse(head, Fault::TooLarge))
            }
            Ok(length) => {
                self.buffer.drain(..end);
                self.head = Some((head, length));
                None
            }
            Err(fault) => Some(self.refuse(head, fault)),
        }
    }

    fn take_message(&mut self) -> Option<Result<Message, Malformed>> {
        let (head, length) = self.head.take()?;
        if self.buffer.len() < length {
            self.head = Some((head, length));
            return None;
        }
        let message = head.with_body(&self.buffer[..length]);
        self.buffer.drain(..length);
        self.scanned = 0;
        self.line_ends = 0;
        self.deadline = None;
        Some(message)
    }

    fn refuse(&mut self, head: Head, fault: Fault) -> Malformed {
        self.close(Closed::Framing(fault));
        head.malformed(fault)
    }

    fn close(&mut self, why: Closed) {
        self.state = State::Closing(why);
        self.buffer = Vec::new();
        self.head = None;
        self.deadline = None;
    }

    /// The time limit runs from the first byte of a message: bytes that trickle do not extend it.
    fn set_deadline(&mut self) {
        let unfinished = self.head.is_some() || !self.buffer.is_empty();
        self.deadline = match (unfinished, self.deadline) {
            (true, None) => self.now.map(|now| now + self.time_limit),
            (true, deadline) => deadline,
            (false, _) => None,
        };
    }
}
