//! Calls that come in: their INVITE until we answer or refuse it.

use std::time::Instant;

use trunkline_call::{CommandKind, EndReason, GatewayReason, Why};
use trunkline_media::negotiation::{Change, NegotiationError};
use trunkline_sip::Message;
use trunkline_sip::endpoint::{Body, OwnerId, Reply, TransactionId};

use super::{Phase, Settings, SipLeg, body};

/// An INVITE that opened a call, as [`Event::Invite`](trunkline_sip::endpoint::Event::Invite)
/// brings it.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The owner the call got.
    pub owner: OwnerId,
    /// The INVITE's transaction.
    pub transaction: TransactionId,
    /// The INVITE.
    pub request: Message,
}

/// An INVITE that waits for our answer.
#[derive(Debug)]
pub(super) struct Alerting {
    transaction: TransactionId,
    /// Our answer to its offer; `None` where it has none, so that our 200 makes the offer.
    answer: Option<String>,
    rang: bool,
}

impl SipLeg {
    /// The leg of a call that came in. Its offer is looked at now: one that we cannot meet is
    /// refused (488) before anybody is bothered, and the leg is at its end at once.
    pub fn incoming(invite: Incoming, settings: Settings, seed: [u8; 32], now: Instant) -> Self {
        let Incoming {
            owner,
            transaction,
            request,
        } = invite;
        let mut leg = Self::new(owner, settings, seed, now);
        let answer = match body::sdp(&request) {
            None => Ok(None),
            Some(offer) => leg
                .negotiation
                .handle_offer(offer)
                .map(|answer| Some(answer.text)),
        };
        match answer {
            Ok(answer) => {
                leg.phase = Phase::Alerting(Alerting {
                    transaction,
                    answer,
                    rang: false,
                });
            }
            Err(error) => leg.refuse_offer(now, transaction, &error),
        }
        leg
    }

    fn refuse_offer(&mut self, now: Instant, transaction: TransactionId, why: &NegotiationError) {
        self.respond(transaction, body::refusal(why));
        self.close(now, EndReason::Gateway(GatewayReason::NoCommonCodec));
    }

    /// `Ring`: 180, once.
    pub(super) fn ring(&mut self) {
        let Phase::Alerting(alerting) = &mut self.phase else {
            return self.refuse(CommandKind::Ring, Why::NotNow);
        };
        if !std::mem::replace(&mut alerting.rang, true) {
            let transaction = alerting.transaction;
            self.respond(transaction, Reply::new(180));
        }
    }

    /// `Answer`: 200 with our answer to the INVITE's offer, or with an offer where it made none
    /// (RFC 3261 §13.2.1). In that case the call is up once the ACK brings the answer.
    pub(super) fn answer(&mut self, now: Instant) {
        let Phase::Alerting(alerting) = &mut self.phase else {
            return self.refuse(CommandKind::Answer, Why::NotNow);
        };
        let transaction = alerting.transaction;
        let answered = alerting.answer.take();
        let is_late = answered.is_none();
        let description = match answered {
            Some(text) => text,
            None => match self.negotiation.offer(&Change::none()) {
                Ok(text) => text,
                Err(error) => return self.refuse_offer(now, transaction, &error),
            },
        };
        self.respond(
            transaction,
            Reply::new(200).body(Body::sdp(description.into_bytes())),
        );
        if is_late {
            self.phase = Phase::AwaitingAnswer;
        } else {
            self.come_up(now);
        }
    }

    /// The ACK of our 200: it carries the answer where the 200 carried the offer.
    pub(super) fn on_ack(&mut self, now: Instant, ack: &Message) {
        match self.phase {
            Phase::AwaitingAnswer => {
                let answer = body::sdp(ack).unwrap_or_default();
                match self.negotiation.handle_answer(answer) {
                    Ok(_) => self.come_up(now),
                    Err(_) => {
                        self.hang_up(now, EndReason::Gateway(GatewayReason::NoCommonCodec));
                    }
                }
            }
            Phase::Up => self.on_reinvite_ack(now, ack),
            _ => {}
        }
    }
}
