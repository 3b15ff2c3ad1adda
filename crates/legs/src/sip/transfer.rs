//! Our transfers: REFER and the NOTIFYs that follow it, or a second leg joined to this one.

use std::time::{Duration, Instant};

use trunkline_call::{
    CallEvent, CommandKind, EndReason, HangupCause, Headers, Target, TransferMode, TransferOutcome,
    Why,
};
use trunkline_sip::dialog::transfer_notice;
use trunkline_sip::endpoint::{Action, DialogRequest, Failure, Reply, TransactionId};
use trunkline_sip::{Message, Method, Uri};

use super::timers::Timer;
use super::{Phase, Queued, SipLeg, signal, status};
use crate::{DialNews, DialPurpose};

/// How long the far end may say nothing about a transfer it has accepted. A called phone rings
/// for up to three minutes (RFC 3261 §16.6, Timer C), and not every far end tells that it does.
const SILENCE_MAX: Duration = Duration::from_secs(180);

/// How long a last NOTIFY may follow a BYE: one retransmission of it more than is likely.
const AFTER_BYE_MAX: Duration = Duration::from_secs(4);

/// A transfer under way. One at a time, whoever asked for it.
#[derive(Debug)]
pub(super) enum Move {
    /// None.
    None,
    /// Our REFER waits for its answer.
    Asked { target: Target, headers: Headers },
    /// The far end accepted our REFER and tells how it goes.
    Followed,
    /// A leg is being placed to be joined with this one; `refused` is what the far end said to
    /// our REFER before, if there was one.
    Joining { refused: Option<u16> },
    /// The far end's REFER waits for the driver's permission.
    Referring { transaction: TransactionId },
    /// The far end's REFER is being carried out.
    Referred,
}

impl SipLeg {
    /// `Transfer`.
    pub(super) fn transfer(&mut self, target: Target, headers: Headers, mode: TransferMode) {
        if !matches!((&self.phase, &self.moving), (Phase::Up, Move::None)) {
            return self.refuse(CommandKind::Transfer, Why::NotNow);
        }
        match mode {
            TransferMode::Bridge => self.join(target, headers, None),
            TransferMode::Refer => match self.refer_to(&target) {
                Some(uri) => self.send_refer(&uri, target, headers),
                None => self.refuse(CommandKind::Transfer, Why::Failed(416)),
            },
        }
    }

