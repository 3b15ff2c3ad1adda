//! A SIP call: three machines and the paths between them.
//!
//! The dialog lives in the [`Endpoint`](trunkline_sip::endpoint::Endpoint), which may run in
//! another thread: what passes between the two are owned
//! [`Event`](trunkline_sip::endpoint::Event)s and [`Action`]s. The [`Negotiation`] knows what
//! offers and answers mean, the media session knows packets. A [`SipLeg`] decides what the three
//! tell each other, one file a verb.
//!
//! Media packets touch the session alone, and nothing is allocated for one.

mod body;
mod hangup;
mod hold;
mod incoming;
mod info;
mod keys;
mod media;
mod outgoing;
mod referred;
mod reinvite;
mod relay;
mod settings;
mod signal;
mod stats;
mod status;
mod timers;
mod transfer;

use std::collections::VecDeque;
use std::time::Instant;

use trunkline_call::{CallCommand, CallEvent, CommandKind, EndReason, Headers, Target, Why};
use trunkline_media::negotiation::Negotiation;
use trunkline_sip::endpoint::{Action, OwnerId, Reply, TransactionId};

pub use incoming::Incoming;
pub use outgoing::Outgoing;
pub use settings::Settings;
pub use signal::answer_stray;

use hold::Hold;
use incoming::Alerting;
use info::Infos;
use keys::Keys;
use media::{Media, Packet};
use outgoing::Calling;
use stats::Times;
use timers::{Timer, Timers};
use transfer::Move;

use crate::{Description, DialPurpose, Input, Leg, Output, Stats};

/// A call over SIP and RTP.
#[derive(Debug)]
pub struct SipLeg {
    owner: OwnerId,
    settings: Settings,
    phase: Phase,
    negotiation: Negotiation,
    media: Media,
    hold: Hold,
    moving: Move,
    keys: Keys,
    infos: Infos,
    timers: Timers,
    times: Times,
    outbox: VecDeque<Queued>,
}

/// How far the call has come.
#[derive(Debug)]
enum Phase {
    /// The far end's INVITE waits for our answer.
    Alerting(Alerting),
    /// Our 200 carried an offer; the ACK brings the answer.
    AwaitingAnswer,
    /// Our INVITE waits for its answer.
    Calling(Calling),
    /// Answered.
    Up,
    /// The far end left while it carries out our REFER; its last NOTIFY is awaited.
    Departed,
    /// The application was told the end.
    Over,
}

/// An output that waits to be polled.
#[derive(Debug)]
enum Queued {
    Event(CallEvent),
    Transmit(Packet),
    /// Boxed: rare, and far larger than what packets bring.
    Signal(Box<Action>),
    Dial(Box<(DialPurpose, Target, Headers)>),
    Finished,
}

impl SipLeg {
    fn new(owner: OwnerId, settings: Settings, seed: [u8; 32], now: Instant) -> Self {
        let (session_id, media_seed) = split_seed(seed);
        Self {
            owner,
            phase: Phase::Over,
            negotiation: Negotiation::new(settings.capabilities(session_id)),
            media: Media::new(media_seed),
            hold: Hold::default(),
            moving: Move::None,
            keys: Keys::default(),
            infos: Infos::default(),
            timers: Timers::default(),
            times: Times::new(now),
            outbox: VecDeque::new(),
            settings,
        }
    }

    /// Whose events are this leg's.
    pub fn owner(&self) -> OwnerId {
        self.owner
    }

    /// The call is answered and its media agreed: it is up from here on.
    fn come_up(&mut self, now: Instant) {
        let Some(agreed) = self.negotiation.agreed() else {
            return;
        };
        self.media.start(now, agreed, &self.settings);
        let held = agreed.held_by_peer;
        self.phase = Phase::Up;
        self.times.answered = Some(now);
        if let Some(longest) = self.settings.longest_call {
            self.timers.set(Timer::LongestCall, now + longest);
        }
        self.tell(CallEvent::Answered);
        self.note_hold(held);
    }

    /// A new agreement is in force.
    fn adopt(&mut self, now: Instant) {
        let Some(agreed) = self.negotiation.agreed() else {
            return;
        };
        self.media.renegotiate(now, agreed);
        let held = agreed.held_by_peer;
        self.note_hold(held);
    }

