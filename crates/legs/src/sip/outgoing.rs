//! Calls that go out: our INVITE until it is answered or fails.

use std::time::Instant;

use trunkline_call::{CallEvent, EndReason, GatewayReason};
use trunkline_media::negotiation::{Change, NegotiationError};
use trunkline_sip::Message;
use trunkline_sip::endpoint::{Action, Body, Failure, NewRequest, OwnerId};

use super::timers::Timer;
use super::{Phase, Settings, SipLeg, body, status};

/// A call to be placed.
#[derive(Debug)]
pub struct Outgoing {
    /// From [`Endpoint::new_owner`](trunkline_sip::endpoint::Endpoint::new_owner).
    pub owner: OwnerId,
    /// The INVITE, without a body: the leg makes the description.
    pub request: NewRequest,
}

/// An INVITE of ours that waits for its answer.
#[derive(Debug, Default)]
pub(super) struct Calling {
    rang: bool,
    /// The description of the last provisional response. It only foretells the answer
    /// (RFC 3261 §13.2.1), but some 2xx responses leave it out for having sent it before.
    early_answer: Option<Vec<u8>>,
}

impl SipLeg {
    /// The leg of a call to be placed; its first output is the INVITE.
    pub fn outgoing(call: Outgoing, settings: Settings, seed: [u8; 32], now: Instant) -> Self {
        let Outgoing { owner, mut request } = call;
        let mut leg = Self::new(owner, settings, seed, now);
        if !leg.settings.late_offer {
            match leg.negotiation.offer(&Change::none()) {
                Ok(offer) => request.body = Some(Body::sdp(offer.into_bytes())),
                Err(_) => {
                    leg.close(now, EndReason::Gateway(GatewayReason::NoCommonCodec));
                    return leg;
                }
            }
        }
        leg.phase = Phase::Calling(Calling::default());
        leg.timers
            .set(Timer::NoAnswer, now + leg.settings.no_answer);
        leg.signal(Action::Start {
            owner,
            request: Box::new(request),
        });
        leg
    }

    /// A response to the INVITE that opens the call. Of a fork's answers only the first arrives
    /// here: the endpoint acknowledges and ends the others (RFC 3261 §13.2.2.4).
    pub(super) fn on_invite_response(&mut self, now: Instant, response: &Message) {
        match response.status().unwrap_or_default() {
            0..=100 => {}
            101..=199 => self.on_provisional(response),
            200..=299 => self.on_accepted(now, response),
            code => {
                let text = status::bounded(response.reason().unwrap_or_default());
                self.close(now, EndReason::Upstream { code, text });
            }
        }
    }

    fn on_provisional(&mut self, response: &Message) {
        let Phase::Calling(calling) = &mut self.phase else {
            return;
        };
        if let Some(answer) = body::sdp(response) {
            calling.early_answer = Some(answer.to_vec());
        }
        if !std::mem::replace(&mut calling.rang, true) {
            self.tell(CallEvent::Ringing);
        }
    }

    fn on_accepted(&mut self, now: Instant, response: &Message) {
        let Phase::Calling(calling) = &mut self.phase else {
            return;
        };
        let early = calling.early_answer.take();
        let description = body::sdp(response).or(early.as_deref()).unwrap_or_default();
        let settled = if self.negotiation.has_open_offer() {
            self.negotiation.handle_answer(description).map(|_| None)
        } else {
            self.negotiation
                .handle_offer(description)
                .map(|answer| Some(answer.text))
        };
        self.timers.stop(Timer::NoAnswer);
        self.settle_accepted(now, settled);
    }

    fn settle_accepted(&mut self, now: Instant, settled: Result<Option<String>, NegotiationError>) {
        let owner = self.owner;
        match settled {
            Ok(answer) => {
                let body = answer.map(|text| Body::sdp(text.into_bytes()));
                self.signal(Action::Ack { owner, body });
                self.come_up(now);
            }
            // A 2xx cannot be refused: it is acknowledged, and then the call ends
            // (RFC 3261 §13.2.2.4).
            Err(_) => {
                self.signal(Action::Ack { owner, body: None });
                self.hang_up(now, EndReason::Gateway(GatewayReason::NoCommonCodec));
            }
        }
    }

    /// The INVITE that opens the call got no response.
    pub(super) fn on_invite_failed(&mut self, now: Instant, why: Failure) {
        let reason = match why {
            Failure::Timeout | Failure::Transport => GatewayReason::SignallingTimeout,
            Failure::Full => GatewayReason::Overload,
            Failure::InProgress => GatewayReason::Internal,
        };
        self.close(now, EndReason::Gateway(reason));
    }
}
