//! Two SIP legs, each before an endpoint of its own, and a network between them: virtual time,
//! one seed.
#![allow(dead_code, reason = "each story uses its own part of the world")]

mod end;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_call::{CallCommand, CallEvent, EndReason, HangupCause};
use trunkline_legs::sip::{Outgoing, Settings};
use trunkline_legs::{DialNews, Input, Port};
use trunkline_sip::endpoint::{self, Action, Event, NewRequest, Path};
use trunkline_sip::{Message, Method, Uri};

use trunkline_testkit::{Conditions, Seeded, SeededNet};

pub use end::End;

/// The end that places the call.
pub const ALICE: usize = 0;
/// The end that is called.
pub const BOB: usize = 1;

/// Turns without time passing after which something must be turning in circles.
const TURNS_MAX: usize = 10_000;

/// What is on its way.
#[derive(Clone)]
pub enum Flight {
    Sip {
        path: Path,
        bytes: Vec<u8>,
    },
    Media {
        port: Port,
        source: SocketAddr,
        bytes: Vec<u8>,
    },
    /// From endpoint to leg and back: the two live in different threads.
    ToLeg(Event),
    ToEndpoint(Action),
}

/// Everything, and what time it is.
pub struct World {
    pub now: Instant,
    pub ends: [End; 2],
    /// From end to end.
    pub network: SeededNet<usize, Flight>,
    /// From a leg to its endpoint and back: late at times, but in order and never lost.
    pub threads: SeededNet<usize, Flight>,
    /// No RTP or RTCP arrives.
    pub media_lost: bool,
    /// For what the two applications do at random.
    pub random: Seeded,
}

/// Nothing is lost and everything takes 10 ms.
pub fn good() -> Conditions {
    Conditions::perfect(Duration::from_millis(10))
}

/// Nothing arrives at all.
pub fn cut() -> Conditions {
    Conditions {
        loss: 1.0,
        ..good()
    }
}

/// One message in ten is lost, one in twenty comes twice, one in ten is overtaken.
pub fn bad() -> Conditions {
    Conditions {
        jitter: Duration::from_millis(30),
        loss: 0.1,
        duplication: 0.05,
        reordering: 0.1,
        hold: Duration::from_millis(200),
        ..good()
    }
}

/// An endpoint and a leg whose threads are busy.
pub fn busy_threads() -> Conditions {
    Conditions {
        jitter: Duration::from_millis(5),
        ..Conditions::perfect(Duration::ZERO)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where virtual time starts does not matter"
)]
pub fn start() -> Instant {
    Instant::now()
}

impl World {
    /// A world where everything goes well.
    pub fn new() -> Self {
        Self::with(1, good(), Conditions::perfect(Duration::ZERO))
    }

    pub fn with(seed: u64, network: Conditions, threads: Conditions) -> Self {
        let mut random = Seeded::new(seed);
        Self {
            now: start(),
            ends: [End::new(ALICE, &mut random), End::new(BOB, &mut random)],
            network: SeededNet::new(random.next_u64(), network),
            threads: SeededNet::new(random.next_u64(), threads),
            media_lost: false,
            random,
        }
    }

    /// Changes what an end's next leg is told.
    pub fn set(&mut self, who: usize, change: impl FnOnce(&mut Settings)) {
        change(&mut self.ends[who].settings);
    }

    /// Alice calls Bob.
    pub fn dial(&mut self) {
        self.dial_with(|_| {});
    }

    pub fn dial_with(&mut self, change: impl FnOnce(&mut NewRequest)) {
        let path = Path::udp(self.ends[ALICE].sip, self.ends[BOB].sip);
        let uri = Uri::parse("sip:bob@10.0.0.2").unwrap();
        let mut request = NewRequest::new(Method::Invite, path, uri, "<sip:alice@10.0.0.1>");
        change(&mut request);
        let now = self.now;
        let owner = self.ends[ALICE].endpoint.new_owner();
        self.ends[ALICE].place(Outgoing { owner, request }, now);
        self.settle(ALICE);
    }

