//! All streams of a run.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use trunkline_streams::StreamDialect;

use super::caller::{Caller, Standing};
use super::connection::{Lost, Place};
use super::hearing::Figures;
use crate::load::concurrent::PHASES;
use crate::load::histogram::Histogram;

/// How long a target may take to take a WebSocket, and to close one.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// Events taken from the poller at once.
const EVENTS: usize = 1_024;
/// Bytes read at once: many messages of 20 ms.
const READ_BYTES: usize = 65_536;

/// All streams, by their numbers.
pub struct Crowd<'a> {
    pub dialect: &'static StreamDialect,
    place: Place<'a>,
    /// Sets the ids of this run apart from those of others.
    run: u64,
    /// `None` where a stream has ended.
    callers: Vec<Option<Caller>>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    pub figures: Figures,
    /// Messages of audio that were sent.
    pub sent: u64,
    pub failed: u64,
    pub last_failure: Option<String>,
    pub opened: Histogram,
}

impl<'a> Crowd<'a> {
    /// Nobody yet.
    ///
    /// # Errors
    /// Those of the poller.
    pub fn new(dialect: &'static StreamDialect, place: Place<'a>, run: u64) -> io::Result<Self> {
        Ok(Self {
            dialect,
            place,
            run,
            callers: Vec::new(),
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            buffer: vec![0; READ_BYTES],
            figures: Figures::default(),
            sent: 0,
            failed: 0,
            last_failure: None,
            opened: Histogram::default(),
        })
    }

    /// Streams that were begun.
    pub fn count(&self) -> u32 {
        u32::try_from(self.callers.len()).unwrap_or(u32::MAX)
    }

    /// Streams that are like this now.
    pub fn standing(&self, standing: Standing) -> usize {
        let there = self.callers.iter().flatten();
        there.filter(|caller| caller.standing() == standing).count()
    }

    /// Begins another stream.
    pub fn join(&mut self) {
        let (number, registry) = (self.callers.len(), self.poll.registry());
        let caller = Caller::open(&self.place, self.dialect, registry, number);
        let caller = caller.map_err(|error| self.fail(error.into())).ok();
        self.callers.push(caller);
    }

    /// One tick: the streams whose turn it is send, and everything that came is taken.
    pub fn beat(&mut self, tick: u64) {
        let first = usize::try_from(tick % PHASES).unwrap_or_default();
        for number in (first..self.callers.len()).step_by(PHASES as usize) {
            let is_open = |caller: &&mut Caller| caller.standing() == Standing::Open;
            let caller = self.callers.get_mut(number).and_then(Option::as_mut);
            if let Some(caller) = caller.filter(is_open) {
                let sent = caller.send_audio(&mut self.figures);
                self.sent += 1;
                self.settle(number, sent);
            }
        }
        self.receive();
    }

    fn receive(&mut self) {
        loop {
            // An interrupted wait is one in which nothing came.
            let _ = self.poll.poll(&mut self.events, Some(Duration::ZERO));
            let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
            for &number in &ready {
                let took = self.ready(number);
                self.settle(number, took);
            }
            if ready.len() < EVENTS {
                return;
            }
        }
    }

    fn ready(&mut self, number: usize) -> Result<(), Lost> {
        let Some(caller) = self.callers.get_mut(number).and_then(Option::as_mut) else {
            return Ok(());
        };
        if caller.ready(&mut self.buffer, &mut self.figures)? {
            self.opened.add(caller.began().elapsed());
            caller.start(self.dialect, self.run)?;
        }
        Ok(())
    }

    /// Forgets a stream that has ended; one that we did not end has failed.
    fn settle(&mut self, number: usize, done: Result<(), Lost>) {
        let Err(lost) = done else {
            return;
        };
        let ended = self.callers.get_mut(number).and_then(Option::take);
        if ended.is_some_and(|caller| caller.standing() != Standing::Leaving) {
            self.fail(lost);
        }
    }

    fn fail(&mut self, lost: Lost) {
        self.failed += 1;
        self.last_failure = Some(lost.0);
    }

    /// Gives up those that the target neither takes nor refuses.
    pub fn give_up_late(&mut self) {
        for number in 0..self.callers.len() {
            let caller = self.callers.get(number).and_then(Option::as_ref);
            if caller.is_some_and(|caller| {
                caller.standing() == Standing::Opening && caller.began().elapsed() > OPEN_MAX
            }) {
                let late = Lost(format!("no WebSocket within {} s", OPEN_MAX.as_secs()));
                self.settle(number, Err(late));
            }
        }
    }

    /// Begins to measure.
    pub fn reset(&mut self) {
        self.figures = Figures::default();
        self.sent = 0;
        let there = self.callers.iter_mut().flatten();
        there.for_each(Caller::reset);
    }

    /// Ends the stream of this number.
    pub fn hang_up(&mut self, number: usize) {
        if let Some(caller) = self.callers.get_mut(number).and_then(Option::as_mut) {
            let done = caller.hang_up();
            self.settle(number, done);
        }
    }

    /// Whether the target may still close some that we have ended.
    pub fn is_leaving(&self, since: Instant) -> bool {
        since.elapsed() < OPEN_MAX && self.standing(Standing::Leaving) > 0
    }
}
