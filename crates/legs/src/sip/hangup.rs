//! The end of a call, whoever brings it.

use std::time::Instant;

use trunkline_call::{CallEvent, EndReason, GatewayReason};
use trunkline_sip::endpoint::{Action, Headers, Reply};

use super::status::Refusal;
use super::{Phase, Queued, SipLeg};

impl SipLeg {
    /// We end the call. The endpoint chooses between CANCEL, a refusal and BYE, and settles
    /// what crosses them; nothing of that concerns the application any more.
    pub(super) fn hang_up(&mut self, now: Instant, reason: EndReason) {
        if self.is_over() {
            return;
        }
        let Refusal { code, retry_after } = Refusal::of(&reason);
        let mut refusal = Reply::new(code);
        if let Some(seconds) = retry_after {
            refusal = refusal.header("Retry-After", seconds.to_string());
        }
        let headers = match reason {
            EndReason::Gateway(reason) => reason_header(code, reason),
            _ => Headers::new(),
        };
        self.signal(Action::Hangup {
            owner: self.owner,
            refusal,
            headers,
        });
        self.close(now, reason);
    }

    /// The far end said BYE. Where it left to carry out our REFER, the outcome is still to come
    /// (RFC 5057 §4).
    pub(super) fn on_bye(&mut self, now: Instant) {
        if self.await_transfer_after_bye(now) {
            self.stop_media(now);
            self.phase = Phase::Departed;
        } else {
            self.close(now, EndReason::Remote);
        }
    }

    /// The call has ended: says so, once, and leaves nothing that could say more.
    pub(super) fn close(&mut self, now: Instant, reason: EndReason) {
        self.decline_referral();
        self.stop_media(now);
        self.phase = Phase::Over;
        self.timers = Default::default();
        self.times.ended = Some(now);
        self.tell(CallEvent::Ended(reason));
        self.outbox.push_back(Queued::Finished);
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    fn stop_media(&mut self, now: Instant) {
        // What the session still says belongs to a call that is over, so no answer to it can
        // bring the leg here again.
        self.phase = Phase::Over;
        self.media.last_words(now);
        self.take_media(now);
        self.media.end(now);
        self.take_media(now);
        self.media.forget();
    }
}

/// Why the gateway ends the call, for the far end's own records (RFC 3326).
fn reason_header(code: u16, reason: GatewayReason) -> Headers {
    let value = format!("SIP;cause={code};text=\"{}\"", reason.word());
    vec![("Reason".into(), value)]
}
