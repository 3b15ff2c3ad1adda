//! What older configurations say: flat keys, and the environment variables of earlier bots. A
//! variable counts where the file does not say the same.

use super::field::Section;
use super::problem::Report;
use super::sections::http_host;
use super::variables::Variables;
use crate::settings::Settings;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use trunkline_providers::url::shown;
use trunkline_providers::{Provider, Secret};

/// The fewest RTP ports: five calls.
const RTP_PORTS_MIN: u32 = 10;

/// What flat keys said.
pub struct Flat {
    /// Whether there was any.
    pub is_old: bool,
    /// The level of the log.
    pub log_level: Option<String>,
}

/// Reads `server_host`, `server_port`, `public_ws_url` and `log_level`.
pub fn flat_keys(file: &Section<'_>, settings: &mut Settings) -> Flat {
    const LEVELS: [(&str, &str); 10] = [
        ("trace", "trace"),
        ("debug", "debug"),
        ("info", "info"),
        ("warn", "warn"),
        ("error", "error"),
        ("DEBUG", "debug"),
        ("INFO", "info"),
        ("WARNING", "warn"),
        ("ERROR", "error"),
        ("CRITICAL", "error"),
    ];
    let (host, port) = (file.get("server_host"), file.get("server_port"));
    let level = file.get("log_level");
    let public = file.get("public_ws_url");
    let provider = file.get("provider").or(file.get("provider_config"));
    let flat = [&host, &port, &level, &public, &provider];
    let is_old = flat.iter().any(|key| key.is_some());
    if let Some(public) = public {
        let remedy = "write where the world reaches this gateway, such as wss://voice.example.com";
        settings.server.public_url = public.parsed(remedy);
    }
    if let Some(host) = host.and_then(|f| http_host(&f)) {
        settings.server.listen.set_ip(host);
    }
    if let Some(port) = port.and_then(|f| f.number(0..=u16::MAX)) {
        settings.server.listen.set_port(port);
    }
    let log_level = level.and_then(|f| f.word(&LEVELS)).map(str::to_owned);
    Flat { is_old, log_level }
}

/// Reads `SIP_SERVER_HOST`, `SIP_SERVER_PORT`, `SIP_RTP_PORT_RANGE`, `SIP_PUBLIC_WS_URL`, and what
/// the providers' own libraries read: `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TELNYX_API_KEY`,
/// `TELNYX_PUBLIC_KEY`, `PLIVO_AUTH_TOKEN`. The first two are about SIP, or beside flat keys about
/// HTTP, as they were when those keys were usual. `SIP_PROVIDER` need only be one we have.
pub fn variables(variables: &Variables, is_old: bool, report: &Report, settings: &mut Settings) {
    let written = Written { variables, report };
    let remedy = "set it to an address of this machine, such as 0.0.0.0";
    if let Some(host) = written.parsed("SIP_SERVER_HOST", "address", remedy) {
        set_host(host, is_old, settings);
    }
    let remedy = "set it to a number from 1 to 65535, such as 5060";
    if let Some(port) = written.parsed("SIP_SERVER_PORT", "port", remedy) {
        set_port(port, is_old, settings);
    }
    let remedy = "set it to where the world reaches this gateway, such as wss://voice.example.com";
    if let Some(url) = written.parsed("SIP_PUBLIC_WS_URL", "URL of a gateway", remedy) {
        settings.server.public_url = Some(url);
    }
    let range = written.value("SIP_RTP_PORT_RANGE").map(port_range);
    match range {
        Some(Ok(range)) => settings.sip.rtp_ports = range,
        Some(Err(why)) => report.elsewhere(format!("SIP_RTP_PORT_RANGE: {why}"), why.remedy()),
        None => {}
    }
    let provider = written.value("SIP_PROVIDER");
    if let Some(name) = provider.filter(|name| Provider::named(name).is_none()) {
        report.elsewhere(
            format!("SIP_PROVIDER: {name:?} is no provider that is known here"),
            "set it to twilio or telnyx, or remove it: each has paths of its own, and all are there",
        );
    }
    let providers = &mut settings.providers;
    if let Some(sid) = written.value("TWILIO_ACCOUNT_SID") {
        providers.twilio.account_sid = Some(sid.to_owned());
    }
    written.secret("TWILIO_AUTH_TOKEN", &mut providers.twilio.auth_token);
    written.secret("PLIVO_AUTH_TOKEN", &mut providers.plivo.auth_token);
    written.secret("TELNYX_API_KEY", &mut providers.telnyx.api_key);
    match written.value("TELNYX_PUBLIC_KEY").map(str::parse) {
        Some(Ok(key)) => providers.telnyx.public_key = Some(key),
        Some(Err(error)) => report.elsewhere(
            format!("TELNYX_PUBLIC_KEY: {error}"),
            "copy it from the Keys & Credentials page of the Telnyx portal",
        ),
        None => {}
    }
}

