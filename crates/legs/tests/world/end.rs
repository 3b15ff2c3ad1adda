//! One end of a call: an endpoint, its leg, and what was seen of both.

use std::net::SocketAddr;
use std::time::Instant;

use trunkline_call::{CallEvent, EndReason, Headers, Target};
use trunkline_legs::sip::{Incoming, Outgoing, Settings, SipLeg, answer_stray};
use trunkline_legs::{DialPurpose, Input, Leg, Output, Port, Stats};
use trunkline_sip::Message;
use trunkline_sip::endpoint::{self, Endpoint, EndpointConfig, Event, Path};
use trunkline_testkit::Seeded;

use super::Flight;

/// One end.
pub struct End {
    who: usize,
    random: Seeded,
    pub sip: SocketAddr,
    pub settings: Settings,
    pub endpoint: Endpoint,
    pub leg: Option<SipLeg>,
    pub had_leg: bool,
    pub stats: Option<Stats>,
    /// All events but audio.
    pub events: Vec<CallEvent>,
    /// Every sample heard.
    pub heard: Vec<i16>,
    /// Where the last RTP packet went.
    pub destination: Option<SocketAddr>,
    pub dials: Vec<(DialPurpose, Target, Headers)>,
    /// SIP messages sent, retransmissions included.
    pub sent: Vec<Message>,
    /// Says back what it hears.
    pub echo: bool,
    /// Every event as it came, audio too, for whoever sets this.
    pub tapped: Option<Vec<CallEvent>>,
    /// Hears no SIP: the test plays this end by hand.
    pub deaf: bool,
    leg_due: Option<Instant>,
    endpoint_due: Option<Instant>,
    outputs: Vec<(usize, Flight)>,
}

impl End {
    pub fn new(who: usize, random: &mut Seeded) -> Self {
        let ip = [10, 0, 0, who as u8 + 1];
        let mut config = EndpointConfig::default();
        config.agent.admission.open = true;
        let mut settings = Settings::new((ip, 10_000).into());
        settings.rtp_timeout = None;
        Self {
            who,
            random: Seeded::new(random.next_u64()),
            sip: (ip, 5060).into(),
            settings,
            endpoint: Endpoint::new(config, random.bytes()),
            leg: None,
            had_leg: false,
            stats: None,
            events: Vec::new(),
            heard: Vec::new(),
            destination: None,
            dials: Vec::new(),
            sent: Vec::new(),
            echo: false,
            tapped: None,
            deaf: false,
            leg_due: None,
            endpoint_due: None,
            outputs: Vec::new(),
        }
    }

    pub fn place(&mut self, call: Outgoing, now: Instant) {
        let seed = self.random.bytes();
        self.adopt(
            SipLeg::outgoing(call, self.settings.clone(), seed, now),
            now,
        );
    }

    fn take(&mut self, call: Incoming, now: Instant) {
        let seed = self.random.bytes();
        self.adopt(
            SipLeg::incoming(call, self.settings.clone(), seed, now),
            now,
        );
    }

    fn adopt(&mut self, leg: SipLeg, now: Instant) {
        self.had_leg = true;
        self.leg = Some(leg);
        self.poll_leg(now);
    }

    pub fn input(&mut self, now: Instant, input: Input<'_>) {
        if let Some(leg) = &mut self.leg {
            leg.handle_input(now, input);
            self.poll_leg(now);
        }
    }

