//! The server transaction of every method but INVITE: RFC 3261 §17.2.2, Figure 8.

use super::{Effect, Effects, Link, Timer};
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ServerOther {
    state: State,
    link: Link,
}

impl ServerOther {
    /// Timer J also bounds the wait for an answer: a client gives up after 64·T1 (Timer F), so a
    /// user that is silent for longer has nobody left to answer to.
    pub fn start(now: Instant, link: Link, out: &mut Effects) -> Self {
        out.push(Effect::Arm(Timer::J, now + link.timing.give_up()));
        Self {
            state: State::Trying,
            link,
        }
    }

    /// The request came again: silence until there is something to repeat.
    pub fn repeated(&self, out: &mut Effects) {
        if matches!(self.state, State::Proceeding | State::Completed) {
            out.push(Effect::Send);
        }
    }

    pub fn respond(&mut self, now: Instant, status: u16, out: &mut Effects) -> bool {
        if !matches!(self.state, State::Trying | State::Proceeding) {
            return false;
        }
        out.push(Effect::Send);
        if status < 200 {
            self.state = State::Proceeding;
        } else {
            self.state = State::Completed;
            let wait = self.link.linger(self.link.timing.give_up());
            out.push(Effect::Arm(Timer::J, now + wait));
        }
        true
    }

    pub fn timer(&mut self, timer: Timer, out: &mut Effects) {
        if timer == Timer::J {
            self.state = State::Terminated;
            out.push(Effect::Done);
        }
    }

    pub fn answered(&self) -> bool {
        matches!(self.state, State::Completed | State::Terminated)
    }
}
