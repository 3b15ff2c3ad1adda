//! The configuration as proven: every value in range, every name resolved. Nothing binds a port
//! before a whole [`Settings`] exists.

mod providers;
mod public_url;

pub use providers::{
    ExotelSettings, PlivoSettings, ProviderSettings, TelnyxSettings, TwilioSettings, VonageSettings,
};
pub use public_url::{BadPublicUrl, PublicUrl};

use crate::clock::Clock;
use crate::twiml::FetchRules;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use trunkline_call::App;
use trunkline_call::numbers::Country;
use trunkline_call::routes::{BadPattern, Party, PartyPattern, Routes};
use trunkline_media::codec::Codec;
use trunkline_sip::endpoint::Transport;
use trunkline_streams::{Dialect, OnLost, WireOptions};

/// More than an office full of telephones behind one address sends, less than any flood.
const REQUESTS_PER_SOURCE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Everything the gateway is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// HTTP.
    pub server: ServerSettings,
    /// SIP and media.
    pub sip: SipSettings,
    /// Calls that come without SIP.
    pub streams: StreamSettings,
    /// Whom calls may be placed to.
    pub dial: DialRules,
    /// Providers and PBXs we register with or call through, by name.
    pub trunks: BTreeMap<String, Trunk>,
    /// What we share with the providers of telephone numbers.
    pub providers: ProviderSettings,
    /// Which application takes which call.
    pub routes: Routes,
    /// The time that routes go by.
    pub clock: Clock,
    /// The applications, by name. `echo` is always there.
    pub apps: BTreeMap<String, AppEntry>,
    /// Where documents that calls follow may have us go.
    pub fetch: FetchRules,
    /// The program that speaks, and its arguments.
    pub speech: Option<Arc<[String]>>,
    /// Sounds that documents may name: 16 kHz mono.
    pub prompts: BTreeMap<String, Arc<[i16]>>,
    /// How much at once.
    pub limits: LimitSettings,
    /// What is kept of calls.
    pub records: RecordSettings,
    /// Media threads; 0 is one a core.
    pub shards: usize,
}

impl Settings {
    /// Puts back what only a start can change: what is bound to a port or a file, and trunks. Gives
    /// the keys under which something else was wanted.
    pub fn keep_what_a_start_decides(&mut self, running: &Self) -> Vec<&'static str> {
        let mut kept = Kept::default();
        let (sip, ours) = (&running.sip, &mut self.sip);
        kept.keep("sip.listen", &sip.listen, &mut ours.listen);
        kept.keep("sip.rtp_ports", &sip.rtp_ports, &mut ours.rtp_ports);
        let (address, wanted) = (&sip.external_address, &mut ours.external_address);
        kept.keep("sip.external_address", address, wanted);
        kept.keep("sip.digest", &sip.digest, &mut ours.digest);
        let (listen, wanted) = (&running.server.listen, &mut self.server.listen);
        kept.keep("server.host or server.port", listen, wanted);
        let (port, wanted) = (&running.streams.audiosocket, &mut self.streams.audiosocket);
        kept.keep("streams.audiosocket", port, wanted);
        kept.keep("trunks", &running.trunks, &mut self.trunks);
        kept.keep(
            "limits.calls",
            &running.limits.calls,
            &mut self.limits.calls,
        );
        let rate = &running.limits.requests_per_source;
        let wanted = &mut self.limits.requests_per_source;
        kept.keep("limits.requests_per_source", rate, wanted);
        kept.keep(
            "records.file",
            &running.records.file,
            &mut self.records.file,
        );
        kept.keep("shards", &running.shards, &mut self.shards);
        kept.0
    }
}

/// Keys under which something else was wanted than what runs.
#[derive(Default)]
struct Kept(Vec<&'static str>);

impl Kept {
    fn keep<T: PartialEq + Clone>(&mut self, key: &'static str, running: &T, wanted: &mut T) {
        if running != wanted {
            wanted.clone_from(running);
            self.0.push(key);
        }
    }
}

/// Calls that come without SIP, where they need more than a path of HTTP.
#[derive(Clone, Debug, Default)]
pub struct StreamSettings {
    /// Where Asterisk's AudioSocket is taken; `None`: nowhere.
    pub audiosocket: Option<SocketAddr>,
}

/// HTTP.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where the world reaches it, through whatever stands before it.
    pub public_url: Option<PublicUrl>,
    /// Who may use the API from elsewhere than loopback.
    pub api_tokens: Vec<ApiToken>,
}

/// A bearer token of the API.
#[derive(Clone)]
pub struct ApiToken {
    /// Who has it.
    pub name: String,
    /// The secret.
    pub token: String,
    /// What it permits.
    pub role: Role,
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiToken")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What an API token permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Looking, not touching.
    Viewer,
}

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
    pub digest: Vec<DigestAlgorithm>,
    /// How long a call may be without RTP (holds excepted).
    pub rtp_timeout: Duration,
    /// How long an outbound call rings.
    pub ring_timeout: Duration,
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

/// A configured SIP user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// As in the From and in the digest.
    pub name: String,
    /// The secret.
    pub password: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A digest algorithm of RFC 8760.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// MD5, for softphones that know no other.
    Md5,
}

/// Whom calls may be placed to; nobody until a rule says so.
#[derive(Clone, Debug, Default)]
pub struct DialRules {
    /// Patterns of numbers and of URIs.
    pub allow: Vec<DialPattern>,
    /// The country whose numbers may be dialled as they are written there.
    pub country: Option<Country>,
}

