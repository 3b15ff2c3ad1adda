//! What is kept of a call while it lasts.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_call::{CallEvent, CommandKind, Digit, EndReason, GatewayReason, Why};
use trunkline_legs::Leg;
use trunkline_legs::sip::SipLeg;

use super::Report;
use crate::ladder::{Direction, Ladder};
use crate::tape::{Figures, Tape};

/// The most keys of the far end that are kept.
const KEYS_MAX: usize = 256;
/// The most refusals of the script's commands that are kept.
const REFUSED_MAX: usize = 256;

/// Everything that goes into the report.
pub(super) struct Seen {
    pub(super) ladder: Ladder,
    pub(super) begun: Instant,
    pub(super) answered: Option<Instant>,
    pub(super) end: Option<(Instant, EndReason)>,
    pub(super) unreachable: bool,
    sent: Tape,
    heard: Tape,
    rang: Option<Instant>,
    keys: Vec<Digit>,
    refused: Vec<(CommandKind, Why)>,
    first_sent: Option<Instant>,
    first_heard: Option<Instant>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self {
            ladder: Ladder::default(),
            begun: Instant::now(),
            answered: None,
            end: None,
            unreachable: false,
            sent: Tape::new(),
            heard: Tape::new(),
            rang: None,
            keys: Vec::new(),
            refused: Vec::new(),
            first_sent: None,
            first_heard: None,
        }
    }

    /// A datagram of the RTP port.
    pub(super) fn datagram(&mut self, now: Instant, direction: Direction, bytes: &[u8]) {
        let (tape, first) = match direction {
            Direction::Out => (&mut self.sent, &mut self.first_sent),
            Direction::In => (&mut self.heard, &mut self.first_heard),
        };
        tape.datagram(now, bytes);
        first.get_or_insert(now);
    }

    /// An event of the leg.
    pub(super) fn event(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::Ringing => self.rang = Some(now),
            CallEvent::Answered => self.answered = Some(now),
            CallEvent::Dtmf { digit, .. } if self.keys.len() < KEYS_MAX => self.keys.push(*digit),
            CallEvent::Refused { command, why } if self.refused.len() < REFUSED_MAX => {
                self.refused.push((*command, *why));
            }
            CallEvent::Ended(reason) => self.end = Some((now, reason.clone())),
            _ => {}
        }
    }

    /// Puts the audio on the ladder, one rung each way.
    fn draw_streams(&mut self) {
        let rungs = [
            (self.first_sent, Direction::Out, self.sent.figures()),
            (self.first_heard, Direction::In, self.heard.figures()),
        ];
        for (first, direction, figures) in rungs {
            if let Some(first) = first {
                self.ladder.stream(first, direction, in_words(figures));
            }
        }
    }

    /// The whole, now that the call is over.
    pub(super) fn report(
        mut self,
        now: Instant,
        remote: SocketAddr,
        leg: Option<&SipLeg>,
    ) -> Report {
        self.draw_streams();
        let unknown = (now, EndReason::Gateway(GatewayReason::Internal));
        let (ended, end) = self.end.unwrap_or(unknown);
        let after = |at: Option<Instant>| at.map(|at| at.saturating_duration_since(self.begun));
        Report {
            rang_after: after(self.rang),
            answered_after: after(self.answered),
            lasted: self
                .answered
                .map_or(Duration::ZERO, |at| ended.saturating_duration_since(at)),
            description: leg.map(Leg::describe),
            media: leg.and_then(|leg| leg.stats().media),
            ladder: self.ladder,
            sent: self.sent,
            heard: self.heard,
            end,
            keys: self.keys,
            refused: self.refused,
            unreachable: self.unreachable.then_some(remote),
        }
    }
}

fn in_words(figures: Figures) -> String {
    let codec = figures.codec.map_or("no audio", |codec| codec.name());
    let seconds = figures.span.as_secs_f64();
    format!("RTP {codec}: {} packets in {seconds:.1} s", figures.packets)
}
