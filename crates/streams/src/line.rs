//! The life of an application's connection, whatever is spoken on it: opening, answering, pings,
//! backlog, closing, and what becomes of the call by each.

use std::time::{Duration, Instant};

use trunkline_call::{
    AppStats, AudioFrame, CallCommand, CallEvent, CallInfo, Direction, GatewayReason, HangupCause,
};

use crate::heartbeat::{Beat, Heartbeat};
use crate::outbox::Outbox;
use crate::{AnswerMode, AppInput, AppOutput, CloseCode, Frame};

/// Messages that break the protocol before the call is ended.
pub const NONSENSE_MAX: u64 = 100;
/// Bytes that may wait in the connection before the application counts as lost. Audio stops
/// long before, so these are events that nobody reads.
pub const BACKLOG_BYTES_MAX: usize = 512 * 1024;
/// Events kept for an application whose connection is not open yet.
pub const EARLY_EVENTS_MAX: usize = 32;
/// How long a caller is left ringing by an application that answers when it likes: as long as
/// a proxy waits (timer C, RFC 3261 §16.6).
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(180);

/// How a connection that went as it should is closed (RFC 6455 §7.4.1).
const NORMAL_CLOSURE: u16 = 1000;
/// A close frame without a code, as [`CloseCode`] tells it.
const NO_STATUS: u16 = 1005;

/// What a protocol says on its line.
pub(crate) trait Speaker {
    /// The line it speaks on.
    fn line(&mut self) -> &mut Line;
    /// The connection is open: the first message.
    fn say_start(&mut self);
    /// Any event but audio.
    fn say_event(&mut self, event: &CallEvent);
    /// Takes the newest 20 ms of the caller.
    fn hear(&mut self, frame: &AudioFrame);
    /// Sends the audio that was heard, as far as the backlog lets it.
    fn flush(&mut self);
    /// Forgets the audio that was heard: the connection is gone.
    fn drop_held(&mut self);
    /// A message of the application.
    fn received(&mut self, now: Instant, frame: Frame<'_>);
}

/// The connection of one application on one call.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) info: CallInfo,
    pub(crate) outbox: Outbox,
    pub(crate) stats: AppStats,
    /// Bytes that wait in the connection, as last told.
    pub(crate) backlog: usize,
    answer: AnswerMode,
    answer_by: Option<Instant>,
    link: Link,
    /// The end was asked for; nothing of the application counts any more.
    ending: bool,
    pings: bool,
    heartbeat: Heartbeat,
    early: Vec<CallEvent>,
    answered: Option<Instant>,
}

/// The state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Connecting,
    Open,
    Closed,
}

impl Line {
    /// The line of one call, not open yet. A caller hears ringing meanwhile.
    /// `pings`: the other end answers them.
    pub(crate) fn new(info: CallInfo, answer: AnswerMode, pings: bool) -> Self {
        let mut outbox = Outbox::default();
        if info.direction == Direction::Inbound {
            outbox.command(CallCommand::Ring);
        }
        Self {
            info,
            outbox,
            stats: AppStats::default(),
            backlog: 0,
            answer,
            answer_by: None,
            link: Link::Connecting,
            ending: false,
            pings,
            heartbeat: Heartbeat::default(),
            early: Vec::new(),
            answered: None,
        }
    }

    /// Passes a command on, and remembers what it means for the line.
    pub(crate) fn command(&mut self, command: CallCommand<'static>) {
        match &command {
            CallCommand::Answer => self.answer_by = None,
            CallCommand::Hangup(_) => self.ending = true,
            _ => {}
        }
        self.outbox.command(command);
    }

    /// Notes that the application gave us so many samples.
    pub(crate) fn spoke(&mut self, now: Instant, samples: usize) {
        self.stats.samples_received += samples as u64;
        if let (Some(answered), true) = (self.answered, samples > 0) {
            let since = now.saturating_duration_since(answered);
            self.stats.first_audio.get_or_insert(since);
        }
    }

    /// Counts a message that breaks the protocol.
    pub(crate) fn nonsense(&mut self) {
        self.stats.nonsense += 1;
        if self.stats.nonsense >= NONSENSE_MAX {
            self.end(GatewayReason::AppNonsense);
        }
    }