impl DialRules {
    /// Whether a rule allows a number or a name, as somebody typed it.
    pub fn allow_number(&self, text: &str) -> bool {
        let party = Party::read(text, self.country.as_ref());
        self.allow.iter().any(|rule| rule.allows_number(&party))
    }

    /// Whether a rule allows a URI without parameters. It is compared as it is written: a number
    /// in it says nothing of the host that would be called.
    pub fn allow_uri(&self, uri: &str) -> bool {
        self.allow.iter().any(|rule| rule.allows_uri(uri))
    }
}

/// Whom one rule allows to call: a text with at most one `*`, wherever it stands, so that
/// `sip:*@pbx.example.com` is everybody at one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialPattern {
    /// A `*` at either end or none; numbers match however they are written.
    Plain(PartyPattern),
    /// Starts and ends like this.
    Around(String, String),
}

impl DialPattern {
    /// Reads a rule, with the numbers of a country.
    ///
    /// # Errors
    /// Where it is empty or has more than one `*`.
    pub fn read(text: &str, country: Option<&Country>) -> Result<Self, BadPattern> {
        match text.split_once('*') {
            Some((start, end)) if !start.is_empty() && !end.is_empty() && !end.contains('*') => {
                Ok(Self::Around(start.to_owned(), end.to_owned()))
            }
            _ => PartyPattern::read(text, country).map(Self::Plain),
        }
    }

    fn allows_number(&self, party: &Party<'_>) -> bool {
        match self {
            Self::Plain(pattern) => pattern.matches(party),
            Self::Around(..) => self.allows_uri(party.text()),
        }
    }

    fn allows_uri(&self, text: &str) -> bool {
        match self {
            Self::Plain(pattern) => pattern.text().matches(text),
            Self::Around(start, end) => text
                .strip_prefix(start.as_str())
                .is_some_and(|rest| rest.ends_with(end.as_str())),
        }
    }
}

/// A provider or PBX.
#[derive(Clone, PartialEq, Eq)]
pub struct Trunk {
    /// Name or address of its SIP server.
    pub host: String,
    /// Its port.
    pub port: u16,
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
        Some(self.port).filter(|port| *port != self.transport.default_port())
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

/// An application.
#[derive(Clone)]
pub enum AppEntry {
    /// Says back what it hears.
    Echo,
    /// A WebSocket application.
    WebSocket(WebSocketApp),
    /// An application in this process.
    Rust(Arc<dyn App>),
}

impl std::fmt::Debug for AppEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Echo => f.write_str("Echo"),
            Self::WebSocket(app) => app.fmt(f),
            Self::Rust(_) => f.write_str("Rust"),
        }
    }
}

/// A WebSocket application.
#[derive(Clone, Debug)]
pub struct WebSocketApp {
    /// Who opens the connection.
    pub role: AppRole,
    /// The dialect it speaks.
    pub dialect: Dialect,
    /// How it wants its calls.
    pub options: WireOptions,
    /// What becomes of a call that loses it; nothing ends the call at once.
    pub on_lost: Option<OnLost>,
}

/// Who opens the connection to an application.
#[derive(Clone, Debug)]
pub enum AppRole {
    /// We do, to this URL; `{call_id}` is replaced.
    Client {
        /// `ws://host:port/path`.
        url: String,
    },
    /// The application comes to `/ws/sip/{call_id}`.
    Server,
}

/// How much at once.
#[derive(Clone, Debug)]
pub struct LimitSettings {
    /// Calls at once; past that 503 with Retry-After.
    pub calls: usize,
    /// The longest call, if there is a longest.
    pub call_duration: Option<Duration>,
    /// SIP requests a second, outside calls, from one public address that is no trunk; past that
    /// 503 with Retry-After.
    pub requests_per_source: NonZeroU32,
}

/// What is kept of calls.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// JSON Lines are appended here.
    pub file: Option<PathBuf>,
}

impl Default for Settings {
    /// What `serve` does with no file at all: SIP on UDP and TCP 5060, HTTP on 127.0.0.1:8000,
    /// every call answered by `echo`.
    fn default() -> Self {
        let any = |port| SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
        let listen = |transport| Listen {
            transport,
            address: any(5060),
        };
        Self {
            server: ServerSettings {
                listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8000),
                public_url: None,
                api_tokens: Vec::new(),
            },
            sip: SipSettings {
                listen: vec![listen(Transport::Udp), listen(Transport::Tcp)],
                rtp_ports: 10_000..=20_000,
                external_address: ExternalAddress::Auto,
                codecs: vec![Codec::G722, Codec::Pcmu, Codec::Pcma],
                open: false,
                users: Vec::new(),
                // Many phones know MD5 only, and some refuse a challenge that offers more.
                digest: vec![DigestAlgorithm::Md5],
                rtp_timeout: Duration::from_secs(60),
                ring_timeout: Duration::from_secs(60),
            },
            streams: StreamSettings::default(),
            dial: DialRules::default(),
            trunks: BTreeMap::new(),
            providers: ProviderSettings::default(),
            routes: Routes::default(),
            clock: Clock::default(),
            apps: BTreeMap::from([("echo".to_owned(), AppEntry::Echo)]),
            fetch: FetchRules::default(),
            speech: None,
            prompts: BTreeMap::new(),
            limits: LimitSettings {
                calls: 4_000,
                call_duration: None,
                requests_per_source: REQUESTS_PER_SOURCE,
            },
            records: RecordSettings { file: None },
            shards: 0,
        }
    }
}
