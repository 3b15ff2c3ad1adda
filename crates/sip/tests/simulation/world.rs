//! Two endpoints, their phones, the network between them, and what went over it.

use crate::phone::{Phone, Role};
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use trunkline_sip::endpoint::{
    ConnectionId, Endpoint, EndpointConfig, Fault, Gauges, Input, Output, Path, Transport,
};
use trunkline_sip::{Message, Method, Timer};
use trunkline_testkit::{Seeded, SeededNet};

/// A schedule that takes more steps than this runs in circles.
const STEPS_MAX: u32 = 20_000;

/// What went out of and came into one endpoint, by the number of the INVITE it belongs to.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Final responses to our INVITE that arrived, 2xx and others.
    pub finals_in: BTreeMap<u32, u32>,
    /// ACKs we sent.
    pub acks_out: BTreeMap<u32, u32>,
    /// 2xx we sent to the peer's INVITE.
    pub accepted_out: BTreeMap<u32, u32>,
    /// ACKs that arrived.
    pub acks_in: BTreeMap<u32, u32>,
    /// INVITEs whose ACK we gave up waiting for, with the ACKs that had come by then.
    pub unacknowledged: Vec<(u32, u32)>,
}

#[derive(Debug)]
pub struct Side {
    pub endpoint: Endpoint,
    pub phone: Phone,
    pub traffic: Traffic,
    addr: SocketAddr,
    /// The number of the INVITE we accepted last.
    accepted: u32,
}

#[derive(Debug)]
pub struct World {
    pub plan: Plan,
    pub sides: [Side; 2],
    net: SeededNet<SocketAddr, Message>,
    now: Instant,
    start: Instant,
    lost_finals: u32,
    lost_acks: u32,
    /// A final response to an INVITE, or an ACK, was lost.
    pub lost_one_that_matters: bool,
}

impl World {
    pub fn new(plan: Plan, fault: Option<Fault>, start: Instant) -> Self {
        let mut random = Seeded::new(plan.number);
        let addrs: [SocketAddr; 2] = [([10, 0, 0, 1], 5060).into(), ([10, 0, 0, 2], 5060).into()];
        let side = |role, mine: usize, random: &mut Seeded| {
            let (local, remote) = (addrs[mine], addrs[1 - mine]);
            let path = path(plan.tcp, local, remote);
            let config = EndpointConfig {
                fault,
                ..EndpointConfig::default()
            };
            Side {
                endpoint: Endpoint::new(config, random.bytes()),
                phone: Phone::new(role, &plan, path, start),
                traffic: Traffic::default(),
                addr: local,
                accepted: 0,
            }
        };
        let sides = [
            side(Role::Caller, 0, &mut random),
            side(Role::Callee, 1, &mut random),
        ];
        Self {
            net: SeededNet::new(random.next_u64(), plan.conditions),
            lost_finals: plan.lost_finals,
            lost_acks: plan.lost_acks,
            sides,
            plan,
            now: start,
            start,
            lost_one_that_matters: false,
        }
    }

    /// Runs until nothing is left to happen.
    pub fn run(&mut self) -> Result<(), String> {
        for _ in 0..STEPS_MAX {
            let Some(next) = self.next() else {
                return Ok(());
            };
            self.now = next.max(self.now);
            while let Some(arrival) = self.net.receive(self.now) {
                let side = usize::from(arrival.to == self.sides[1].addr);
                self.deliver(side, arrival.from, &arrival.packet);
            }
            for side in 0..2 {
                self.input(side, Input::Timeout);
                self.act(side);
            }
        }
        Err("it never ends".to_owned())
    }

    fn next(&mut self) -> Option<Instant> {
        let mut times = vec![self.net.next_arrival()];
        for side in &mut self.sides {
            times.push(side.phone.next());
            match side.endpoint.poll_output() {
                Output::Timeout(at) => times.push(at),
                other => panic!("an endpoint was not polled to its end: {other:?}"),
            }
        }
        times.into_iter().flatten().min()
    }

