//! Which way a message goes: transport, the two addresses, and the connection if there is one.

use std::net::SocketAddr;

/// How SIP is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams; everything is retransmitted by the transactions.
    Udp,
    /// A stream, framed by Content-Length.
    Tcp,
    /// TCP under TLS.
    Tls,
    /// A WebSocket (RFC 7118).
    Ws,
    /// A WebSocket under TLS (RFC 7118).
    Wss,
}

impl Transport {
    /// Whether the transport repeats what is lost, so that transactions need not.
    #[must_use]
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// The token of the Via header.
    #[must_use]
    pub fn via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter; `None` for UDP, which is what its absence says.
    #[must_use]
    pub fn uri_param(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws | Self::Wss => Some("ws"),
        }
    }

    /// The port a URI or a Via means that names none (RFC 3261 §18.2.1, RFC 7118 §5.3).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// A connection of the gateway's; what the number means is the gateway's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The way between us and a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// How.
    pub transport: Transport,
    /// The address at which the peer reaches us: it is written into Via and Contact, so it is
    /// never a wildcard. The gateway knows which socket it stands for.
    pub local: SocketAddr,
    /// The peer.
    pub remote: SocketAddr,
    /// The connection to use. `None`, or one that is closed: any connection to `remote`, else a
    /// new one.
    pub connection: Option<ConnectionId>,
}

impl Path {
    /// A datagram path.
    #[must_use]
    pub fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            transport: Transport::Udp,
            local,
            remote,
            connection: None,
        }
    }

    /// A TCP path over a connection still to be made or found.
    #[must_use]
    pub fn tcp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            transport: Transport::Tcp,
            local,
            remote,
            connection: None,
        }
    }
}
