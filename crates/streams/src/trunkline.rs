//! The `trunkline` protocol: s16le audio as binary messages, everything else as JSON objects.
//! It takes what jambonz `listen` applications send and adds what they lack; described in
//! `docs/websocket-protocol.md`, message by message in `docs/protocol.schema.json`.

mod from_app;
mod to_app;

pub use from_app::REQUESTS;

use std::time::{Duration, Instant};

use trunkline_call::{
    AppStats, CallCommand, CallEvent, CallInfo, Direction, GatewayReason, HangupCause,
};

use crate::dialect::Dialect;
use crate::downlink::Downlink;
use crate::heartbeat::{Beat, Heartbeat};
use crate::marks::Marks;
use crate::outbox::Outbox;
use crate::uplink::Uplink;
use crate::{AnswerMode, AppInput, AppOutput, AppWire, CloseCode, Frame, WireOptions};

/// Where the registry finds this dialect.
pub const DIALECT: Dialect = Dialect {
    name: "trunkline",
    open: |info, options| Box::new(Trunkline::new(info, options)),
};

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

/// One call of one application.
#[derive(Debug)]
pub struct Trunkline {
    info: CallInfo,
    options: WireOptions,
    link: Link,
    /// The end was asked for; nothing of the application counts any more.
    ending: bool,
    outbox: Outbox,
    downlink: Downlink,
    uplink: Uplink,
    marks: Marks,
    heartbeat: Heartbeat,
    /// Bytes that wait in the connection, as last told.
    backlog: usize,
    early: Vec<CallEvent>,
    answer_by: Option<Instant>,
    answered: Option<Instant>,
    /// Application audio on the wire, as last told by the leg, in ms.
    played_ms: u64,
    stats: AppStats,
}

/// The state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Connecting,
    Open,
    Closed,
}

impl Trunkline {
    /// The wire of one call, whose connection is not open yet. A caller hears ringing meanwhile.
    pub fn new(info: CallInfo, options: WireOptions) -> Self {
        let mut outbox = Outbox::default();
        if info.direction == Direction::Inbound {
            outbox.command(CallCommand::Ring);
        }
        Self {
            info,
            options,
            link: Link::Connecting,
            ending: false,
            outbox,
            downlink: Downlink::new(options.sample_rate),
            uplink: Uplink::new(options.sample_rate),
            marks: Marks::default(),
            heartbeat: Heartbeat::default(),
            backlog: 0,
            early: Vec::new(),
            answer_by: None,
            answered: None,
            played_ms: 0,
            stats: AppStats::default(),
        }
    }

    fn opened(&mut self, now: Instant) {
        if self.link != Link::Connecting || self.ending {
            self.link = Link::Closed;
            self.outbox.close(NORMAL_CLOSURE);
            return;
        }
        self.link = Link::Open;
        self.heartbeat.start(now);
        self.send_start();
        for event in std::mem::take(&mut self.early) {
            self.send_event(&event);
        }
        if self.info.direction == Direction::Inbound {
            match self.options.answer {
                AnswerMode::WhenOpen => self.outbox.command(CallCommand::Answer),
                AnswerMode::Manual => self.answer_by = now.checked_add(ANSWER_TIME_MAX),
            }
        }
        self.downlink.flush(self.backlog, &mut self.outbox);
    }

    fn event(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::Audio { frame, .. } => {
                // A connection that is still being opened counts as a slow one.
                if self.link != Link::Closed {
                    self.downlink.push(frame);
                }
                if self.link == Link::Open {
                    self.downlink.flush(self.backlog, &mut self.outbox);
                }
                return;
            }
            CallEvent::Answered => {
                self.answered = Some(now);
                self.answer_by = None;
            }
            CallEvent::MarkPlayed { at_ms, .. }
            | CallEvent::Cleared { at_ms, .. }
            | CallEvent::Paused { at_ms } => self.played_ms = *at_ms,
            _ => {}
        }
        let last = matches!(event, CallEvent::Ended(_));
        match self.link {
            Link::Open => self.send_event(event),
            Link::Connecting if !last && self.early.len() < EARLY_EVENTS_MAX => {
                self.early.push(event.clone());
            }
            Link::Connecting | Link::Closed => {}
        }
        if last {
            self.over();
        }
    }

    /// The call is over: nothing follows but the close of the connection.
    fn over(&mut self) {
        if self.link == Link::Open {
            self.outbox.close(NORMAL_CLOSURE);
        }
        self.ending = true;
        self.hang_up_the_link();
    }

    fn hang_up_the_link(&mut self) {
        self.link = Link::Closed;
        self.heartbeat.stop();
        self.answer_by = None;
        self.downlink.drop_held();
    }

    /// Asks the owner to end the call, once.
    fn end(&mut self, reason: GatewayReason) {
        if !self.ending {
            self.ending = true;
            self.answer_by = None;
            self.outbox.end(reason);
        }
    }

    fn closed(&mut self, code: CloseCode) {
        let link = self.link;
        self.hang_up_the_link();
        match (link, code) {
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

    fn backlog(&mut self, bytes: usize) {
        self.backlog = bytes;
        if bytes > BACKLOG_BYTES_MAX {
            self.end(GatewayReason::AppLost);
        } else if self.link == Link::Open {
            self.downlink.flush(bytes, &mut self.outbox);
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

    fn received(&mut self, now: Instant, frame: Frame<'_>) {
        if self.link != Link::Open || self.ending {
            return;
        }
        match frame {
            Frame::Binary(bytes) => {
                let samples = self.uplink.binary(bytes, &mut self.outbox);
                self.spoke(now, samples);
            }
            Frame::Text(text) => self.text(now, text),
            Frame::Ping => {}
        }
    }

    /// Notes that the application gave us so many samples.
    fn spoke(&mut self, now: Instant, samples: usize) {
        self.stats.samples_received += samples as u64;
        if let (Some(answered), true) = (self.answered, samples > 0) {
            let since = now.saturating_duration_since(answered);
            self.stats.first_audio.get_or_insert(since);
        }
    }

    fn nonsense(&mut self) {
        self.stats.nonsense += 1;
        if self.stats.nonsense >= NONSENSE_MAX {
            self.end(GatewayReason::AppNonsense);
        }
    }
}

impl AppWire for Trunkline {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        match input {
            AppInput::Timeout => {}
            AppInput::Event(event) => self.event(now, event),
            AppInput::Opened => self.opened(now),
            AppInput::OpenFailed => {
                self.hang_up_the_link();
                self.end(GatewayReason::AppUnreachable);
            }
            AppInput::Received(frame) => self.received(now, frame),
            AppInput::Pong => self.heartbeat.pong(),
            AppInput::BrokenFraming => {
                self.stats.nonsense += 1;
                self.hang_up_the_link();
                self.end(GatewayReason::AppNonsense);
            }
            AppInput::Closed(code) => self.closed(code),
            AppInput::Backlog { bytes } => self.backlog(bytes),
        }
        self.time(now);
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        let due = [self.heartbeat.due(), self.answer_by]
            .into_iter()
            .flatten()
            .min();
        self.outbox.next().unwrap_or(AppOutput::Timeout(due))
    }

    fn stats(&self) -> AppStats {
        let Self {
            downlink, stats, ..
        } = self;
        AppStats {
            frames_sent: downlink.sent,
            frames_dropped: downlink.dropped,
            ..*stats
        }
    }
}
