//! One call on its shard: a leg, an application wire, and the sockets of both.

use super::connection::{Connection, Incoming};
use super::silence::Silence;
use super::sockets::MediaSockets;
use super::stream::AppStream;
use super::turns::Conversation;
use super::{CallKey, Final, Report, ToCall};
use crate::net::Datagrams;
use mio::Registry;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use trunkline_call::{CallCommand, CallEvent, EndReason, HangupCause};
use trunkline_legs::{Input, Leg, Output, Port};
use trunkline_streams::{AppInput, AppOutput, AppWire, CloseCode, Frame};
use tungstenite::{Message, WebSocket};

/// How many messages of an application are handled before other calls have their turn.
const MESSAGES_A_TURN: usize = 64;
/// How long an application has to answer our close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// What a slot may use of its shard.
pub struct Surroundings<'a> {
    /// The poller.
    pub registry: &'a Registry,
    /// Where to report.
    pub reports: &'a UnboundedSender<Report>,
}

/// Whether a slot wants another turn at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is more to read.
    Again,
    /// Nothing more until something arrives or is due.
    Done,
}

/// An application between two calls.
pub struct Application {
    wire: Box<dyn AppWire>,
    connection: Option<Connection>,
}

/// One call.
pub struct Slot {
    key: CallKey,
    place: usize,
    leg: Box<dyn Leg>,
    wire: Box<dyn AppWire>,
    sockets: MediaSockets,
    connection: Option<Connection>,
    /// Events of the leg on their way to the application; empty between turns.
    events: VecDeque<CallEvent>,
    turns: Conversation,
    leg_due: Option<Instant>,
    wire_due: Option<Instant>,
    /// The leg has said its last; what remains is to let the application go.
    finished: bool,
    /// Something waits for the application to read.
    backlogged: bool,
    /// Until when the application may answer our close frame.
    closing: Option<Instant>,
    /// Whether this call hears another one instead of its application.
    bridged: bool,
    /// Whether the shard knows that something waits to be sent.
    listed: bool,
}

impl Slot {
    /// A call with its sockets registered. Its machines have not been asked anything yet: call
    /// [`turn`](Self::turn).
    pub fn new(
        key: CallKey,
        place: usize,
        leg: Box<dyn Leg>,
        wire: Box<dyn AppWire>,
        sockets: MediaSockets,
    ) -> Self {
        Self {
            key,
            place,
            leg,
            wire,
            sockets,
            connection: None,
            events: VecDeque::with_capacity(4),
            turns: Conversation::new(),
            leg_due: None,
            wire_due: None,
            finished: false,
            backlogged: false,
            closing: None,
            bridged: false,
            listed: false,
        }
    }

    /// The call's name.
    pub fn key(&self) -> CallKey {
        self.key
    }

    /// When the call wants its next turn.
    pub fn due(&self) -> Option<Instant> {
        [self.leg_due, self.wire_due, self.closing]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.finished && self.connection.is_none()
    }

    /// Gives both machines the time.
    pub fn time(&mut self, now: Instant, around: &Surroundings<'_>) {
        if self.leg_due.is_some() {
            self.leg.handle_input(now, Input::Timeout);
        }
        if self
            .wire_due
            .is_some_and(|due| due <= now + super::run::EARLY_MAX)
        {
            self.wire.handle_input(now, AppInput::Timeout);
        }
        if self
            .closing
            .is_some_and(|until| until <= now + super::run::EARLY_MAX)
        {
            self.drop_connection(around);
        }
        self.turn(now, around);
    }

    /// Takes what waits on a media socket.
    pub fn packets(
        &mut self,
        port: Port,
        now: Instant,
        around: &Surroundings<'_>,
        datagrams: &mut Datagrams,
    ) -> Turn {
        let Some(descriptor) = self.sockets.descriptor(port) else {
            return Turn::Done;
        };
        if datagrams.receive(descriptor).is_err() {
            return Turn::Done;
        }
        for (source, bytes) in datagrams.iter() {
            self.leg.handle_input(
                now,
                Input::Packet {
                    port,
                    source,
                    bytes,
                },
            );
            self.turn(now, around);
        }
        if datagrams.is_full() {
            Turn::Again
        } else {
            Turn::Done
        }
    }

