//! The four transaction machines of RFC 3261 §17, with the corrections of RFC 6026.
//!
//! A machine knows its state and its timers and nothing else: no bytes, no addresses. It is told
//! what happened and pushes [`Effect`]s; the [`Endpoint`](crate::endpoint::Endpoint) holds the
//! messages and carries the effects out. That keeps each machine small enough to be read beside
//! its figure in the RFC.

mod client_invite;
mod client_other;
mod server_invite;
mod server_other;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub(crate) use client_invite::ClientInvite;
pub(crate) use client_other::ClientOther;
pub(crate) use server_invite::ServerInvite;
pub(crate) use server_other::ServerOther;

/// The base intervals of RFC 3261 §17.1.1.1 and Table 4, and the two limits that hang on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Estimate of the round trip; the first retransmission waits this long.
    pub t1: Duration,
    /// Longest gap between retransmissions of anything but an INVITE.
    pub t2: Duration,
    /// How long a message may linger in the network.
    pub t4: Duration,
    /// How long a callee may ring before the caller gives up (Timer C, more than 3 minutes).
    pub ringing: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            ringing: Duration::from_secs(181),
        }
    }
}

impl Timing {
    /// 64·T1: the life of Timers B, F, H, J, L and M, and of an unacknowledged 2xx.
    #[must_use]
    pub fn give_up(&self) -> Duration {
        self.t1 * 64
    }
}

/// Everything that can fall due in an endpoint: the lettered timers of the RFCs first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Timer {
    /// INVITE request retransmission, unreliable transports only.
    A,
    /// INVITE transaction time-out.
    B,
    /// A callee rings for ever: the INVITE is cancelled.
    C,
    /// Wait for repeats of a non-2xx final response to an INVITE.
    D,
    /// Request retransmission of any other method.
    E,
    /// Time-out of any other client transaction.
    F,
    /// Retransmission of a non-2xx final response to an INVITE.
    G,
    /// Wait for the ACK of that response.
    H,
    /// Wait for repeats of that ACK.
    I,
    /// Wait for repeats of any other request.
    J,
    /// Wait for repeats of the final response to any other request.
    K,
    /// Wait for repeats of an INVITE that was accepted (RFC 6026 §7.1).
    L,
    /// Wait for repeats of a 2xx, and for those of other branches (RFC 6026 §7.2).
    M,
    /// An INVITE unanswered for 200 ms gets its 100 (RFC 3261 §17.2.1).
    Trying,
    /// A ringing INVITE repeats its provisional response each minute (RFC 3261 §13.3.1.1).
    Ringing,
    /// A 2xx to an INVITE is repeated until its ACK comes (RFC 3261 §13.3.1.4).
    Repeat2xx,
    /// The ACK of a 2xx never came (RFC 3261 §13.3.1.4).
    AwaitAck,
    /// A cancelled INVITE never got its final response (RFC 3261 §9.1).
    AwaitCancelled,
    /// A re-INVITE that met another may be tried again (RFC 3261 §14.1).
    Glare,
    /// A transfer's NOTIFY may still come after the BYE (RFC 5057 §4).
    Subscription,
    /// The earliest binding of the registrar, or the next refresh of our own registration.
    Registration,
}

impl Timer {
    /// How many timers there are: the length of a table indexed by `timer as usize`.
    pub const COUNT: usize = Self::Registration as usize + 1;

    /// Every timer, in the order of its number.
    pub const ALL: [Self; Self::COUNT] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::L,
        Self::M,
        Self::Trying,
        Self::Ringing,
        Self::Repeat2xx,
        Self::AwaitAck,
        Self::AwaitCancelled,
        Self::Glare,
        Self::Subscription,
        Self::Registration,
    ];
}

/// What a machine wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Send (again) what this transaction sends: its request, or its latest response.
    Send,
    /// Send (again) the ACK of a non-2xx final response.
    SendAck,
    /// A 100 (Trying) is due.
    SendTrying,
    Arm(Timer, Instant),
    Disarm(Timer),
    /// The message that caused this step is for the user of the transaction.
    Deliver,
    /// The transaction failed: nothing came in time.
    TimedOut,
    /// The callee rang past Timer C: the user cancels the request.
    RangTooLong,
    /// The machine is finished and may be forgotten.
    Done,
}

/// Where machines put their effects; the endpoint keeps one and reuses it.
pub(crate) type Effects = Vec<Effect>;

/// What a transaction runs over, and how fast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub reliable: bool,
    pub timing: Timing,
}

impl Link {
    /// Zero where the transport repeats nothing, `wait` where it may.
    fn linger(&self, wait: Duration) -> Duration {
        if self.reliable { Duration::ZERO } else { wait }
    }
}

/// A client transaction of either kind.
#[derive(Debug)]
pub(crate) enum Client {
    Invite(ClientInvite),
    Other(ClientOther),
}

impl Client {
    pub fn start(invite: bool, now: Instant, link: Link, out: &mut Effects) -> Self {
        if invite {
            Self::Invite(ClientInvite::start(now, link, out))
        } else {
            Self::Other(ClientOther::start(now, link, out))
        }
    }

    pub fn response(&mut self, now: Instant, status: u16, out: &mut Effects) {
        match self {
            Self::Invite(machine) => machine.response(now, status, out),
            Self::Other(machine) => machine.response(now, status, out),
        }
    }

    pub fn timer(&mut self, now: Instant, timer: Timer, out: &mut Effects) {
        match self {
            Self::Invite(machine) => machine.timer(now, timer, out),
            Self::Other(machine) => machine.timer(now, timer, out),
        }
    }

    /// Whether no response has come yet, so that a failure to send is a failure of the request.
    pub fn unanswered(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.calling(),
            Self::Other(machine) => machine.trying(),
        }
    }

    /// Whether an INVITE has a 2xx.
    pub fn accepted(&self) -> bool {
        matches!(self, Self::Invite(machine) if machine.accepted())
    }

    /// Whether an INVITE has a provisional response and no final one: a CANCEL may go (§9.1).
    pub fn proceeding(&self) -> bool {
        matches!(self, Self::Invite(machine) if machine.proceeding())
    }
}

/// A server transaction of either kind.
#[derive(Debug)]
pub(crate) enum Server {
    Invite(ServerInvite),
    Other(ServerOther),
}

impl Server {
    pub fn start(invite: bool, now: Instant, link: Link, out: &mut Effects) -> Self {
        if invite {
            Self::Invite(ServerInvite::start(now, link, out))
        } else {
            Self::Other(ServerOther::start(now, link, out))
        }
    }

    /// The same request again.
    pub fn repeated(&self, out: &mut Effects) {
        match self {
            Self::Invite(machine) => machine.repeated(out),
            Self::Other(machine) => machine.repeated(out),
        }
    }

    /// The user answers; false when this transaction takes no such answer any more.
    pub fn respond(&mut self, now: Instant, status: u16, out: &mut Effects) -> bool {
        match self {
            Self::Invite(machine) => machine.respond(now, status, out),
            Self::Other(machine) => machine.respond(now, status, out),
        }
    }

    pub fn timer(&mut self, now: Instant, timer: Timer, out: &mut Effects) {
        match self {
            Self::Invite(machine) => machine.timer(now, timer, out),
            Self::Other(machine) => machine.timer(timer, out),
        }
    }

    /// Whether a final response has been given.
    pub fn answered(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.answered(),
            Self::Other(machine) => machine.answered(),
        }
    }
}