    /// A call that is up: Bob rang and answered.
    pub fn up() -> Self {
        let mut world = Self::new();
        world.come_up();
        world
    }

    pub fn come_up(&mut self) {
        self.dial();
        self.run(100);
        self.command(BOB, CallCommand::Ring);
        self.run(100);
        self.command(BOB, CallCommand::Answer);
        self.run(100);
        assert!(
            self.ends[ALICE].has(&CallEvent::Answered),
            "{:?}",
            self.ends[ALICE].events
        );
        assert!(
            self.ends[BOB].has(&CallEvent::Answered),
            "{:?}",
            self.ends[BOB].events
        );
        self.forget();
    }

    /// Forgets what happened so far.
    pub fn forget(&mut self) {
        for end in &mut self.ends {
            end.events.clear();
            end.sent.clear();
            end.heard.clear();
        }
    }

    pub fn command(&mut self, who: usize, command: CallCommand<'_>) {
        self.input(who, Input::Command(command));
    }

    pub fn hang_up(&mut self, who: usize) {
        self.command(who, CallCommand::Hangup(HangupCause::Normal));
    }

    pub fn tell_dial(&mut self, who: usize, news: DialNews) {
        self.input(who, Input::Dial(news));
    }

    pub fn input(&mut self, who: usize, input: Input<'_>) {
        self.ends[who].input(self.now, input);
        self.settle(who);
    }

    /// Something the endpoint is asked behind its leg's back.
    pub fn act(&mut self, who: usize, action: Action) {
        self.ends[who]
            .endpoint
            .handle_input(self.now, endpoint::Input::Action(action));
        self.settle(who);
    }

    /// A message written by hand reaches an end.
    pub fn deliver(&mut self, who: usize, message: Message) {
        let path = Path::udp(self.ends[who].sip, self.ends[1 - who].sip);
        let input = endpoint::Input::Received {
            message: Ok(message),
            path,
        };
        self.ends[who].endpoint.handle_input(self.now, input);
        self.settle(who);
    }

    /// Lets so many milliseconds pass.
    pub fn run(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        let mut turns = 0;
        while let Some(next) = self.next().filter(|next| *next <= until) {
            turns = if next > self.now { 0 } else { turns + 1 };
            assert!(turns < TURNS_MAX, "something turns in circles");
            self.now = self.now.max(next);
            self.step();
        }
        self.now = until;
    }

    fn next(&self) -> Option<Instant> {
        let arrivals = [self.network.next_arrival(), self.threads.next_arrival()];
        arrivals
            .into_iter()
            .flatten()
            .chain(self.ends.iter().filter_map(End::next))
            .min()
    }

    fn step(&mut self) {
        let arrival = self
            .threads
            .receive(self.now)
            .or_else(|| self.network.receive(self.now));
        if let Some(arrival) = arrival {
            self.ends[arrival.to].arrive(self.now, arrival.packet);
            return self.settle(arrival.to);
        }
        for who in [ALICE, BOB] {
            if self.ends[who].next().is_some_and(|at| at <= self.now) {
                self.ends[who].timeout(self.now);
                self.settle(who);
            }
        }
    }

    /// Puts everything an end wants to send on its way.
    fn settle(&mut self, who: usize) {
        for (to, flight) in self.ends[who].take_outputs() {
            if to == who {
                self.threads.send(self.now, who, to, flight);
            } else if !(self.media_lost && matches!(flight, Flight::Media { .. })) {
                self.network.send(self.now, who, to, flight);
            }
        }
    }

    /// Everything has ended and nothing is left, when the longest timer has run out.
    pub fn assert_nothing_is_left(&mut self) {
        self.run(400_000);
        for end in &self.ends {
            assert!(end.leg.is_none(), "a leg is left: {:?}", end.events);
            assert_eq!(end.endpoint.gauges(), endpoint::Gauges::default());
            assert_eq!(
                end.ended().len(),
                usize::from(end.had_leg),
                "{:?}",
                end.events
            );
        }
    }

    pub fn end_reason(&self, who: usize) -> Option<EndReason> {
        self.ends[who].ended().first().cloned()
    }
}