    fn act(&mut self, side: usize) {
        loop {
            let Side {
                endpoint, phone, ..
            } = &mut self.sides[side];
            let Some(action) = phone.act(self.now, || endpoint.new_owner()) else {
                break;
            };
            self.input(side, Input::Action(action));
        }
    }

    fn deliver(&mut self, side: usize, from: SocketAddr, packet: &Message) {
        let traffic = &mut self.sides[side].traffic;
        let (number, of_invite) = invite_number(packet);
        if of_invite && packet.status() >= Some(200) {
            *traffic.finals_in.entry(number).or_default() += 1;
        }
        if packet.method() == Some(&Method::Ack) {
            *traffic.acks_in.entry(number).or_default() += 1;
        }
        let path = path(self.plan.tcp, self.sides[side].addr, from);
        let message = Message::parse(packet.as_bytes());
        assert!(
            message.is_ok(),
            "an endpoint sent what cannot be read: {packet:?}"
        );
        self.input(side, Input::Received { message, path });
    }

    fn input(&mut self, side: usize, input: Input) {
        let now = self.now;
        self.sides[side].endpoint.handle_input(now, input);
        loop {
            match self.sides[side].endpoint.poll_output() {
                Output::Timeout(_) => break,
                Output::Transmit(transmit) => self.transmit(side, transmit.path, transmit.message),
                Output::Event(event) => {
                    let Side {
                        phone,
                        traffic,
                        accepted,
                        ..
                    } = &mut self.sides[side];
                    let before = phone.seen.never_acknowledged;
                    let action = phone.hear(now, event);
                    if phone.seen.never_acknowledged > before {
                        let acks = traffic.acks_in.get(accepted).copied().unwrap_or_default();
                        traffic.unacknowledged.push((*accepted, acks));
                    }
                    if let Some(action) = action {
                        self.sides[side]
                            .endpoint
                            .handle_input(now, Input::Action(action));
                    }
                }
            }
        }
    }

    fn transmit(&mut self, side: usize, path: Path, message: Message) {
        let Side {
            traffic, accepted, ..
        } = &mut self.sides[side];
        let (number, of_invite) = invite_number(&message);
        let ack = message.method() == Some(&Method::Ack);
        let last = of_invite && message.status() >= Some(200);
        if ack {
            *traffic.acks_out.entry(number).or_default() += 1;
        }
        if last && message.status() < Some(300) {
            *accepted = number;
            *traffic.accepted_out.entry(number).or_default() += 1;
        }
        let dead = self
            .plan
            .dead_after
            .is_some_and(|after| self.now >= self.start + after);
        let sabotaged =
            (last && take_one(&mut self.lost_finals)) || (ack && take_one(&mut self.lost_acks));
        let lost = dead || sabotaged || !self.net.send(self.now, path.local, path.remote, message);
        self.lost_one_that_matters |= lost && (ack || last);
    }

    /// What both endpoints still hold.
    pub fn left(&self) -> [Gauges; 2] {
        [
            self.sides[0].endpoint.gauges(),
            self.sides[1].endpoint.gauges(),
        ]
    }

    /// How often each timer fired in both endpoints.
    pub fn timers_fired(&self) -> [u64; Timer::COUNT] {
        let [one, two] = &self.sides;
        let (one, two) = (one.endpoint.timers_fired(), two.endpoint.timers_fired());
        std::array::from_fn(|timer| one[timer] + two[timer])
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }
}

fn take_one(left: &mut u32) -> bool {
    let take = *left > 0;
    *left -= u32::from(take);
    take
}

/// The number of the INVITE a message belongs to, and whether it is a response to one.
fn invite_number(message: &Message) -> (u32, bool) {
    let cseq = message.cseq().expect("a CSeq");
    (
        cseq.number,
        message.status().is_some() && cseq.method == Method::Invite,
    )
}

fn path(tcp: bool, local: SocketAddr, remote: SocketAddr) -> Path {
    match tcp {
        true => Path {
            transport: Transport::Tcp,
            local,
            remote,
            connection: Some(ConnectionId(1)),
        },
        false => Path::udp(local, remote),
    }
}