/// Variables that may be set, and where to say what is wrong with them.
struct Written<'v> {
    variables: &'v Variables,
    report: &'v Report,
}

impl<'v> Written<'v> {
    /// An empty variable is as good as none.
    fn value(&self, name: &str) -> Option<&'v str> {
        self.variables.value(name).filter(|value| !value.is_empty())
    }

    /// What a variable says, unless it is no such thing, which is reported with the remedy.
    fn parsed<T: FromStr>(&self, name: &str, what: &str, remedy: &str) -> Option<T> {
        let text = self.value(name)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.report
                .elsewhere(format!("{name}: {:?} is no {what}", shown(text)), remedy);
        }
        parsed
    }

    fn secret(&self, name: &str, secret: &mut Option<Secret>) {
        if let Some(text) = self.value(name) {
            *secret = Some(Secret::new(text));
        }
    }
}

fn set_host(host: IpAddr, is_old: bool, settings: &mut Settings) {
    if is_old {
        settings.server.listen.set_ip(host);
    } else {
        settings
            .sip
            .listen
            .iter_mut()
            .for_each(|l| l.address.set_ip(host));
    }
}

fn set_port(port: u16, is_old: bool, settings: &mut Settings) {
    if is_old {
        settings.server.listen.set_port(port);
    } else {
        settings
            .sip
            .listen
            .iter_mut()
            .for_each(|l| l.address.set_port(port));
    }
}

/// What is wrong with a range of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadRange {
    /// Not two ports with a hyphen between.
    NoRange(String),
    /// The last is before the first.
    Backwards(u16, u16),
    /// Too few for calls.
    Few(u16, u16),
}

impl fmt::Display for BadRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRange(text) => write!(f, "{text:?} is no range of ports"),
            Self::Backwards(first, last) => {
                write!(f, "the range ends at {last}, before its start {first}")
            }
            Self::Few(first, last) => {
                let count = u32::from(*last) - u32::from(*first) + 1;
                write!(
                    f,
                    "{first}-{last} are {count} ports; at least {RTP_PORTS_MIN} are needed"
                )
            }
        }
    }
}

impl BadRange {
    /// What to type.
    pub fn remedy(&self) -> String {
        match self {
            Self::Backwards(first, last) => format!("write {last}-{first}"),
            Self::NoRange(_) | Self::Few(..) => {
                "write first and last, such as 10000-20000; a call takes two".to_owned()
            }
        }
    }
}

/// Reads `10000-20000`.
///
/// # Errors
/// Where it is no range, or too small a one.
pub fn port_range(text: &str) -> Result<RangeInclusive<u16>, BadRange> {
    let bad = || BadRange::NoRange(text.to_owned());
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let (first, last) = (port(first).ok_or_else(bad)?, port(last).ok_or_else(bad)?);
    if last < first {
        return Err(BadRange::Backwards(first, last));
    }
    if u32::from(last - first) + 1 < RTP_PORTS_MIN {
        return Err(BadRange::Few(first, last));
    }
    Ok(first..=last)
}
