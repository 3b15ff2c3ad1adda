//! The client transaction of every method but INVITE: RFC 3261 §17.1.2, Figure 6.

use super::{Effect, Effects, Link, Timer};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ClientOther {
    state: State,
    link: Link,
    resend_after: Duration,
}

impl ClientOther {
    pub fn start(now: Instant, link: Link, out: &mut Effects) -> Self {
        let t1 = link.timing.t1;
        out.push(Effect::Send);
        if !link.reliable {
            out.push(Effect::Arm(Timer::E, now + t1));
        }
        out.push(Effect::Arm(Timer::F, now + link.timing.give_up()));
        Self {
            state: State::Trying,
            link,
            resend_after: t1,
        }
    }

    pub fn response(&mut self, now: Instant, status: u16, out: &mut Effects) {
        if !matches!(self.state, State::Trying | State::Proceeding) {
            return;
        }
        if status < 200 {
            self.state = State::Proceeding;
            out.push(Effect::Deliver);
            return;
        }
        self.state = State::Completed;
        out.push(Effect::Disarm(Timer::E));
        out.push(Effect::Disarm(Timer::F));
        out.push(Effect::Arm(
            Timer::K,
            now + self.link.linger(self.link.timing.t4),
        ));
        out.push(Effect::Deliver);
    }

    pub fn timer(&mut self, now: Instant, timer: Timer, out: &mut Effects) {
        match (self.state, timer) {
            (State::Trying | State::Proceeding, Timer::E) => {
                let t2 = self.link.timing.t2;
                self.resend_after = match self.state {
                    State::Trying => (self.resend_after * 2).min(t2),
                    _ => t2,
                };
                out.push(Effect::Send);
                out.push(Effect::Arm(Timer::E, now + self.resend_after));
            }
            (State::Trying | State::Proceeding, Timer::F) => {
                self.state = State::Terminated;
                out.push(Effect::Disarm(Timer::E));
                out.push(Effect::TimedOut);
                out.push(Effect::Done);
            }
            (State::Completed, Timer::K) => {
                self.state = State::Terminated;
                out.push(Effect::Done);
            }
            _ => {}
        }
    }

    pub fn trying(&self) -> bool {
        self.state == State::Trying
    }
}
