//! The INVITE server transaction: RFC 3261 §17.2.1, Figure 7, as corrected by RFC 6026 §7.1.

use super::{Effect, Effects, Link, Timer};
use std::time::{Duration, Instant};

/// A user that has not answered by then has its 100 sent for it (RFC 3261 §17.2.1).
const TRYING: Duration = Duration::from_millis(200);
/// A ringing call says so again each minute, lest a proxy cancel it (RFC 3261 §13.3.1.1).
const RINGING: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has been sent yet.
    Fresh,
    Proceeding,
    Accepted,
    Completed,
    Confirmed,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ServerInvite {
    state: State,
    link: Link,
    resend_after: Duration,
}

impl ServerInvite {
    pub fn start(now: Instant, link: Link, out: &mut Effects) -> Self {
        out.push(Effect::Arm(Timer::Trying, now + TRYING));
        Self {
            state: State::Fresh,
            link,
            resend_after: link.timing.t1,
        }
    }

    /// The INVITE came again. In Accepted it is absorbed: the 2xx is repeated by the dialog's own
    /// timer, not by the transaction (RFC 6026 §7.1).
    pub fn repeated(&self, out: &mut Effects) {
        match self.state {
            State::Fresh => out.push(Effect::SendTrying),
            State::Proceeding | State::Completed => out.push(Effect::Send),
            _ => {}
        }
    }

    pub fn respond(&mut self, now: Instant, status: u16, out: &mut Effects) -> bool {
        if !matches!(self.state, State::Fresh | State::Proceeding) {
            return false;
        }
        out.push(Effect::Disarm(Timer::Trying));
        out.push(Effect::Disarm(Timer::Ringing));
        out.push(Effect::Send);
        match status {
            100..=199 => {
                self.state = State::Proceeding;
                if status > 100 {
                    out.push(Effect::Arm(Timer::Ringing, now + RINGING));
                }
            }
            200..=299 => {
                self.state = State::Accepted;
                out.push(Effect::Arm(Timer::L, now + self.link.timing.give_up()));
            }
            _ => {
                self.state = State::Completed;
                if !self.link.reliable {
                    out.push(Effect::Arm(Timer::G, now + self.link.timing.t1));
                }
                out.push(Effect::Arm(Timer::H, now + self.link.timing.give_up()));
            }
        }
        true
    }

    /// An ACK of this transaction's own branch; true when it acknowledges a non-2xx response.
    pub fn acknowledged(&mut self, now: Instant, out: &mut Effects) -> bool {
        match self.state {
            State::Completed => {
                self.state = State::Confirmed;
                out.push(Effect::Disarm(Timer::G));
                out.push(Effect::Disarm(Timer::H));
                out.push(Effect::Arm(
                    Timer::I,
                    now + self.link.linger(self.link.timing.t4),
                ));
                true
            }
            State::Confirmed => true,
            _ => false,
        }
    }

    pub fn timer(&mut self, now: Instant, timer: Timer, out: &mut Effects) {
        match (self.state, timer) {
            (State::Fresh, Timer::Trying) => out.push(Effect::SendTrying),
            (State::Proceeding, Timer::Ringing) => {
                out.push(Effect::Send);
                out.push(Effect::Arm(Timer::Ringing, now + RINGING));
            }
            (State::Completed, Timer::G) => {
                self.resend_after = (self.resend_after * 2).min(self.link.timing.t2);
                out.push(Effect::Send);
                out.push(Effect::Arm(Timer::G, now + self.resend_after));
            }
            (State::Completed, Timer::H) => {
                self.state = State::Terminated;
                out.push(Effect::Disarm(Timer::G));
                out.push(Effect::TimedOut);
                out.push(Effect::Done);
            }
            (State::Confirmed, Timer::I) | (State::Accepted, Timer::L) => {
                self.state = State::Terminated;
                out.push(Effect::Done);
            }
            _ => {}
        }
    }

    pub fn answered(&self) -> bool {
        !matches!(self.state, State::Fresh | State::Proceeding)
    }
}