    fn on_command(&mut self, now: Instant, command: CallCommand<'_>) {
        match command {
            CallCommand::Ring => self.ring(),
            CallCommand::Answer => self.answer(now),
            CallCommand::Hold => self.want_hold(now, true),
            CallCommand::Resume => self.want_hold(now, false),
            CallCommand::SendDtmf { digit, duration_ms } => self.press(now, digit, duration_ms),
            CallCommand::Transfer {
                target,
                headers,
                mode,
            } => {
                self.transfer(target, headers, mode);
            }
            CallCommand::Hangup(cause) => self.hang_up(now, EndReason::App(cause)),
            CallCommand::Play(_)
            | CallCommand::Mark(_)
            | CallCommand::Clear
            | CallCommand::Pause
            | CallCommand::Continue => self.on_playout(now, command),
        }
    }

    fn on_timer(&mut self, now: Instant, timer: Timer) {
        use trunkline_call::GatewayReason::{DurationLimit, NoAnswer};
        match timer {
            Timer::NoAnswer => self.hang_up(now, EndReason::Gateway(NoAnswer)),
            Timer::LongestCall => self.hang_up(now, EndReason::Gateway(DurationLimit)),
            Timer::OfferAgain => self.pursue_hold(now),
            Timer::Transfer => self.on_transfer_silent(now),
            // The far end asked to be replaced, so its leaving is its own wish.
            Timer::Leave => self.hang_up(now, EndReason::Remote),
        }
    }

    fn tell(&mut self, event: CallEvent) {
        self.outbox.push_back(Queued::Event(event));
    }

    fn refuse(&mut self, command: CommandKind, why: Why) {
        self.tell(CallEvent::Refused { command, why });
    }

    fn signal(&mut self, action: Action) {
        self.outbox.push_back(Queued::Signal(Box::new(action)));
    }

    fn respond(&mut self, transaction: TransactionId, reply: Reply) {
        self.signal(Action::Respond { transaction, reply });
    }
}

impl Leg for SipLeg {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.is_over() {
            return;
        }
        if self.outbox.is_empty() {
            self.media.forget_sent();
        }
        match input {
            Input::Timeout => {}
            Input::Signal(event) => self.on_signal(now, event),
            Input::Packet {
                port,
                source,
                bytes,
            } => self.media.packet(now, port, source, bytes),
            Input::Command(command) => self.on_command(now, command),
            Input::End(reason) => self.hang_up(now, EndReason::Gateway(reason)),
            Input::Dial(news) => self.on_dial_news(now, news),
            // A SIP call has no connection of its own.
            Input::Received(_)
            | Input::Pong
            | Input::BrokenFraming
            | Input::Closed(_)
            | Input::Backlog { .. } => {}
        }
        while let Some(timer) = self.timers.pop(now) {
            self.on_timer(now, timer);
        }
        self.media.timeout(now);
        self.take_media(now);
    }

    fn poll_output(&mut self) -> Output<'_> {
        match self.outbox.pop_front() {
            Some(Queued::Event(event)) => Output::Event(event),
            Some(Queued::Transmit(packet)) => Output::Transmit {
                port: packet.port,
                destination: packet.destination,
                bytes: self.media.bytes_of(&packet),
            },
            Some(Queued::Signal(action)) => Output::Signal(*action),
            Some(Queued::Dial(dial)) => {
                let (purpose, target, headers) = *dial;
                Output::Dial {
                    purpose,
                    target,
                    headers,
                }
            }
            Some(Queued::Finished) => Output::Finished,
            None => Output::Timeout(
                self.timers
                    .next()
                    .into_iter()
                    .chain(self.media.next())
                    .min(),
            ),
        }
    }

    fn queued(&self) -> usize {
        self.media.queued()
    }

    fn keep_queue(&mut self) {
        self.media.keep_queue();
    }

    fn time_turns(&mut self, timed: bool) {
        self.media.time_turns(timed);
    }

    fn stats(&self) -> Stats {
        self.current_stats()
    }

    fn describe(&self) -> Description {
        self.current_description()
    }
}

/// The number of the description's `o=` line and the seed of everything secret. The number is
/// there for all to see, so its bytes are not used again.
fn split_seed(seed: [u8; 32]) -> (u64, [u8; 32]) {
    let mut public = [0; 8];
    let mut secret = seed;
    for (public, secret) in public.iter_mut().zip(&mut secret) {
        *public = std::mem::take(secret);
    }
    // Some far ends read it into a signed number.
    (u64::from_be_bytes(public) >> 1, secret)
}
