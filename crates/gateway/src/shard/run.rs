//! The shard's loop: what is ready, what is due, what was told.

use super::bridge::Bridges;
use super::deadlines::Deadlines;
use super::key::{Socket, of_token};
use super::line::Line;
use super::load::{Lateness, Load};
use super::moderation::{Found, Moderation};
use super::panics::contained;
use super::slot::{Slot, Surroundings, Turn};
use super::{CallKey, Final, NewCall, Report, Reporter, ToShard, Trouble};
use crate::net::Datagrams;
use mio::{Events, Poll, Waker};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use trunkline_call::turns::Turns;
use trunkline_legs::Port;

/// Deadlines this close are met at once. The poller counts in milliseconds, so a wake-up is
/// asked for at the whole millisecond before a deadline and several calls share it.
pub const EARLY_MAX: Duration = Duration::from_millis(1);

/// How many ready sockets one wake-up takes: less than a millisecond's work. Whoever is due meanwhile
/// waits no longer than that, also where a stall of the machine has left a heap of them.
const EVENTS_MAX: usize = 64;

/// Everything a shard has.
pub struct Loop {
    poll: Poll,
    /// Kept until the end: a wake-up is lost if the last handle is dropped right after it.
    _waker: Arc<Waker>,
    orders: Receiver<ToShard>,
    reports: Reporter,
    load: Arc<Load>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    places: HashMap<CallKey, usize>,
    deadlines: Deadlines,
    bridges: Bridges,
    datagrams: Datagrams,
    /// Calls whose sockets were not read empty: where, and which.
    again: Vec<(usize, Socket)>,
    /// Room for those whose turn it is.
    once_more: Vec<(usize, Socket)>,
    /// Room for the places that are due.
    due: Vec<usize>,
    /// The places that have something to send.
    sending: Vec<usize>,
    lateness: Lateness,
    stopping: bool,
}

impl Loop {
    pub fn new(
        poll: Poll,
        waker: Arc<Waker>,
        orders: Receiver<ToShard>,
        reports: Reporter,
        load: Arc<Load>,
    ) -> Self {
        Self {
            poll,
            _waker: waker,
            orders,
            reports,
            lateness: Lateness::new(Instant::now()),
            load,
            slots: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            deadlines: Deadlines::default(),
            bridges: Bridges::default(),
            datagrams: Datagrams::default(),
            again: Vec::new(),
            once_more: Vec::new(),
            due: Vec::new(),
            sending: Vec::new(),
            stopping: false,
        }
    }

