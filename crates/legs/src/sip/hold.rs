//! Hold and resume: what the application wants, and what the far end has agreed to.

use std::time::{Duration, Instant};

use trunkline_call::{CallEvent, CommandKind, EndReason, GatewayReason, Why};
use trunkline_media::negotiation::Change;
use trunkline_sip::endpoint::{Action, Body, DialogRequest, Failure};
use trunkline_sip::{Message, Method};

use super::timers::Timer;
use super::{Phase, SipLeg, body, status};

/// How long to wait for another INVITE in the dialog to be done. It is done within 32 s
/// (RFC 3261 §17.1.1.2), so this asks a bounded number of times.
const BUSY_WAIT: Duration = Duration::from_millis(250);

/// Where our hold stands. An application may change its mind faster than offers are answered:
/// only its last word counts, and one offer at a time brings the call there.
#[derive(Debug, Default)]
pub(super) struct Hold {
    /// The application's last word.
    wanted: bool,
    /// What the far end has agreed to.
    agreed: bool,
    /// What our open offer asks for.
    asked: Option<bool>,
    /// The far end holds us.
    by_peer: bool,
    /// What the application was last told.
    told: bool,
}

impl Hold {
    /// Whether one side holds the other, so that silence is no sign of a loss.
    pub(super) fn is_held(&self) -> bool {
        self.agreed || self.by_peer
    }

    /// Whether a re-INVITE of ours is under way.
    pub(super) fn is_asking(&self) -> bool {
        self.asked.is_some()
    }
}

const fn command(hold: bool) -> CommandKind {
    if hold {
        CommandKind::Hold
    } else {
        CommandKind::Resume
    }
}

impl SipLeg {
    /// `Hold` and `Resume`.
    pub(super) fn want_hold(&mut self, now: Instant, hold: bool) {
        if !matches!(self.phase, Phase::Up) {
            return self.refuse(command(hold), Why::NotNow);
        }
        self.hold.wanted = hold;
        self.pursue_hold(now);
    }

    /// Makes the next offer, if the far end has not agreed to what is wanted and nothing is
    /// under way.
    pub(super) fn pursue_hold(&mut self, now: Instant) {
        let idle = self.hold.asked.is_none() && matches!(self.phase, Phase::Up);
        if !idle || self.hold.wanted == self.hold.agreed {
            return;
        }
        let hold = self.hold.wanted;
        let change = if hold {
            Change::hold()
        } else {
            Change::resume()
        };
        match self.negotiation.offer(&change) {
            Ok(offer) => {
                self.hold.asked = Some(hold);
                let mut request = DialogRequest::new(Method::Invite);
                request.body = Some(Body::sdp(offer.into_bytes()));
                self.signal(Action::Request {
                    owner: self.owner,
                    request,
                });
            }
            // An offer of ours in a 200 waits for its ACK.
            Err(_) => self.timers.set(Timer::OfferAgain, now + BUSY_WAIT),
        }
    }

    /// A response to our re-INVITE.
    pub(super) fn on_reinvite_response(&mut self, now: Instant, response: &Message) {
        let code = response.status().unwrap_or_default();
        if code < 200 {
            return;
        }
        let Some(asked) = self.hold.asked.take() else {
            return;
        };
        match code {
            200..=299 => {
                self.signal(Action::Ack {
                    owner: self.owner,
                    body: None,
                });
                match self
                    .negotiation
                    .handle_answer(body::sdp(response).unwrap_or_default())
                {
                    Ok(_) => {
                        self.hold.agreed = asked;
                        self.adopt(now);
                    }
                    // The far end agreed to something we cannot read: what was agreed before
                    // still holds.
                    Err(_) => self.abandon(asked, 488),
                }
                self.pursue_hold(now);
            }
            // Glare: the endpoint says when to try again (RFC 3261 §14.1).
            491 => self.negotiation.handle_refusal(),
            // The far end is not there (RFC 3261 §12.2.1.2).
            408 => {
                let text = status::bounded(response.reason().unwrap_or_default());
                self.hang_up(now, EndReason::Upstream { code, text });
            }
            code => {
                self.negotiation.handle_refusal();
                self.abandon(asked, code);
                self.pursue_hold(now);
            }
        }
    }

    /// Our re-INVITE got no response, or could not be sent.
    pub(super) fn on_reinvite_failed(&mut self, now: Instant, why: Failure) {
        let Some(asked) = self.hold.asked.take() else {
            return;
        };
        self.negotiation.handle_refusal();
        match why {
            Failure::InProgress => self.timers.set(Timer::OfferAgain, now + BUSY_WAIT),
            Failure::Full => self.abandon(asked, 503),
            Failure::Timeout | Failure::Transport => {
                self.hang_up(now, EndReason::Gateway(GatewayReason::SignallingTimeout));
            }
        }
    }

    /// The far end will not have it: back to what is agreed, and the application is told.
    fn abandon(&mut self, asked: bool, code: u16) {
        self.hold.wanted = self.hold.agreed;
        self.refuse(command(asked), Why::Failed(code));
    }

    /// Tells when the call comes to be on hold, by whichever side, and when neither holds the other
    /// any more. What is ours counts from the far end's consent on.
    pub(super) fn note_hold(&mut self, by_peer: bool) {
        self.hold.by_peer = by_peer;
        let held = self.hold.is_held();
        if std::mem::replace(&mut self.hold.told, held) != held {
            self.tell(if held {
                CallEvent::Held
            } else {
                CallEvent::Resumed
            });
        }
    }
}