    /// Takes what the application sent.
    pub fn messages(&mut self, now: Instant, around: &Surroundings<'_>) -> Turn {
        for _ in 0..MESSAGES_A_TURN {
            let Some(connection) = &mut self.connection else {
                return Turn::Done;
            };
            let incoming = connection.read();
            let input = match &incoming {
                Incoming::Nothing => return Turn::Done,
                Incoming::Message(Message::Text(text)) => AppInput::Received(Frame::Text(text)),
                Incoming::Message(Message::Binary(b)) => AppInput::Received(Frame::Binary(b)),
                Incoming::Message(_) => continue,
                Incoming::Pong => AppInput::Pong,
                Incoming::Broken => {
                    // What follows cannot be understood (RFC 6455 §7.1.7).
                    self.drop_connection(around);
                    AppInput::BrokenFraming
                }
                Incoming::Closed(code) => {
                    self.lose(*code, now, around);
                    return Turn::Done;
                }
            };
            self.wire.handle_input(now, input);
            self.turn(now, around);
        }
        Turn::Again
    }

    /// The poller says that the application's socket can be read or written.
    pub fn connection_ready(&mut self, now: Instant, around: &Surroundings<'_>) -> Turn {
        if let Some(connection) = &mut self.connection {
            connection.readable();
        }
        self.messages(now, around)
    }

    fn lose(&mut self, code: CloseCode, now: Instant, around: &Surroundings<'_>) {
        self.drop_connection(around);
        self.wire.handle_input(now, AppInput::Closed(code));
        self.turn(now, around);
    }

    fn drop_connection(&mut self, around: &Surroundings<'_>) {
        if let Some(mut connection) = self.connection.take() {
            connection.flush();
            connection.deregister(around.registry);
        }
        self.closing = None;
    }

    /// Takes something from the gateway.
    pub fn told(&mut self, what: ToCall, now: Instant, around: &Surroundings<'_>) {
        match what {
            ToCall::Signal(signal) => self.leg.handle_input(now, Input::Signal(signal)),
            ToCall::Command(command) => self.leg.handle_input(now, Input::Command(command)),
            ToCall::End(reason) => self.leg.handle_input(now, Input::End(reason)),
            ToCall::Dial(news) => self.leg.handle_input(now, Input::Dial(news)),
            ToCall::OpenFailed => self.wire.handle_input(now, AppInput::OpenFailed),
            ToCall::Poke => self.wire.handle_input(now, AppInput::Timeout),
            ToCall::Opened(socket) => self.open(*socket, now, around),
        }
        self.turn(now, around);
        // What the application said before its socket was here made no edge.
        if self.connection.is_some() {
            self.messages(now, around);
        }
    }

    fn open(&mut self, socket: WebSocket<AppStream>, now: Instant, around: &Surroundings<'_>) {
        // One that was lost may not have gone yet.
        self.drop_connection(around);
        let input = match Connection::new(socket, around.registry, self.place) {
            Ok(connection) if !self.finished => {
                self.connection = Some(connection);
                AppInput::Opened
            }
            _ => AppInput::OpenFailed,
        };
        self.wire.handle_input(now, input);
    }

    /// Lets both machines act until neither has anything left to do.
    pub fn turn(&mut self, now: Instant, around: &Surroundings<'_>) {
        self.drain_leg(around);
        self.drain_wire(now, around);
        while let Some(event) = self.next_event() {
            self.wire.handle_input(now, AppInput::Event(&event));
            self.drain_wire(now, around);
        }
    }

    /// The next event for our own application; a bridged call's are taken by its shard.
    fn next_event(&mut self) -> Option<CallEvent> {
        if self.bridged {
            None
        } else {
            self.events.pop_front()
        }
    }

    fn drain_leg(&mut self, around: &Surroundings<'_>) {
        loop {
            match self.leg.poll_output() {
                Output::Timeout(due) => {
                    self.leg_due = due;
                    return;
                }
                Output::Event(event) => {
                    self.turns.heard(&event);
                    if !matches!(event, CallEvent::Audio { .. }) {
                        let _ = around.reports.send(Report::Event(self.key, event.clone()));
                    }
                    self.events.push_back(event);
                }
                Output::Transmit {
                    port,
                    destination,
                    bytes,
                } => {
                    if port == Port::Rtcp {
                        self.sockets.open_rtcp(around.registry, self.place);
                    }
                    self.sockets.send(port, destination, bytes);
                }
                Output::Signal(signal) => {
                    let _ = around.reports.send(Report::Signal(self.key, signal));
                }
                Output::Dial {
                    purpose,
                    target,
                    headers,
                } => {
                    let report = Report::Dial {
                        key: self.key,
                        purpose,
                        target,
                        headers,
                    };
                    let _ = around.reports.send(report);
                }
                Output::Finished => self.finished = true,
            }
        }
    }

