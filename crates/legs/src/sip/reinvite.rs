//! The far end's re-INVITE and UPDATE: other codecs, other addresses, hold.

use std::time::Instant;

use trunkline_media::negotiation::Change;
use trunkline_sip::Message;
use trunkline_sip::Method;
use trunkline_sip::endpoint::{Body, Reply, TransactionId};

use super::{Phase, SipLeg, body};

impl SipLeg {
    /// A re-INVITE or UPDATE. Its offer is answered, an INVITE without one gets ours; what
    /// cannot be met is refused and changes nothing (RFC 3261 §14.2).
    pub(super) fn on_offer(&mut self, now: Instant, transaction: TransactionId, request: &Message) {
        let offer = body::sdp(request);
        if offer.is_none() && request.method() == Some(&Method::Update) {
            // It only refreshes the dialog (RFC 3311 §5.1).
            return self.respond(transaction, Reply::new(200));
        }
        if !matches!(self.phase, Phase::Up) {
            // The first offer has no answer yet (RFC 3264 §4).
            return self.respond(transaction, Reply::new(491));
        }
        let settled = match offer {
            Some(offer) => self
                .negotiation
                .handle_offer(offer)
                .map(|answer| answer.text),
            None => self.negotiation.offer(&Change::none()),
        };
        match settled {
            Ok(text) => {
                self.respond(
                    transaction,
                    Reply::new(200).body(Body::sdp(text.into_bytes())),
                );
                self.adopt(now);
            }
            Err(error) => self.respond(transaction, body::refusal(&error)),
        }
    }

    /// The ACK of our 200 to a re-INVITE: with the answer, where our 200 made the offer. An ACK
    /// without one leaves all as it was.
    pub(super) fn on_reinvite_ack(&mut self, now: Instant, ack: &Message) {
        // While an offer in a re-INVITE of ours is open, no 200 of ours can be, so the answer
        // cannot be taken for one to that.
        let awaits_answer = self.negotiation.has_open_offer() && !self.hold.is_asking();
        let answer = body::sdp(ack).unwrap_or_default();
        if awaits_answer && self.negotiation.handle_answer(answer).is_ok() {
            self.adopt(now);
        }
        self.pursue_hold(now);
    }
}
