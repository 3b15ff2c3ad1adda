//! A call and its application part: for another call, or for something else in its place.

use super::super::connection::Connection;
use super::super::link::Link;
use super::super::silence::Silence;
use super::{Slot, Surroundings};
use std::collections::VecDeque;
use std::time::Instant;
use trunkline_call::{CallCommand, CallEvent, EndReason, HangupCause};
use trunkline_legs::Input;
use trunkline_streams::{AppInput, AppWire};

/// An application between two calls.
pub struct Application {
    wire: Box<dyn AppWire>,
    connection: Option<Connection>,
    /// What its old call has still to tell.
    events: VecDeque<CallEvent>,
}

impl Slot {
    /// Lets this call hear another one from now on. For its application the call is over.
    pub fn bridge(&mut self, now: Instant, around: &Surroundings<'_>) {
        self.dismiss_application(now, around);
    }

    /// Gives the call another wire in its application's place. A call that hears another one has
    /// none to be replaced.
    pub(super) fn follow(
        &mut self,
        wire: Box<dyn AppWire>,
        now: Instant,
        around: &Surroundings<'_>,
    ) {
        if self.bridged || self.finished {
            return;
        }
        self.dismiss_application(now, around);
        self.bridged = false;
        self.past = self.past.followed_by(self.wire.stats());
        self.wire = wire;
        let first = match self.answered {
            true => AppInput::Event(&CallEvent::Answered),
            false => AppInput::Timeout,
        };
        self.wire.handle_input(now, first);
    }

    fn dismiss_application(&mut self, now: Instant, around: &Surroundings<'_>) {
        // What the application had queued, or had paused, is not what the caller is to hear now.
        for command in [CallCommand::Clear, CallCommand::Continue] {
            self.leg.handle_input(now, Input::Command(command));
        }
        self.turn(now, around);
        self.bridged = true;
        let over = CallEvent::Ended(EndReason::App(HangupCause::Normal));
        self.wire.handle_input(now, AppInput::Event(&over));
        self.drain_wire(now, around);
        self.flush_app(now, around);
    }

    /// Takes the application away, to be given to another call. What this one has not heard of it
    /// the other one will not hear either: the application is told so, as of a clear of its own.
    pub fn give_application(&mut self, now: Instant, around: &Surroundings<'_>) -> Application {
        let clear = Input::Command(CallCommand::Clear);
        self.leg.handle_input(now, clear);
        self.drain_leg(now, around);
        self.wire_due = None;
        Application {
            wire: std::mem::replace(&mut self.wire, Box::new(Silence)),
            connection: self.app.give(around.registry),
            events: self.take_events(),
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
        let connection = application.connection.and_then(|mut connection| {
            connection
                .register(around.registry, self.place)
                .is_ok()
                .then_some(connection)
        });
        self.app = connection.map(Link::over).unwrap_or_default();
        self.events.extend(application.events);
        // Asked at once, so that its deadlines are known here.
        self.drain_wire(now, around);
        self.turn(now, around);
    }
}
