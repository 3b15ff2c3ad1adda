//! Which way a stream flows (RFC 8866 §6.7) and the algebra of RFC 3264 §6.1.

use std::fmt;

/// The direction of a stream, as seen by whoever states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// `a=sendrecv`, and the meaning of no attribute at all.
    #[default]
    SendRecv,
    /// `a=sendonly`: I send, you listen. An offer of it holds the other side.
    SendOnly,
    /// `a=recvonly`: I listen.
    RecvOnly,
    /// `a=inactive`: no media either way; RTCP continues.
    Inactive,
}

impl Direction {
    /// The direction in which these two flows are open.
    pub const fn from_flows(may_send: bool, may_receive: bool) -> Self {
        match (may_send, may_receive) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the side that states this direction sends media.
    pub const fn may_send(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the side that states this direction expects media.
    pub const fn may_receive(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream seen from the other end.
    pub const fn mirrored(self) -> Self {
        Self::from_flows(self.may_receive(), self.may_send())
    }

    /// What is left when both directions, stated by the same side, must hold.
    pub const fn and(self, other: Self) -> Self {
        Self::from_flows(
            self.may_send() && other.may_send(),
            self.may_receive() && other.may_receive(),
        )
    }

    /// The attribute name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction an attribute name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::SendRecv,
            Self::SendOnly,
            Self::RecvOnly,
            Self::Inactive,
        ]
        .into_iter()
        .find(|direction| direction.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
