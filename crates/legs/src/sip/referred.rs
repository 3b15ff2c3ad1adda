//! The far end's transfers: its REFER, carried out by the driver, told by our NOTIFYs.

use std::time::{Duration, Instant};

use trunkline_call::{Headers, Target};
use trunkline_sip::Message;
use trunkline_sip::dialog::notify_transfer;
use trunkline_sip::endpoint::{Action, Reply, TransactionId, reason_phrase};

use super::timers::Timer;
use super::transfer::Move;
use super::{Phase, Queued, SipLeg, status};
use crate::{DialNews, DialPurpose};

/// How long the far end may stay once it knows that its REFER was carried out.
const LEAVE_MAX: Duration = Duration::from_secs(5);

impl SipLeg {
    /// REFER. Nothing is started before the driver permits it: until then its answer waits.
    pub(super) fn on_refer(&mut self, transaction: TransactionId, request: &Message) {
        let target = match referred_target(request) {
            Ok(target) => target,
            Err(code) => return self.respond(transaction, Reply::new(code)),
        };
        if !matches!((&self.phase, &self.moving), (Phase::Up, Move::None)) {
            return self.respond(transaction, Reply::new(603));
        }
        let mut headers = Headers::default();
        if let Some(by) = request.header("Referred-By") {
            headers.push("Referred-By", by);
        }
        self.moving = Move::Referring { transaction };
        let dial = Box::new((DialPurpose::Replace, target, headers));
        self.outbox.push_back(Queued::Dial(dial));
    }

    /// News of a leg this one asked for.
    pub(super) fn on_dial_news(&mut self, now: Instant, news: DialNews) {
        match self.moving {
            Move::Joining { refused } => self.on_join_news(news, refused),
            Move::Referring { transaction } => {
                if news == DialNews::Denied {
                    return self.decline_referral();
                }
                self.moving = Move::Referred;
                self.respond(transaction, Reply::new(202));
                // A first NOTIFY follows the 202 at once, whatever there is to tell
                // (RFC 3515 §2.4.4).
                self.notify(100, reason_phrase(100));
                self.on_referred_news(now, news);
            }
            Move::Referred => self.on_referred_news(now, news),
            _ => {}
        }
    }

    fn on_referred_news(&mut self, now: Instant, news: DialNews) {
        match news {
            DialNews::Progress { code } if (101..200).contains(&code) => {
                self.notify(code, reason_phrase(code));
            }
            DialNews::Progress { .. } => {}
            DialNews::Up => {
                self.moving = Move::None;
                self.notify(200, reason_phrase(200));
                self.timers.set(Timer::Leave, now + LEAVE_MAX);
            }
            DialNews::Failed { code, text } => {
                self.moving = Move::None;
                self.notify(code.clamp(300, 699), &status::bounded(&text));
            }
            DialNews::Denied => {
                self.moving = Move::None;
                self.notify(603, reason_phrase(603));
            }
        }
    }

    /// A REFER that waits for its answer gets its refusal.
    pub(super) fn decline_referral(&mut self) {
        if let Move::Referring { transaction } = self.moving {
            self.moving = Move::None;
            self.respond(transaction, Reply::new(603));
        }
    }

    fn notify(&mut self, code: u16, reason: &str) {
        let request = notify_transfer(code, reason);
        self.signal(Action::Request {
            owner: self.owner,
            request,
        });
    }
}

/// Where a REFER sends us, or the status that refuses it. Only a plain call is understood: not
/// another method, and not one that takes over an existing dialog (RFC 3891), which 603 declines.
fn referred_target(request: &Message) -> Result<Target, u16> {
    let Ok(Some(refer_to)) = request.refer_to() else {
        return Err(400);
    };
    let uri = refer_to.uri();
    let is_call = uri.param("method").is_none_or(|method| method == "INVITE");
    if !is_call || uri.header("Replaces").is_some() {
        return Err(603);
    }
    let uri = uri.without_headers().without_param("method");
    Target::new(uri.as_str()).ok_or(400)
}
