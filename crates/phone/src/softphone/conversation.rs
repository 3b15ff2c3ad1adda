//! The loop that carries a call from its first message to its last.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use trunkline_call::{CallCommand, CallEvent, HangupCause};
use trunkline_legs::sip::{self, SipLeg};
use trunkline_legs::{DialNews, Input, Leg, Output, Port};
use trunkline_media::rtp::DATAGRAM_BYTES_MAX;
use trunkline_sip::endpoint::{
    self, Endpoint, EndpointConfig, Event, Output as SipOutput, TransactionId,
};
use trunkline_sip::user_agent::{AdmissionConfig, AgentConfig};
use trunkline_sip::{Message, Method};

use super::line::Line;
use super::loss::Loss;
use super::media::MediaSockets;
use super::seen::Seen;
use super::{Act, Cue, Deed, PhoneError, Report, Settings, seed};
use crate::ladder::Direction;

/// How long the answer to our BYE is waited for.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
/// How soon a stop from another thread is noticed.
const STOP_EVERY: Duration = Duration::from_millis(100);
/// Events taken from the poller at once: there are three sockets.
const EVENTS: usize = 8;

const SIP: Token = Token(0);
const RTP: Token = Token(1);
const RTCP: Token = Token(2);

/// One call under way, with all it needs.
pub(super) struct Conversation<'a> {
    pub(super) endpoint: Endpoint,
    line: Line,
    media: MediaSockets,
    poll: Poll,
    stop: Arc<AtomicBool>,
    act: &'a mut dyn Act,
    act_due: Option<Instant>,
    loss: Loss,
    leg: Option<SipLeg>,
    leg_due: Option<Instant>,
    sip_due: Option<Instant>,
    /// An INVITE that nobody has taken yet.
    invite: Option<Event>,
    last_sent: Option<TransactionId>,
    /// A BYE or CANCEL of ours has no answer yet.
    goodbye_open: bool,
    /// What the endpoint says to the leg.
    events: VecDeque<Event>,
    /// What the leg says to whoever runs the phone.
    told: VecDeque<CallEvent>,
    seen: Seen,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        mut line: Line,
        mut media: MediaSockets,
        settings: &Settings,
        act: &'a mut dyn Act,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        line.register(registry, SIP)?;
        registry.register(&mut media.rtp, RTP, Interest::READABLE)?;
        registry.register(&mut media.rtcp, RTCP, Interest::READABLE)?;
        // A phone rings for whoever calls it.
        let admission = AdmissionConfig {
            open: true,
            ..AdmissionConfig::default()
        };
        let config = EndpointConfig {
            agent: AgentConfig {
                admission,
                ..AgentConfig::default()
            },
            ..EndpointConfig::default()
        };
        Ok(Self {
            endpoint: Endpoint::new(config, seed()),
            line,
            media,
            poll,
            stop: Arc::clone(&settings.stop),
            act,
            act_due: None,
            loss: Loss::default(),
            leg: None,
            leg_due: None,
            sip_due: None,
            invite: None,
            last_sent: None,
            goodbye_open: false,
            events: VecDeque::new(),
            told: VecDeque::new(),
            seen: Seen::new(),
        })
    }

    /// How our leg behaves on this line.
    pub(super) fn leg_settings(&self, settings: &Settings) -> sip::Settings {
        let mut legs = sip::Settings::new(self.media.address);
        legs.codecs.clone_from(&settings.codecs);
        legs.no_answer = settings.no_answer;
        legs.own_sip = vec![self.line.path().local];
        legs
    }

    pub(super) fn begin(&mut self, leg: SipLeg, now: Instant) {
        self.seen.begun = now;
        self.leg = Some(leg);
    }

    /// Answers the call that came in.
    pub(super) fn pick_up(&mut self, now: Instant) {
        self.command(now, CallCommand::Ring);
        self.command(now, CallCommand::Answer);
    }

    /// Waits for an INVITE.
    pub(super) fn await_call(&mut self, patience: Instant) -> io::Result<Option<Event>> {
        while self.invite.is_none() && Instant::now() < patience && !self.is_stopped() {
            self.wait(Some(patience))?;
        }
        Ok(self.invite.take())
    }

    /// Carries the call to its end.
    pub(super) fn run(mut self, heard: &mut dyn FnMut(&CallEvent)) -> Result<Report, PhoneError> {
        self.drain(Instant::now());
        self.act(Instant::now(), heard);
        while !self.is_over(Instant::now()) {
            self.wait(None)?;
            let now = Instant::now();
            if self.is_stopped() && self.seen.end.is_none() {
                self.command(now, CallCommand::Hangup(HangupCause::Normal));
            }
            self.act(now, heard);
        }
        self.act(Instant::now(), heard);
        let (remote, leg) = (self.line.path().remote, self.leg.as_ref());
        Ok(self.seen.report(Instant::now(), remote, leg))
    }

    /// Tells what happened to whoever is on the phone, and does what they do about it.
    fn act(&mut self, now: Instant, heard: &mut dyn FnMut(&CallEvent)) {
        self.cue(now, Cue::Timeout);
        while let Some(event) = self.told.pop_front() {
            self.cue(now, Cue::Event(&event));
            heard(&event);
        }
    }

    fn cue(&mut self, now: Instant, cue: Cue<'_>) {
        self.act.handle_input(now, cue);
        loop {
            match self.act.poll_output() {
                Deed::Command(command) => self.command(now, command),
                Deed::Lose(share) => self.loss.set(share),
                Deed::Timeout(due) => {
                    self.act_due = due;
                    return;
                }
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The call has ended, and the far end knows it or had its time.
    fn is_over(&self, now: Instant) -> bool {
        let ended = self.seen.end.as_ref();
        ended.is_some_and(|(at, _)| !self.goodbye_open || now >= *at + GOODBYE_MAX)
    }

    fn command(&mut self, now: Instant, command: CallCommand<'_>) {
        if let Some(leg) = &mut self.leg {
            leg.handle_input(now, Input::Command(command));
            self.drain(now);
        }
    }

    /// Sleeps until something comes or is due, and takes it in.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        let now = Instant::now();
        let due = [
            self.leg_due,
            self.sip_due,
            self.act_due,
            until,
            Some(now + STOP_EVERY),
        ];
        let due = due.into_iter().flatten().min().unwrap_or(now);
        let mut events = Events::with_capacity(EVENTS);
        match self
            .poll
            .poll(&mut events, Some(due.saturating_duration_since(now)))
        {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => other?,
        }
        self.receive_sip();
        self.receive_media(Port::Rtp);
        self.receive_media(Port::Rtcp);
        let now = Instant::now();
        self.endpoint.handle_input(now, endpoint::Input::Timeout);
        if let Some(leg) = &mut self.leg {
            leg.handle_input(now, Input::Timeout);
        }
        self.drain(now);
        Ok(())
    }

    fn receive_sip(&mut self) {
        let now = Instant::now();
        let Ok(inputs) = self.line.receive(now) else {
            self.cannot_reach(now);
            return self.drain(now);
        };
        for input in inputs {
            if let endpoint::Input::Received {
                message: Ok(message),
                ..
            } = &input
            {
                self.seen.ladder.message(now, Direction::In, message);
                self.goodbye_open &= !is_answer_to_goodbye(message);
            }
            self.endpoint.handle_input(now, input);
            self.drain(now);
        }
    }

    fn receive_media(&mut self, port: Port) {
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        // A socket without anything more says WouldBlock; any other error concerns a datagram of
        // ours that a closed port did not take.
        while let Ok((length, source)) = self.media.socket(port).recv_from(&mut buffer) {
            let now = Instant::now();
            let bytes = buffer.get(..length).unwrap_or_default();
            if port == Port::Rtp {
                if self.loss.takes_next() {
                    continue;
                }
                self.seen.datagram(now, Direction::In, bytes);
            }
            if let Some(leg) = &mut self.leg {
                leg.handle_input(
                    now,
                    Input::Packet {
                        port,
                        source,
                        bytes,
                    },
                );
            }
            self.drain(now);
        }
    }

    /// The far end's address refused a message of ours: what waits for an answer need not wait.
    fn cannot_reach(&mut self, now: Instant) {
        self.seen.unreachable = true;
        self.goodbye_open = false;
        if let Some(transaction) = self.last_sent.take() {
            let failed = endpoint::Input::TransmitFailed(transaction);
            self.endpoint.handle_input(now, failed);
        }
    }

    /// Lets endpoint and leg act until neither has anything left to do.
    fn drain(&mut self, now: Instant) {
        loop {
            self.drain_leg(now);
            self.drain_sip(now);
            let Some(event) = self.events.pop_front() else {
                return;
            };
            self.tell_leg(now, event);
        }
    }

    fn drain_leg(&mut self, now: Instant) {
        while let Some(leg) = &mut self.leg {
            match leg.poll_output() {
                Output::Timeout(due) => {
                    self.leg_due = due;
                    return;
                }
                Output::Finished => {}
                Output::Event(event) => {
                    self.seen.event(now, &event);
                    self.told.push_back(event);
                }
                Output::Transmit {
                    port,
                    destination,
                    bytes,
                } => {
                    if port == Port::Rtp {
                        self.seen.datagram(now, Direction::Out, bytes);
                        if self.loss.takes_next() {
                            continue;
                        }
                    }
                    // A datagram that the system does not take is lost, as any may be.
                    let _ = self.media.socket(port).send_to(bytes, destination);
                }
                Output::Signal(action) => {
                    // The BYE itself may have to wait for the ACK (RFC 3261 §15).
                    let hangs_up = matches!(action, endpoint::Action::Hangup { .. });
                    self.goodbye_open |= hangs_up && self.seen.answered.is_some();
                    let action = endpoint::Input::Action(action);
                    self.endpoint.handle_input(now, action);
                    // A 200 goes before the audio that follows it.
                    self.drain_sip(now);
                }
                // A phone has one line.
                Output::Dial { .. } => leg.handle_input(now, Input::Dial(DialNews::Denied)),
                // A SIP call has no connection of its own.
                Output::Send(_) | Output::Close(_) | Output::AtProvider(_) => {}
            }
        }
    }

    /// Sends the endpoint's messages and keeps its events for the leg, which may just be speaking.
    fn drain_sip(&mut self, now: Instant) {
        loop {
            match self.endpoint.poll_output() {
                SipOutput::Timeout(due) => {
                    self.sip_due = due;
                    return;
                }
                SipOutput::Transmit(transmit) => {
                    let message = &transmit.message;
                    self.seen.ladder.message(now, Direction::Out, message);
                    self.goodbye_open |= matches!(message.method(), Some(Method::Bye));
                    self.last_sent = transmit.transaction.or(self.last_sent);
                    if self.line.send(message, transmit.path.remote).is_err() {
                        self.cannot_reach(now);
                    }
                }
                SipOutput::Event(event) => self.events.push_back(event),
            }
        }
    }

    fn tell_leg(&mut self, now: Instant, event: Event) {
        match (&mut self.leg, &event) {
            (None, Event::Invite { .. }) => self.invite = Some(event),
            // One call at a time.
            (Some(_), Event::Invite { transaction, .. }) => {
                let busy = endpoint::Action::Respond {
                    transaction: *transaction,
                    reply: endpoint::Reply::new(486),
                };
                self.endpoint
                    .handle_input(now, endpoint::Input::Action(busy));
            }
            (Some(leg), _) => leg.handle_input(now, Input::Signal(event)),
            (None, _) => {}
        }
    }
}

/// A final answer to a BYE of ours.
fn is_answer_to_goodbye(message: &Message) -> bool {
    let to_bye = message.cseq().is_ok_and(|cseq| cseq.method == Method::Bye);
    to_bye && message.status().is_some_and(|status| status >= 200)
}