    /// The next thing to do.
    pub(crate) fn poll(&mut self) -> AppOutput<'_> {
        let due = [self.heartbeat.due(), self.answer_by]
            .into_iter()
            .flatten()
            .min();
        self.outbox.next().unwrap_or(AppOutput::Timeout(due))
    }

    fn answer(&mut self, now: Instant) {
        if self.info.direction == Direction::Inbound {
            match self.answer {
                AnswerMode::WhenOpen => self.outbox.command(CallCommand::Answer),
                AnswerMode::Manual => self.answer_by = now.checked_add(ANSWER_TIME_MAX),
            }
        }
    }

    /// Asks the owner to end the call, once.
    fn end(&mut self, reason: GatewayReason) {
        if !self.ending {
            self.ending = true;
            self.answer_by = None;
            self.outbox.end(reason);
        }
    }

    fn close(&mut self) {
        self.link = Link::Closed;
        self.heartbeat.stop();
        self.answer_by = None;
    }

    fn closed(&mut self, was: Link, code: CloseCode) {
        match (was, code) {
            _ if self.ending => {}
            (Link::Closed, _) => {}
            (Link::Connecting, _) => self.end(GatewayReason::AppUnreachable),
            (Link::Open, CloseCode::Frame(NORMAL_CLOSURE | NO_STATUS)) => {
                self.ending = true;
                self.outbox
                    .command(CallCommand::Hangup(HangupCause::Normal));
            }
            (Link::Open, _) => self.end(GatewayReason::AppLost),
        }
    }

    fn time(&mut self, now: Instant) {
        match self.heartbeat.beat(now) {
            Beat::Wait => {}
            Beat::Ping => self.outbox.ping(),
            Beat::Lost => self.end(GatewayReason::AppLost),
        }
        if self.answer_by.is_some_and(|by| now >= by) {
            self.answer_by = None;
            self.end(GatewayReason::AppTimeout);
        }
    }
}

/// What every application wire does with an input.
pub(crate) fn handle_input(wire: &mut impl Speaker, now: Instant, input: AppInput<'_>) {
    match input {
        // Only documents have errands.
        AppInput::Timeout | AppInput::Brought(..) => {}
        AppInput::Event(event) => take_event(wire, now, event),
        AppInput::Opened => opened(wire, now),
        AppInput::OpenFailed => {
            hang_up_the_link(wire);
            wire.line().end(GatewayReason::AppUnreachable);
        }
        AppInput::Received(frame) => {
            let line = wire.line();
            if line.link == Link::Open && !line.ending {
                wire.received(now, frame);
            }
        }
        AppInput::Pong => wire.line().heartbeat.pong(),
        AppInput::BrokenFraming => {
            wire.line().stats.nonsense += 1;
            hang_up_the_link(wire);
            wire.line().end(GatewayReason::AppNonsense);
        }
        AppInput::Closed(code) => {
            let was = wire.line().link;
            hang_up_the_link(wire);
            wire.line().closed(was, code);
        }
        AppInput::Backlog { bytes } => take_backlog(wire, bytes),
    }
    wire.line().time(now);
}

fn opened(wire: &mut impl Speaker, now: Instant) {
    let line = wire.line();
    if line.link != Link::Connecting || line.ending {
        line.link = Link::Closed;
        line.outbox.close(NORMAL_CLOSURE);
        return;
    }
    line.link = Link::Open;
    if line.pings {
        line.heartbeat.start(now);
    }
    let early = std::mem::take(&mut line.early);
    wire.say_start();
    for event in early {
        wire.say_event(&event);
    }
    wire.line().answer(now);
    wire.flush();
}

fn take_event(wire: &mut impl Speaker, now: Instant, event: &CallEvent) {
    let link = wire.line().link;
    match event {
        CallEvent::Audio { frame, .. } => {
            // A connection that is still being opened counts as a slow one.
            if link != Link::Closed {
                wire.hear(frame);
            }
            if link == Link::Open {
                wire.flush();
            }
            return;
        }
        CallEvent::Answered => {
            wire.line().answered = Some(now);
            wire.line().answer_by = None;
        }
        _ => {}
    }
    let last = matches!(event, CallEvent::Ended(_));
    match link {
        Link::Open => wire.say_event(event),
        Link::Connecting if !last && wire.line().early.len() < EARLY_EVENTS_MAX => {
            wire.line().early.push(event.clone());
        }
        Link::Connecting | Link::Closed => {}
    }
    if last {
        over(wire, link);
    }
}

/// The call is over: nothing follows but the close of the connection.
fn over(wire: &mut impl Speaker, link: Link) {
    if link == Link::Open {
        wire.line().outbox.close(NORMAL_CLOSURE);
    }
    wire.line().ending = true;
    hang_up_the_link(wire);
}

fn hang_up_the_link(wire: &mut impl Speaker) {
    wire.line().close();
    wire.drop_held();
}

fn take_backlog(wire: &mut impl Speaker, bytes: usize) {
    let line = wire.line();
    line.backlog = bytes;
    if bytes > BACKLOG_BYTES_MAX {
        line.end(GatewayReason::AppLost);
    } else if line.link == Link::Open {
        wire.flush();
    }
}