    /// Passes the application's wishes on. Every command is followed by what the leg makes of
    /// it; the events that come of it wait until the wire was asked out.
    fn drain_wire(&mut self, now: Instant, around: &Surroundings<'_>) {
        let bridged = self.bridged;
        loop {
            match self.wire.poll_output() {
                AppOutput::Timeout(due) => {
                    self.wire_due = due;
                    return;
                }
                // The call is not the application's any more.
                AppOutput::Command(_) | AppOutput::End(_) if bridged => continue,
                AppOutput::Command(command) => {
                    self.turns.said(&command);
                    self.leg.handle_input(now, Input::Command(command));
                }
                AppOutput::End(reason) => self.leg.handle_input(now, Input::End(reason)),
                AppOutput::Send(frame) => {
                    if let Some(connection) = &mut self.connection {
                        connection.write(frame);
                    }
                    continue;
                }
                AppOutput::Redial => {
                    let _ = around.reports.send(Report::Redial(self.key));
                    continue;
                }
                AppOutput::Close(code) => {
                    if let Some(connection) = &mut self.connection {
                        connection.close(code);
                        self.closing = Some(now + CLOSE_WAIT);
                    }
                    continue;
                }
            }
            self.drain_leg(around);
        }
    }

    /// Whether something waits to be sent and the shard has not been told.
    pub fn wants_listing(&mut self) -> bool {
        let waits = self.sockets.has_waiting()
            || self.connection.as_ref().is_some_and(Connection::is_dirty);
        waits && !std::mem::replace(&mut self.listed, true)
    }

    /// Lets what was gathered in this wake-up go.
    pub fn send(&mut self, now: Instant, around: &Surroundings<'_>) {
        self.listed = false;
        self.sockets.flush();
        self.flush(now, around);
    }

    fn flush(&mut self, now: Instant, around: &Surroundings<'_>) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        connection.flush();
        let bytes = connection.backlog();
        // Told while it waits, and once more when it has gone.
        if (bytes > 0 || self.backlogged) && !connection.has_failed() {
            self.backlogged = bytes > 0;
            self.wire.handle_input(now, AppInput::Backlog { bytes });
            self.drain_wire(now, around);
        }
    }

    /// Takes the events that a bridged call has for its partner.
    pub fn take_events(&mut self) -> VecDeque<CallEvent> {
        std::mem::take(&mut self.events)
    }

    /// Lets this call hear another one from now on. For its application the call is over.
    pub fn bridge(&mut self, now: Instant, around: &Surroundings<'_>) {
        // What the application had queued, or had paused, is not for the other caller's ears.
        for command in [CallCommand::Clear, CallCommand::Continue] {
            self.leg.handle_input(now, Input::Command(command));
        }
        self.turn(now, around);
        self.bridged = true;
        let over = CallEvent::Ended(EndReason::App(HangupCause::Normal));
        self.wire.handle_input(now, AppInput::Event(&over));
        self.drain_wire(now, around);
        self.flush(now, around);
    }

    /// Passes a partner's wish to the leg.
    pub fn command(&mut self, command: CallCommand<'_>, now: Instant, around: &Surroundings<'_>) {
        self.leg.handle_input(now, Input::Command(command));
        self.drain_leg(around);
    }

    /// Takes the application away, to be given to another call.
    pub fn give_application(&mut self, registry: &Registry) -> Application {
        if let Some(connection) = &mut self.connection {
            connection.deregister(registry);
        }
        self.wire_due = None;
        Application {
            wire: std::mem::replace(&mut self.wire, Box::new(Silence)),
            connection: self.connection.take(),
        }
    }

    /// Takes over the application of another call.
    pub fn take_application(
        &mut self,
        application: Application,
        now: Instant,
        around: &Surroundings<'_>,
    ) {
        self.wire = application.wire;
        self.connection = application.connection.and_then(|mut connection| {
            connection
                .register(around.registry, self.place)
                .is_ok()
                .then_some(connection)
        });
        // Asked at once, so that its deadlines are known here.
        self.drain_wire(now, around);
        self.turn(now, around);
    }

    /// Closes everything and says what is left of the call.
    pub fn close(mut self, registry: &Registry, panicked: bool) -> Final {
        self.sockets.deregister(registry);
        if let Some(connection) = &mut self.connection {
            connection.flush();
            connection.deregister(registry);
        }
        Final {
            media: self.leg.stats(),
            description: self.leg.describe(),
            app: self.wire.stats(),
            turns: self.turns.turns().clone(),
            panicked,
        }
    }
}
