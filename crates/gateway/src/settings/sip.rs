//! How SIP is taken, who may register and call, and the trunks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;
use trunkline_media::codec::Codec;
use trunkline_sip::digest::Algorithm;
use trunkline_sip::endpoint::Transport;
use trunkline_sip::locate::Server;
use trunkline_sip::user_agent::User;

/// SIP and media.
#[derive(Clone, Debug)]
pub struct SipSettings {
    /// Where SIP is taken.
    pub listen: Vec<Listen>,
    /// The ports of media.
    pub rtp_ports: RangeInclusive<u16>,
    /// The address told to peers.
    pub external_address: ExternalAddress,
    /// Codecs, best first.
    pub codecs: Vec<Codec>,
    /// Takes calls from public addresses without user or trunk.
    pub open: bool,
    /// Who may register and call with a password.
    pub users: Vec<User>,
    /// Which digests are offered, strongest first.
    pub digest: Vec<Algorithm>,
    /// The DNS servers to ask; with none, those of this machine.
    pub dns: Vec<SocketAddr>,
    /// How long a call may be without RTP (holds excepted).
    pub rtp_timeout: Duration,
    /// How long an outbound call rings.
    pub ring_timeout: Duration,
}

impl Default for SipSettings {
    /// UDP and TCP 5060, on every address.
    fn default() -> Self {
        let anywhere = |transport| Listen {
            transport,
            address: SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 5060),
        };
        Self {
            listen: vec![anywhere(Transport::Udp), anywhere(Transport::Tcp)],
            rtp_ports: 10_000..=20_000,
            external_address: ExternalAddress::Auto,
            codecs: vec![Codec::G722, Codec::Pcmu, Codec::Pcma],
            open: false,
            users: Vec::new(),
            // Many phones know MD5 only, and some refuse a challenge that offers more.
            digest: vec![Algorithm::Md5],
            dns: Vec::new(),
            rtp_timeout: Duration::from_secs(60),
            ring_timeout: Duration::from_secs(60),
        }
    }
}

/// One place where SIP is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// UDP or TCP.
    pub transport: Transport,
    /// Address and port.
    pub address: SocketAddr,
}

impl Listen {
    /// The transport as the configuration spells it.
    pub fn scheme(&self) -> &'static str {
        match self.transport {
            Transport::Udp => "udp",
            _ => "tcp",
        }
    }
}

/// As in the configuration: `udp://0.0.0.0:5060`.
impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.address)
    }
}

/// The address told to peers in Contact and SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalAddress {
    /// The one of our own that faces the peer.
    Auto,
    /// This one, toward peers that are not on loopback or a private network.
    Fixed(IpAddr),
}

/// A provider or PBX.
#[derive(Clone, PartialEq, Eq)]
pub struct Trunk {
    /// Name or address of its SIP server.
    pub host: String,
    /// Its port; `None`: the one that DNS says, or that of the transport.
    pub port: Option<u16>,
    /// How it is reached.
    pub transport: Transport,
    /// Whether we register there.
    pub register: bool,
    /// Our name there.
    pub username: Option<String>,
    /// The secret.
    pub password: Option<String>,
}

impl Trunk {
    /// The port as a URI says it: not where it is the one that is meant without.
    pub fn uri_port(&self) -> Option<u16> {
        let meant = self.transport.default_port();
        self.port.filter(|port| *port != meant)
    }

    /// Its SIP server, as RFC 3263 finds it.
    pub fn server(&self) -> Server {
        Server {
            host: self.host.clone(),
            port: self.port,
            transport: Some(self.transport),
        }
    }
}

impl std::fmt::Debug for Trunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trunk")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("transport", &self.transport)
            .field("register", &self.register)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
