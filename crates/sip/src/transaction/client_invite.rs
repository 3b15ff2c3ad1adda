//! The INVITE client transaction: RFC 3261 §17.1.1, Figure 5, as corrected by RFC 6026 §7.2.

use super::{Effect, Effects, Link, Timer};
use std::time::{Duration, Instant};

/// "At least 32 seconds" for Timer D on an unreliable transport (RFC 3261 §17.1.1.2).
const TIMER_D: Duration = Duration::from_secs(32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Accepted,
    Completed,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ClientInvite {
    state: State,
    link: Link,
    resend_after: Duration,
}

impl ClientInvite {
    pub fn start(now: Instant, link: Link, out: &mut Effects) -> Self {
        let t1 = link.timing.t1;
        out.push(Effect::Send);
        if !link.reliable {
            out.push(Effect::Arm(Timer::A, now + t1));
        }
        out.push(Effect::Arm(Timer::B, now + link.timing.give_up()));
        Self {
            state: State::Calling,
            link,
            resend_after: t1,
        }
    }

    pub fn response(&mut self, now: Instant, status: u16, out: &mut Effects) {
        match (self.state, status) {
            (State::Calling | State::Proceeding, 100..=199) => {
                // A 100 says only that the next hop is alive; the rest say that somebody rings and
                // start Timer C anew (RFC 3261 §16.7 item 2).
                if status > 100 || self.state == State::Calling {
                    out.push(Effect::Arm(Timer::C, now + self.link.timing.ringing));
                }
                self.enter(State::Proceeding, out);
                out.push(Effect::Deliver);
            }
            (State::Calling | State::Proceeding, 200..=299) => {
                self.enter(State::Accepted, out);
                out.push(Effect::Arm(Timer::M, now + self.link.timing.give_up()));
                out.push(Effect::Deliver);
            }
            // Repeats and the answers of other branches: the user tells them apart.
            (State::Accepted, 200..=299) => out.push(Effect::Deliver),
            (State::Calling | State::Proceeding, _) => {
                self.enter(State::Completed, out);
                out.push(Effect::SendAck);
                out.push(Effect::Arm(Timer::D, now + self.link.linger(TIMER_D)));
                out.push(Effect::Deliver);
            }
            (State::Completed, 300..=699) => out.push(Effect::SendAck),
            _ => {}
        }
    }

    pub fn timer(&mut self, now: Instant, timer: Timer, out: &mut Effects) {
        match (self.state, timer) {
            (State::Calling, Timer::A) => {
                self.resend_after *= 2;
                out.push(Effect::Send);
                out.push(Effect::Arm(Timer::A, now + self.resend_after));
            }
            (State::Calling, Timer::B) => {
                self.enter(State::Terminated, out);
                out.push(Effect::TimedOut);
                out.push(Effect::Done);
            }
            (State::Proceeding, Timer::C) => out.push(Effect::RangTooLong),
            (State::Completed, Timer::D) | (State::Accepted, Timer::M) => {
                self.enter(State::Terminated, out);
                out.push(Effect::Done);
            }
            _ => {}
        }
    }

    fn enter(&mut self, state: State, out: &mut Effects) {
        if self.state == State::Calling {
            out.push(Effect::Disarm(Timer::A));
            out.push(Effect::Disarm(Timer::B));
        }
        if state != State::Proceeding && self.state == State::Proceeding {
            out.push(Effect::Disarm(Timer::C));
        }
        self.state = state;
    }

    pub fn proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    pub fn calling(&self) -> bool {
        self.state == State::Calling
    }

    pub fn accepted(&self) -> bool {
        self.state == State::Accepted
    }
}
