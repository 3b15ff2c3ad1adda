//! Which verb an event of the endpoint belongs to.

use std::time::Instant;

use trunkline_call::{EndReason, GatewayReason};
use trunkline_sip::endpoint::{Action, Event, Failure, Reply, TransactionId};
use trunkline_sip::{Message, Method};

use super::{Phase, SipLeg, status};

/// What is to be done about an event whose leg is gone. Leg and endpoint may live in different
/// threads, so a request can be on its way to a leg that has just ended; it still wants its
/// answer, and 481 is the one for a call that is no more (RFC 3261 §12.2.2).
pub fn answer_stray(event: &Event) -> Option<Action> {
    match event {
        Event::Request { transaction, .. } => Some(Action::Respond {
            transaction: *transaction,
            reply: Reply::new(481),
        }),
        _ => None,
    }
}

impl SipLeg {
    pub(super) fn on_signal(&mut self, now: Instant, event: Event) {
        if event.owner() != Some(self.owner) {
            return;
        }
        match event {
            Event::Request {
                transaction,
                request,
                ..
            } => {
                self.on_request(now, transaction, &request);
            }
            Event::Response {
                method, response, ..
            } => self.on_response(now, &method, &response),
            Event::Failed { method, why, .. } => self.on_failed(now, &method, why),
            Event::Acknowledged { request, .. } => self.on_ack(now, &request),
            Event::GlareOver { .. } => self.pursue_hold(now),
            Event::Bye { .. } => self.on_bye(now),
            Event::Cancelled { .. } => self.close(now, EndReason::Remote),
            // The endpoint says BYE by itself (RFC 3261 §13.3.1.4).
            Event::NeverAcknowledged { .. } => {
                self.close(now, EndReason::Gateway(GatewayReason::NoAck));
            }
            Event::Closed { .. } => self.on_closed(now),
            Event::Invite { .. } | Event::Registration { .. } | Event::Binding(_) => {}
        }
    }

    fn on_request(&mut self, now: Instant, transaction: TransactionId, request: &Message) {
        match request.method() {
            Some(Method::Invite | Method::Update) => self.on_offer(now, transaction, request),
            Some(Method::Info) => self.on_info(now, transaction, request),
            Some(Method::Refer) => self.on_refer(transaction, request),
            Some(Method::Notify) => self.on_notify(now, transaction, request),
            Some(Method::Options) => self.respond(transaction, Reply::new(200)),
            _ => self.respond(transaction, Reply::new(405)),
        }
    }

    fn on_response(&mut self, now: Instant, method: &Method, response: &Message) {
        let is_first = matches!(self.phase, Phase::Calling(_));
        let code = response.status().unwrap_or_default();
        // The far end knows the dialog no more (RFC 3261 §12.2.1.2); of a NOTIFY it says only
        // that the transfer concerns it no more (RFC 5057 §5.1).
        if code == 481 && matches!(self.phase, Phase::Up) && *method != Method::Notify {
            let text = status::bounded(response.reason().unwrap_or_default());
            return self.hang_up(now, EndReason::Upstream { code, text });
        }
        match method {
            Method::Invite if is_first => self.on_invite_response(now, response),
            Method::Invite => self.on_reinvite_response(now, response),
            Method::Refer => self.on_refer_response(now, code),
            Method::Info => self.on_info_response(code),
            _ => {}
        }
    }

    fn on_failed(&mut self, now: Instant, method: &Method, why: Failure) {
        let is_first = matches!(self.phase, Phase::Calling(_));
        match method {
            Method::Invite if is_first => self.on_invite_failed(now, why),
            Method::Invite => self.on_reinvite_failed(now, why),
            Method::Refer => self.on_refer_failed(now, why),
            Method::Info => self.on_info_response(code_of(why)),
            _ => {}
        }
    }

    /// Nothing is left of the call at the endpoint, and nobody told why: it was given up there.
    fn on_closed(&mut self, now: Instant) {
        match self.phase {
            Phase::Departed => self.on_transfer_silent(now),
            _ => self.close(now, EndReason::Gateway(GatewayReason::SignallingTimeout)),
        }
    }
}

/// The status that a missing response counts as (RFC 3261 §8.1.3.1).
pub(super) const fn code_of(why: Failure) -> u16 {
    match why {
        Failure::Timeout => 408,
        Failure::Transport | Failure::Full => 503,
        Failure::InProgress => 491,
    }
}
