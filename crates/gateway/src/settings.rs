//! The configuration as proven: every value in range, every name resolved. Nothing binds a port
//! before a whole [`Settings`] exists.

mod apps;
mod dial;
mod kept;
mod providers;
mod public_url;
mod sip;

pub use crate::tls::{BadAuthorities, Trust};
pub use apps::{AppEntry, AppRole, WebSocketApp};
pub use dial::{DialPattern, DialRules};
pub use providers::{
    ExotelSettings, PlivoSettings, ProviderSettings, TelnyxSettings, TwilioSettings, VonageSettings,
};
pub use public_url::{BadPublicUrl, PublicUrl};
pub use sip::{ExternalAddress, Listen, SipSettings, Trunk};

use crate::clock::Clock;
use crate::twiml::FetchRules;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use trunkline_call::routes::Routes;

/// No caller waits so long for a word, and few applications are silent so long on purpose.
const APP_DEAF: Duration = Duration::from_secs(10);
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
    /// Whom we believe where we connect by TLS.
    pub tls: Trust,
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

/// How much at once.
#[derive(Clone, Debug)]
pub struct LimitSettings {
    /// Calls at once; past that 503 with Retry-After.
    pub calls: usize,
    /// The longest call, if there is a longest.
    pub call_duration: Option<Duration>,
    /// How long an application may say nothing after a caller has spoken before it counts as deaf,
    /// if that is watched.
    pub app_deaf: Option<Duration>,
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
        Self {
            server: ServerSettings {
                listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8000),
                public_url: None,
                api_tokens: Vec::new(),
            },
            sip: SipSettings::default(),
            streams: StreamSettings::default(),
            dial: DialRules::default(),
            trunks: BTreeMap::new(),
            providers: ProviderSettings::default(),
            routes: Routes::default(),
            clock: Clock::default(),
            apps: BTreeMap::from([("echo".to_owned(), AppEntry::Echo)]),
            tls: Trust::default(),
            fetch: FetchRules::default(),
            speech: None,
            prompts: BTreeMap::new(),
            limits: LimitSettings {
                calls: 4_000,
                call_duration: None,
                app_deaf: Some(APP_DEAF),
                requests_per_source: REQUESTS_PER_SOURCE,
            },
            records: RecordSettings { file: None },
            shards: 0,
        }
    }
}