    /// The target as the far end can call it: a number belongs to our domain.
    fn refer_to(&self, target: &Target) -> Option<Uri> {
        let text = target.as_str();
        let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| {
            ["sip", "sips", "tel"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known))
        });
        if has_scheme {
            return Uri::parse(text).ok();
        }
        match text.split_once('@') {
            Some((user, host)) => Uri::sip(Some(user), host, None),
            None => Uri::sip(Some(text), &self.settings.domain, None),
        }
    }

    fn send_refer(&mut self, uri: &Uri, target: Target, headers: Headers) {
        let mut request = DialogRequest::new(Method::Refer);
        request
            .headers
            .push(("Refer-To".into(), format!("<{uri}>")));
        for (name, value) in headers.iter() {
            request
                .headers
                .push((name.to_owned().into(), value.to_owned()));
        }
        self.moving = Move::Asked { target, headers };
        self.signal(Action::Request {
            owner: self.owner,
            request,
        });
    }

    /// The far end's answer to our REFER.
    pub(super) fn on_refer_response(&mut self, now: Instant, code: u16) {
        if code < 200 || !matches!(self.moving, Move::Asked { .. }) {
            return;
        }
        match code {
            200..=299 => self.follow(now),
            // It said BYE as well: there is nothing left to join.
            _ if matches!(self.phase, Phase::Departed) => self.fail_transfer(now, code),
            _ => {
                if let Move::Asked { target, headers } =
                    std::mem::replace(&mut self.moving, Move::None)
                {
                    self.join(target, headers, Some(code));
                }
            }
        }
    }

    /// Our REFER got no answer. It may have arrived, so no second leg is placed: the target
    /// would be called twice.
    pub(super) fn on_refer_failed(&mut self, now: Instant, why: Failure) {
        if matches!(self.moving, Move::Asked { .. }) {
            self.fail_transfer(now, signal::code_of(why));
        }
    }

    /// The REFER came to nothing.
    fn fail_transfer(&mut self, now: Instant, code: u16) {
        self.moving = Move::None;
        self.refuse(CommandKind::Transfer, Why::Failed(code));
        if matches!(self.phase, Phase::Departed) {
            self.close(now, EndReason::Remote);
        }
    }

    fn follow(&mut self, now: Instant) {
        self.moving = Move::Followed;
        if matches!(self.phase, Phase::Up) {
            self.timers.set(Timer::Transfer, now + SILENCE_MAX);
        }
    }

    fn join(&mut self, target: Target, headers: Headers, refused: Option<u16>) {
        self.moving = Move::Joining { refused };
        let dial = Box::new((DialPurpose::Join, target, headers));
        self.outbox.push_back(Queued::Dial(dial));
    }

    /// A NOTIFY: how the far end fares with our REFER. It may overtake the answer to it
    /// (RFC 3515 §2.4.4).
    pub(super) fn on_notify(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: &Message,
    ) {
        if !matches!(self.moving, Move::Asked { .. } | Move::Followed) {
            return self.respond(transaction, Reply::new(481));
        }
        let Some(notice) = transfer_notice(request) else {
            return self.respond(transaction, Reply::new(400));
        };
        self.respond(transaction, Reply::new(200));
        if notice.last {
            let text = status::bounded(&notice.reason);
            self.conclude(
                now,
                TransferOutcome {
                    code: notice.status,
                    text,
                },
            );
        } else {
            self.follow(now);
        }
    }

    /// The far end told the end of the transfer. Where it went well, this call has done its
    /// part (RFC 5589 §6.1).
    fn conclude(&mut self, now: Instant, outcome: TransferOutcome) {
        let went_well = (200..300).contains(&outcome.code);
        self.moving = Move::None;
        self.timers.stop(Timer::Transfer);
        self.tell(CallEvent::Transferred(outcome));
        match self.phase {
            Phase::Departed => self.close(now, EndReason::Remote),
            _ if went_well => self.hang_up(now, EndReason::App(HangupCause::Normal)),
            _ => {}
        }
    }

    /// Whether a BYE leaves the outcome of a transfer open.
    pub(super) fn await_transfer_after_bye(&mut self, now: Instant) -> bool {
        let open = matches!(self.moving, Move::Asked { .. } | Move::Followed);
        if open {
            self.timers = Default::default();
            self.timers.set(Timer::Transfer, now + AFTER_BYE_MAX);
        }
        open
    }

    /// The far end says no more about a transfer. One that accepted it and left has gone there
    /// for all we know, and 202 is the last thing it said; one that stayed never got through.
    pub(super) fn on_transfer_silent(&mut self, now: Instant) {
        let (code, text) = match (&self.phase, &self.moving) {
            (Phase::Departed, Move::Followed) => (202, "Accepted"),
            (Phase::Departed, _) => return self.fail_transfer(now, 408),
            _ => (408, "Request Timeout"),
        };
        self.conclude(
            now,
            TransferOutcome {
                code,
                text: text.to_owned(),
            },
        );
    }

    /// News of the leg that is to be joined with this one.
    pub(super) fn on_join_news(&mut self, news: DialNews, refused: Option<u16>) {
        let outcome = match news {
            DialNews::Progress { .. } => return,
            DialNews::Denied => {
                let why = refused.map_or(Why::Denied, Why::Failed);
                self.moving = Move::None;
                return self.refuse(CommandKind::Transfer, why);
            }
            DialNews::Up => TransferOutcome {
                code: 200,
                text: "OK".to_owned(),
            },
            DialNews::Failed { code, text } => TransferOutcome {
                code,
                text: status::bounded(&text),
            },
        };
        self.moving = Move::None;
        self.tell(CallEvent::Transferred(outcome));
    }
}