    pub fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut woken = Instant::now();
        let mut moderation = Moderation::new(woken);
        let mut there_is_more = false;
        while !self.stopping {
            let now = Instant::now();
            let due = self.run_due(now);
            self.send(now);
            let due = Found {
                due,
                ..Found::default()
            };
            // From one wake-up to the next, so that a shard with more work rests less.
            let rest_until = woken + moderation.after(due, now);
            let now = Instant::now();
            let mut rest = rest_until.saturating_duration_since(now);
            if there_is_more {
                rest = Duration::ZERO;
            }
            if !rest.is_zero() {
                std::thread::sleep(rest);
            }
            let timeout = self.timeout(now + rest);
            // An interrupted wait is a wake-up like another.
            let _ = self.poll.poll(&mut events, timeout);
            let now = Instant::now();
            woken = now;
            there_is_more = events.iter().count() == EVENTS_MAX;
            let mut found = Found::default();
            for event in &events {
                if let Some((place, socket)) = of_token(event.token()) {
                    match socket {
                        Socket::App => found.applications += 1,
                        _ => found.far_ends += 1,
                    }
                    self.ready(place, socket, now);
                }
            }
            moderation.after(found, now);
            if let Some(is_late) = self.lateness.verdict(now) {
                self.load.set_late(is_late);
            }
            self.run_again(now);
            self.obey(now);
        }
        for place in 0..self.slots.len() {
            self.remove(place, None);
        }
    }

    /// Until when there is nothing to do, in the whole milliseconds of the poller.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        let (at, _) = self.deadlines.first()?;
        let left = at.saturating_duration_since(now);
        Some(Duration::from_millis(
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
        ))
    }

    /// Gives a turn to every call that is due, and says to how many.
    fn run_due(&mut self, now: Instant) -> u32 {
        // All are taken out first: a call that asks for the same moment again has its turn after
        // the others and what is ready.
        let mut due = std::mem::take(&mut self.due);
        while let Some((at, place)) = self.deadlines.first() {
            if at > now + EARLY_MAX {
                break;
            }
            self.lateness.note(now.saturating_duration_since(at));
            self.deadlines.set(place, None);
            due.push(place);
        }
        let count = due.len();
        for place in due.drain(..) {
            self.with(place, now, |slot, around, _| slot.time(now, around));
        }
        self.due = due;
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Sends what the turns of this wake-up left to be sent. One after the other, because the
    /// kernel's way out is long: what it needs is fetched into the caches once for all of them.
    fn send(&mut self, now: Instant) {
        let mut sending = std::mem::take(&mut self.sending);
        for place in sending.drain(..) {
            let Some(slot) = self.slots.get_mut(place).and_then(Option::as_mut) else {
                continue;
            };
            let around = Surroundings {
                registry: self.poll.registry(),
                reports: &self.reports,
            };
            match contained(|| slot.send(now, &around)) {
                Some(()) => self.deadlines.set(place, slot.due()),
                None => self.remove(place, Some(Trouble::Panicked)),
            }
        }
        self.sending = sending;
    }

    fn run_again(&mut self, now: Instant) {
        // Only those that are there now: a call that has still more has its turn after the others.
        std::mem::swap(&mut self.again, &mut self.once_more);
        while let Some((place, socket)) = self.once_more.pop() {
            self.ready(place, socket, now);
        }
    }

    fn ready(&mut self, place: usize, socket: Socket, now: Instant) {
        let turn = self.with(place, now, |slot, around, datagrams| match socket {
            Socket::Rtp => slot.packets(Port::Rtp, now, around, datagrams),
            Socket::Rtcp => slot.packets(Port::Rtcp, now, around, datagrams),
            Socket::App | Socket::Line => slot.connection_ready(socket, now, around),
        });
        if turn == Some(Turn::Again) {
            self.again.push((place, socket));
        }
    }

    /// Lends a call what it needs for a turn and notes when it wants the next one. A call that
    /// panics, and one that is over, is removed.
    fn with<T>(
        &mut self,
        place: usize,
        now: Instant,
        turn: impl FnOnce(&mut Slot, &Surroundings<'_>, &mut Datagrams) -> T,
    ) -> Option<T> {
        let slot = self.slots.get_mut(place)?.as_mut()?;
        let around = Surroundings {
            registry: self.poll.registry(),
            reports: &self.reports,
        };
        let result = contained(|| turn(slot, &around, &mut self.datagrams));
        if result.is_none() {
            self.remove(place, Some(Trouble::Panicked));
            return None;
        }
        self.deadlines.set(place, slot.due());
        if slot.wants_listing() {
            self.sending.push(place);
        }
        let over = slot.is_over();
        if self.bridges.has(place) {
            self.cross(place, now);
        }
        if over {
            self.remove(place, None);
        }
        result
    }

    fn obey(&mut self, now: Instant) {
        while let Ok(order) = self.orders.try_recv() {
            match order {
                ToShard::Start(call) => self.start(*call, now),
                ToShard::Call(key, what) => {
                    if let Some(&place) = self.places.get(&key) {
                        self.with(place, now, |slot, around, _| slot.told(what, now, around));
                    }
                }
                ToShard::Join { caller, callee } => self.join(caller, callee, now),
                ToShard::Replace { from, to } => self.replace(from, to, now),
                ToShard::Stop => self.stopping = true,
            }
        }
    }

    fn start(&mut self, call: NewCall, now: Instant) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let registry = self.poll.registry();
        let line = match Line::new(call.line, registry, place) {
            Ok(line) => line,
            Err(error) => {
                self.free.push(place);
                let last = Final {
                    media: call.leg.stats(),
                    description: call.leg.describe(),
                    app: call.wire.stats(),
                    turns: Turns::default(),
                    trouble: Some(Trouble::NoSockets(error.to_string())),
                };
                return self
                    .reports
                    .tell(Report::Finished(call.key, Box::new(last)));
            }
        };
        self.places.insert(call.key, place);
        self.load.set_calls(self.places.len());
        self.slots[place] = Some(Slot::new(call.key, place, call.leg, call.wire, line));
        let more = self.with(place, now, |slot, around, _| slot.begin(now, around));
        if more == Some(Turn::Again) {
            self.again.push((place, Socket::Line));
        }
    }

    fn remove(&mut self, place: usize, trouble: Option<Trouble>) {
        let Some(slot) = self.slots.get_mut(place).and_then(Option::take) else {
            return;
        };
        let key = slot.key();
        self.deadlines.set(place, None);
        self.bridges.part(place);
        self.places.remove(&key);
        self.free.push(place);
        self.load.set_calls(self.places.len());
        let registry = self.poll.registry();
        if let Some(last) = contained(|| slot.close(registry, trouble)) {
            self.reports.tell(Report::Finished(key, Box::new(last)));
        }
    }

    fn join(&mut self, caller: CallKey, callee: CallKey, now: Instant) {
        let (Some(&a), Some(&b)) = (self.places.get(&caller), self.places.get(&callee)) else {
            return;
        };
        for place in [a, b] {
            self.with(place, now, |slot, around, _| slot.bridge(now, around));
        }
        self.bridges.join(a, b);
    }

    /// Carries a bridged call's events over to its partner.
    fn cross(&mut self, place: usize, now: Instant) {
        let Some(slot) = self.slots.get_mut(place).and_then(Option::as_mut) else {
            return;
        };
        let events = slot.take_events();
        for event in &events {
            let Some((partner, command)) = self.bridges.on_event(place, event) else {
                continue;
            };
            let Some(slot) = self.slots.get_mut(partner).and_then(Option::as_mut) else {
                continue;
            };
            let around = Surroundings {
                registry: self.poll.registry(),
                reports: &self.reports,
            };
            slot.command(command, now, &around);
            self.deadlines.set(partner, slot.due());
            if slot.wants_listing() {
                self.sending.push(partner);
            }
        }
    }

    fn replace(&mut self, from: CallKey, to: CallKey, now: Instant) {
        let (Some(&a), Some(&b)) = (self.places.get(&from), self.places.get(&to)) else {
            return;
        };
        let give = |slot: &mut Slot, around: &Surroundings<'_>, _: &mut Datagrams| {
            slot.give_application(now, around)
        };
        let Some(application) = self.with(a, now, give) else {
            return;
        };
        self.with(b, now, |slot, around, _| {
            slot.take_application(application, now, around)
        });
    }
}

#[cfg(test)]
mod tests;
