//! One call on its shard: a leg, an application wire, and the sockets of both.

mod application;
#[cfg(test)]
mod tests;

use super::connection::{Connection, Incoming};
use super::key::Socket;
use super::line::Line;
use super::link::Link;
use super::stream::AppStream;
use super::{CallKey, Final, Report, Reporter, ToCall, Trouble};
use crate::net::Datagrams;
use mio::Registry;
use std::collections::VecDeque;
use std::time::Instant;
use trunkline_call::turns::Turns;
use trunkline_call::{CallCommand, CallEvent};
use trunkline_legs::{Input, Leg, Output, Port};
use trunkline_streams::{AppInput, AppOutput, AppStats, AppWire};
use tungstenite::WebSocket;

/// How many messages of one connection are handled before other calls have their turn.
const MESSAGES_A_TURN: usize = 64;
/// How a connection is closed that has served its purpose (RFC 6455 §7.4.1).
const NORMAL_CLOSURE: u16 = 1000;

/// What a slot may use of its shard.
pub struct Surroundings<'a> {
    /// The poller.
    pub registry: &'a Registry,
    /// Where to report.
    pub reports: &'a Reporter,
}

/// Whether a slot wants another turn at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is more to read.
    Again,
    /// Nothing more until something arrives or is due.
    Done,
}

/// One call.
pub struct Slot {
    key: CallKey,
    place: usize,
    leg: Box<dyn Leg>,
    wire: Box<dyn AppWire>,
    line: Line,
    app: Link,
    /// Events of the leg on their way to the application; empty between turns.
    events: VecDeque<CallEvent>,
    turns: Turns,
    leg_due: Option<Instant>,
    wire_due: Option<Instant>,
    /// The leg has said its last; what remains is to let the connections go.
    finished: bool,
    /// Whether the call was answered.
    answered: bool,
    /// Whether this call hears another one instead of its application.
    bridged: bool,
    /// Of applications that had the call before.
    past: AppStats,
    /// Whether the shard knows that something waits to be sent.
    listed: bool,
}

impl Slot {
    /// A call with its sockets registered. Its machines have not been asked anything yet: call
    /// [`begin`](Self::begin).
    pub fn new(
        key: CallKey,
        place: usize,
        leg: Box<dyn Leg>,
        wire: Box<dyn AppWire>,
        line: Line,
    ) -> Self {
        Self {
            key,
            place,
            leg,
            wire,
            line,
            app: Link::default(),
            events: VecDeque::with_capacity(4),
            turns: Turns::default(),
            leg_due: None,
            wire_due: None,
            finished: false,
            answered: false,
            bridged: false,
            past: AppStats::default(),
            listed: false,
        }
    }

    /// The call's name.
    pub fn key(&self) -> CallKey {
        self.key
    }

