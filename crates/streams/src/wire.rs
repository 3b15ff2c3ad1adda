//! The two verbs of every application wire.

use std::time::Instant;

use trunkline_call::{AppStats, CallCommand, CallEvent, GatewayReason};

use crate::document::{Brought, Errand, ErrandId};

/// The longest message that a connection takes from an application: five minutes of speech at
/// 24 kHz. A longer one is [`AppInput::BrokenFraming`].
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// A WebSocket message, or whatever plays its part on another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text message; the connection has proven that it is UTF-8.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping that keeps the connection alive; the answer comes as [`AppInput::Pong`].
    Ping,
}

/// How a connection was closed by the application's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// A close frame with this code; 1005 stands for a close frame without one.
    Frame(u16),
    /// No close frame: reset, end of stream, or a failed write.
    Abnormal,
}

/// What reaches an application wire.
#[derive(Debug)]
pub enum AppInput<'a> {
    /// A deadline given by [`AppOutput::Timeout`] has passed, or somebody woke the loop.
    Timeout,
    /// Something happened on the call.
    Event(&'a CallEvent),
    /// The connection to the application is open.
    Opened,
    /// It could not be opened, or not in time.
    OpenFailed,
    /// What came of an errand; only documents have any.
    Brought(ErrandId, Brought),
    /// A message of the application.
    Received(Frame<'a>),
    /// The application answered a ping.
    Pong,
    /// The application broke the rules of the connection itself (WebSocket framing, UTF-8, size).
    /// Whoever owns the connection has closed it.
    BrokenFraming,
    /// The application's side closed the connection.
    Closed(CloseCode),
    /// So many bytes still wait to be sent; a wire drops its oldest audio where that grows.
    /// Given after every write that left something waiting, and once when nothing waits any more.
    Backlog {
        /// Bytes accepted for sending and not yet taken by the kernel.
        bytes: usize,
    },
}

/// What an application wire asks for.
#[derive(Debug)]
pub enum AppOutput<'a> {
    /// Nothing more now; come back at this time at the latest.
    Timeout(Option<Instant>),
    /// Pass this to the leg.
    Command(CallCommand<'a>),
    /// Send this to the application.
    Send(Frame<'a>),
    /// Close the connection with this code, after what was sent.
    Close(u16),
    /// The application is lost and the call goes on: open another connection to it. What comes of
    /// that is told as [`AppInput::Opened`] or [`AppInput::OpenFailed`].
    Redial,
    /// From here on the application is not there (`true`), or it is there again. What is played
    /// without it is ours: it answers nobody.
    Absent(bool),
    /// Do this for a document, and bring it what comes of that.
    Errand(ErrandId, Errand),
    /// End the call for this reason; [`CallEvent::Ended`] follows from the leg.
    End(GatewayReason),
}

/// An application as the call's loop sees it. Before the first input and after every
/// `handle_input`, call `poll_output` until it gives [`AppOutput::Timeout`].
pub trait AppWire: Send {
    /// Takes one input. Nonsense from the application is counted, so this cannot fail.
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>);
    /// The next thing to do.
    fn poll_output(&mut self) -> AppOutput<'_>;
    /// Told before each event and after every turn: so many of the samples that it gave are not on the wire yet. Whether
    /// the application waits for them to become fewer, and so means them to stand there.
    fn note_queued(&mut self, _samples: usize) -> bool {
        false
    }
    /// What this application has done so far, for the call's record.
    fn stats(&self) -> AppStats;
}
