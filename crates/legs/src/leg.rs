//! The two verbs of every way in.

use std::net::SocketAddr;
use std::time::Instant;

use trunkline_call::{CallCommand, CallEvent, Digit, GatewayReason, Headers, Target};
pub use trunkline_media::session::Port;
use trunkline_sip::endpoint::{Action, Event};
use trunkline_streams::{CloseCode, Frame};

use crate::{Description, Stats};

/// What reaches a leg.
#[derive(Debug)]
pub enum Input<'a> {
    /// A deadline given by [`Output::Timeout`] has passed.
    Timeout,
    /// Something happened on the leg's dialog.
    Signal(Event),
    /// A datagram came to one of the leg's media sockets.
    Packet {
        /// Which socket.
        port: Port,
        /// Who sent it.
        source: SocketAddr,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// The application, or whoever speaks for it, asks for something.
    Command(CallCommand<'a>),
    /// The gateway ends the call. The same as [`CallCommand::Hangup`], but the record says who.
    End(GatewayReason),
    /// News of the leg that [`Output::Dial`] asked for.
    Dial(DialNews),
    /// A message came on the leg's connection.
    Received(Frame<'a>),
    /// The far end answered a ping.
    Pong,
    /// The far end broke the rules of the connection itself (WebSocket framing, UTF-8, size).
    /// Whoever owns the connection has closed it.
    BrokenFraming,
    /// The far end closed the connection.
    Closed(CloseCode),
    /// So many bytes still wait to be sent on the leg's connection. Given after every write that
    /// left something waiting, and once when nothing waits any more.
    Backlog {
        /// Bytes accepted for sending and not yet taken by the kernel.
        bytes: usize,
    },
}

/// What a leg asks of its driver.
#[derive(Debug)]
pub enum Output<'a> {
    /// Nothing more now; come back at this time at the latest. `None`: only when something
    /// arrives.
    Timeout(Option<Instant>),
    /// Pass this to the application. [`CallEvent::Ended`] is the last of them.
    Event(CallEvent),
    /// Send this datagram from one of the leg's media sockets.
    Transmit {
        /// From which socket.
        port: Port,
        /// Where to.
        destination: SocketAddr,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// Pass this to the SIP endpoint.
    Signal(Action),
    /// Place another leg on behalf of this one, and tell how it goes by [`Input::Dial`]. A
    /// driver that may not, or has no means to, says [`DialNews::Denied`]; nothing else follows
    /// from that. One that places it says so at once, by [`DialNews::Progress`] with 100: a
    /// REFER waits for its answer. When this leg ends before [`DialNews::Up`], nobody wants the
    /// other any more, and it is hung up.
    Dial {
        /// What becomes of the two legs once the new one is up.
        purpose: DialPurpose,
        /// Where to, as the application or the far end named it.
        target: Target,
        /// Headers for the new leg's request.
        headers: Headers,
    },
    /// Send this on the leg's connection.
    Send(Frame<'a>),
    /// Close the leg's connection with this code, after what was sent.
    Close(u16),
    /// Only the provider's REST interface can do this for the call. A driver that cannot ask it says
    /// so where its operator looks.
    AtProvider(Wish),
    /// Nothing more will come, and [`Leg::stats`] is final: the leg can be dropped. Given once,
    /// after [`CallEvent::Ended`] and after the last message of its dialog was seen to.
    Finished,
}

/// What a leg wants another leg for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialPurpose {
    /// Our application moves the call and the far end cannot go there itself: join this leg and
    /// the new one by a [`Bridge`](crate::bridge::Bridge). The application's part is over once
    /// it was told `Transferred`.
    Join,
    /// The far end asks (REFER, RFC 3515) that our application go on with somebody else: give
    /// the application to the new leg. The far end leaves by itself once it was told.
    Replace,
}

/// How the leg that was asked for is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialNews {
    /// It will not be placed: a rule forbids it, or there is no room.
    Denied,
    /// It was placed; a provisional status came.
    Progress {
        /// 100 to 199.
        code: u16,
    },
    /// It was answered, and the two are joined or replaced as asked.
    Up,
    /// It was refused, or not answered.
    Failed {
        /// 300 to 699.
        code: u16,
        /// The far end's words.
        text: String,
    },
}

/// A way in: bytes, commands and time in; bytes, events and the next deadline out.
///
/// After every `handle_input`, call `poll_output` until it gives [`Output::Timeout`]. What an
/// output borrows is good until the next call.
pub trait Leg: Send {
    /// Takes one input. What is malformed is counted and dropped, so this cannot fail.
    fn handle_input(&mut self, now: Instant, input: Input<'_>);
    /// The next thing to do.
    fn poll_output(&mut self) -> Output<'_>;
    /// The application's samples that are not on the wire yet.
    fn queued(&self) -> usize;
    /// The application means these samples to stand there: it gives more as they become fewer.
    /// Where it gives them in real time, a queue that stands is only delay, and silence in it is
    /// left out.
    fn keep_queue(&mut self) {}
    /// Whether what is played is the application's, so that turns are timed by it.
    fn time_turns(&mut self, _timed: bool) {}
    /// Figures of the call so far, for its record.
    fn stats(&self) -> Stats;
    /// What was agreed with the far end, for displays and the record.
    fn describe(&self) -> Description;
}

/// What only a provider's REST interface can do for a call over its media stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// End it: without that the caller stays on the line.
    HangUp,
    /// Connect the caller with somebody else. What comes of asking is told as [`Input::Dial`].
    Transfer(Target),
    /// Press a key.
    Press(Digit),
}