    /// When the call wants its next turn.
    pub fn due(&self) -> Option<Instant> {
        [self.leg_due, self.wire_due, self.app.due(), self.line.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.finished && !self.app.is_there() && !self.line.is_there()
    }

    /// The first turn.
    pub fn begin(&mut self, now: Instant, around: &Surroundings<'_>) -> Turn {
        self.turn(now, around);
        // What came before the connection was here made no edge.
        self.messages(Socket::Line, now, around)
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
        self.app.look(now, around.registry);
        if let Some(line) = self.line.link() {
            line.look(now, around.registry);
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
        let Some(descriptor) = self.line.descriptor(port) else {
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

    /// The poller says that a connection can be read or written.
    pub fn connection_ready(
        &mut self,
        socket: Socket,
        now: Instant,
        around: &Surroundings<'_>,
    ) -> Turn {
        if let Some(link) = self.link(socket) {
            link.readable();
        }
        self.messages(socket, now, around)
    }

    fn link(&mut self, socket: Socket) -> Option<&mut Link> {
        match socket {
            Socket::App => Some(&mut self.app),
            Socket::Line => self.line.link(),
            Socket::Rtp | Socket::Rtcp => None,
        }
    }

    /// Takes what was sent on a connection.
    fn messages(&mut self, socket: Socket, now: Instant, around: &Surroundings<'_>) -> Turn {
        for _ in 0..MESSAGES_A_TURN {
            let Some(link) = self.link(socket) else {
                return Turn::Done;
            };
            let incoming = match link.read() {
                None | Some(Incoming::Nothing) => return Turn::Done,
                Some(incoming) => incoming,
            };
            // What follows a broken frame cannot be understood (RFC 6455 §7.1.7).
            if matches!(incoming, Incoming::Broken | Incoming::Closed(_)) {
                link.let_go(around.registry);
            }
            match socket {
                Socket::Line => {
                    if let Some(input) = incoming.for_leg() {
                        self.leg.handle_input(now, input);
                    }
                }
                _ => {
                    if let Some(input) = incoming.for_application() {
                        self.wire.handle_input(now, input);
                    }
                }
            }
            self.turn(now, around);
        }
        Turn::Again
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
            ToCall::Follow(wire) => self.follow(wire, now, around),
            ToCall::Brought(id, brought) => {
                self.wire.handle_input(now, AppInput::Brought(id, brought));
            }
            ToCall::Opened(socket) => self.open(*socket, now, around),
        }
        self.turn(now, around);
        // What the application said before its socket was here made no edge.
        self.messages(Socket::App, now, around);
    }

    fn open(&mut self, socket: WebSocket<AppStream>, now: Instant, around: &Surroundings<'_>) {
        // One that was lost may not have gone yet.
        self.app.let_go(around.registry);
        let connection = Connection::new(socket.into(), around.registry, self.place, Socket::App);
        let input = match connection {
            Ok(connection) if !self.finished => {
                self.app = Link::over(connection);
                AppInput::Opened
            }
            _ => AppInput::OpenFailed,
        };
        self.wire.handle_input(now, input);
    }

    /// Lets both machines act until neither has anything left to do.
    pub fn turn(&mut self, now: Instant, around: &Surroundings<'_>) {
        self.drain_leg(now, around);
        self.drain_wire(now, around);
        self.pass_events(now, around);
    }

    fn pass_events(&mut self, now: Instant, around: &Surroundings<'_>) {
        while let Some(event) = self.next_event() {
            // Whoever is told something on another thread may ask at once how much is queued.
            self.note_queued();
            self.wire.handle_input(now, AppInput::Event(&event));
            self.drain_wire(now, around);
        }
        self.note_queued();
    }

    fn note_queued(&mut self) {
        if !self.bridged && self.wire.note_queued(self.leg.queued()) {
            self.leg.keep_queue();
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

    fn drain_leg(&mut self, now: Instant, around: &Surroundings<'_>) {
        loop {
            match self.leg.poll_output() {
                Output::Timeout(due) => {
                    self.leg_due = due;
                    return;
                }
                Output::Event(event) => {
                    // Two people talk with each other as they like.
                    if self.note_turns(&event) && self.bridged {
                        continue;
                    }
                    self.answered |= matches!(event, CallEvent::Answered);
                    if !matches!(event, CallEvent::Audio { .. }) {
                        around.reports.tell(Report::Event(self.key, event.clone()));
                    }
                    self.events.push_back(event);
                }
                Output::Transmit {
                    port,
                    destination,
                    bytes,
                } => {
                    let (registry, place) = (around.registry, self.place);
                    self.line
                        .transmit(port, destination, bytes, registry, place);
                }
                Output::Send(frame) => {
                    if let Some(line) = self.line.link() {
                        line.write(frame);
                    }
                }
                Output::Close(code) => {
                    if let Some(line) = self.line.link() {
                        line.close(code, now);
                    }
                }
                Output::AtProvider(wish) => {
                    around.reports.tell(Report::AtProvider(self.key, wish));
                }
                Output::Signal(signal) => {
                    around.reports.tell(Report::Signal(self.key, signal));
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
                    around.reports.tell(report);
                }
                Output::Finished => self.finish(now),
            }
        }
    }

    /// Keeps what an event says of turns for the record; `false` where it says nothing of them.
    fn note_turns(&mut self, event: &CallEvent) -> bool {
        let is_ours = !self.bridged;
        match event {
            CallEvent::Turn(turn) if is_ours => self.turns.push(*turn),
            CallEvent::Interrupted(caller) if is_ours => self.turns.push_interruption(*caller),
            CallEvent::AppDeaf(deaf) if is_ours => self.turns.push_deafness(*deaf),
            CallEvent::Turn(_) | CallEvent::Interrupted(_) | CallEvent::AppDeaf(_) => {}
            _ => return false,
        }
        true
    }

    fn finish(&mut self, now: Instant) {
        self.finished = true;
        if let Some(line) = self.line.link().filter(|line| !line.is_closing()) {
            line.close(NORMAL_CLOSURE, now);
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
                    self.leg.handle_input(now, Input::Command(command));
                }
                AppOutput::End(reason) => self.leg.handle_input(now, Input::End(reason)),
                AppOutput::Send(frame) => {
                    self.app.write(frame);
                    continue;
                }
                AppOutput::Redial => {
                    around.reports.tell(Report::Redial(self.key));
                    continue;
                }
                AppOutput::Absent(absent) => {
                    self.leg.time_turns(!absent);
                    continue;
                }
                AppOutput::Errand(id, errand) => {
                    around.reports.tell(Report::Errand(id, errand));
                    continue;
                }
                AppOutput::Close(code) => {
                    self.app.close(code, now);
                    continue;
                }
            }
            self.drain_leg(now, around);
        }
    }

    /// Whether something waits to be sent and the shard has not been told.
    pub fn wants_listing(&mut self) -> bool {
        let waits = self.line.has_waiting() || self.app.has_waiting();
        waits && !std::mem::replace(&mut self.listed, true)
    }

    /// Lets what was gathered in this wake-up go, and tells each machine what had to stay.
    pub fn send(&mut self, now: Instant, around: &Surroundings<'_>) {
        self.listed = false;
        if let Some(bytes) = self.line.flush() {
            self.leg.handle_input(now, Input::Backlog { bytes });
            self.drain_leg(now, around);
            self.pass_events(now, around);
        }
        self.flush_app(now, around);
    }

    fn flush_app(&mut self, now: Instant, around: &Surroundings<'_>) {
        if let Some(bytes) = self.app.flush() {
            self.wire.handle_input(now, AppInput::Backlog { bytes });
            self.drain_wire(now, around);
        }
    }

    /// Takes the events that a bridged call has for its partner.
    pub fn take_events(&mut self) -> VecDeque<CallEvent> {
        std::mem::take(&mut self.events)
    }

    /// Passes a partner's wish to the leg.
    pub fn command(&mut self, command: CallCommand<'_>, now: Instant, around: &Surroundings<'_>) {
        self.leg.handle_input(now, Input::Command(command));
        self.drain_leg(now, around);
    }

    /// Closes everything and says what is left of the call.
    pub fn close(mut self, registry: &Registry, trouble: Option<Trouble>) -> Final {
        self.line.deregister(registry);
        self.app.let_go(registry);
        Final {
            media: self.leg.stats(),
            description: self.leg.describe(),
            app: self.past.followed_by(self.wire.stats()),
            turns: self.turns,
            trouble,
        }
    }
}