    fn poll_leg(&mut self, now: Instant) {
        let mut echoed = Vec::new();
        let Some(leg) = &mut self.leg else { return };
        let to = 1 - self.who;
        loop {
            match leg.poll_output() {
                Output::Timeout(at) => {
                    self.leg_due = at;
                    break;
                }
                Output::Event(event) if self.tapped.is_some() => {
                    if !matches!(event, CallEvent::Audio { .. }) {
                        self.events.push(event.clone());
                    }
                    self.tapped.get_or_insert_default().push(event);
                }
                Output::Event(CallEvent::Audio { frame, .. }) => {
                    self.heard.extend_from_slice(frame.samples());
                    if self.echo {
                        echoed.push(frame);
                    }
                }
                Output::Event(event) => self.events.push(event),
                Output::Transmit {
                    port,
                    destination,
                    bytes,
                } => {
                    if port == Port::Rtp {
                        self.destination = Some(destination);
                    }
                    let source = self.settings.media;
                    self.outputs.push((
                        to,
                        Flight::Media {
                            port,
                            source,
                            bytes: bytes.into(),
                        },
                    ));
                }
                Output::Signal(action) => {
                    self.outputs.push((self.who, Flight::ToEndpoint(action)));
                }
                Output::Dial {
                    purpose,
                    target,
                    headers,
                } => {
                    self.dials.push((purpose, target, headers));
                }
                Output::Send(_) | Output::Close(_) | Output::AtProvider(_) => {
                    panic!("a SIP call has no connection of its own")
                }
                Output::Finished => {
                    self.stats = Some(leg.stats());
                    self.leg_due = None;
                    self.leg = None;
                    return;
                }
            }
        }
        for frame in echoed {
            let samples = frame.samples().as_slice().into();
            self.input(
                now,
                Input::Command(trunkline_call::CallCommand::Play(samples)),
            );
        }
    }

    pub fn arrive(&mut self, now: Instant, flight: Flight) {
        match flight {
            Flight::Sip { .. } if self.deaf => {}
            Flight::Sip { path, bytes } => {
                let back = Path::udp(path.remote, path.local);
                let input = endpoint::Input::Received {
                    message: Message::parse(&bytes),
                    path: back,
                };
                self.endpoint.handle_input(now, input);
            }
            Flight::Media {
                port,
                source,
                bytes,
            } => {
                self.input(
                    now,
                    Input::Packet {
                        port,
                        source,
                        bytes: &bytes,
                    },
                );
            }
            Flight::ToEndpoint(action) => {
                self.endpoint
                    .handle_input(now, endpoint::Input::Action(action));
            }
            Flight::ToLeg(Event::Invite {
                owner,
                transaction,
                request,
                ..
            }) => {
                self.take(
                    Incoming {
                        owner,
                        transaction,
                        request,
                    },
                    now,
                );
            }
            Flight::ToLeg(event) if self.leg.is_none() => {
                if let Some(action) = answer_stray(&event) {
                    self.outputs.push((self.who, Flight::ToEndpoint(action)));
                }
            }
            Flight::ToLeg(event) => self.input(now, Input::Signal(event)),
        }
    }

    pub fn timeout(&mut self, now: Instant) {
        if self.endpoint_due.is_some_and(|at| at <= now) {
            self.endpoint.handle_input(now, endpoint::Input::Timeout);
        }
        if self.leg_due.is_some_and(|at| at <= now) {
            self.input(now, Input::Timeout);
        }
    }

    pub fn next(&self) -> Option<Instant> {
        self.leg_due.into_iter().chain(self.endpoint_due).min()
    }

    pub fn take_outputs(&mut self) -> Vec<(usize, Flight)> {
        loop {
            match self.endpoint.poll_output() {
                endpoint::Output::Timeout(at) => {
                    self.endpoint_due = at;
                    return std::mem::take(&mut self.outputs);
                }
                endpoint::Output::Event(event) => {
                    self.outputs.push((self.who, Flight::ToLeg(event)));
                }
                endpoint::Output::Transmit(transmit) => {
                    let bytes = transmit.message.to_bytes();
                    self.sent.push(transmit.message);
                    let flight = Flight::Sip {
                        path: transmit.path,
                        bytes,
                    };
                    self.outputs.push((1 - self.who, flight));
                }
            }
        }
    }

    pub fn has(&self, event: &CallEvent) -> bool {
        self.events.contains(event)
    }

    pub fn ended(&self) -> Vec<EndReason> {
        let reason = |event: &CallEvent| match event {
            CallEvent::Ended(reason) => Some(reason.clone()),
            _ => None,
        };
        self.events.iter().filter_map(reason).collect()
    }

    /// Every message sent, as its method, or its status and the method it answers.
    pub fn told(&self) -> Vec<String> {
        self.sent.iter().map(spelled).collect()
    }

    pub fn has_told(&self, what: &str) -> bool {
        self.told().iter().any(|told| told == what)
    }
}

fn spelled(message: &Message) -> String {
    match (message.method(), message.status(), message.cseq()) {
        (Some(method), ..) => method.to_string(),
        (None, Some(status), Ok(cseq)) => format!("{status} {}", cseq.method),
        _ => "?".to_owned(),
    }
}
