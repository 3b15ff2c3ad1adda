//! The far end's re-INVITE and UPDATE: other codecs, other addresses, hold.

use std::time::Instant;

use trunkline_media::negotiation::Change;
use trunkline_sip::Message;
use trunkline_sip::Method;
use trunkline_sip::endpoint::{Body, Reply, TransactionId};

use super::{Phase, SipLeg, body};

/// What an offer that came too early is asked to wait, in seconds (RFC 3311 §5.2 wants 0 to 10
/// at random; one leg has one such answer, so nothing is synchronised by a fixed figure).
const RETRY_AFTER_SECONDS: &str = "3";

impl SipLeg {
    /// A re-INVITE or UPDATE. Its offer is answered, an INVITE without one gets ours; what
    /// cannot be met is refused and changes nothing (RFC 3261 §14.2).
    pub(super) fn on_offer(&mut self, now: Instant, transaction: TransactionId, request: &Message) {
        if !matches!(self.phase, Phase::Up) {
            let reply = Reply::new(500).header("Retry-After", RETRY_AFTER_SECONDS);
            return self.respond(transaction, reply);
        }
        let settled = match body::sdp(request) {
            Some(offer) => self
                .negotiation
                .handle_offer(offer)
                .map(|answer| answer.text),
            None if request.method() == Some(&Method::Invite) => {
                self.negotiation.offer(&Change::none())
            }
            // An UPDATE without an offer only refreshes the dialog (RFC 3311 §5.1).
            None => return self.respond(transaction, Reply::new(200)),
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
        if self.negotiation.has_open_offer() && !self.hold.is_asking() {
            match self
                .negotiation
                .handle_answer(body::sdp(ack).unwrap_or_default())
            {
                Ok(_) => self.adopt(now),
                Err(_) => self.negotiation.handle_refusal(),
            }
        }
        self.pursue_hold(now);
    }
}
